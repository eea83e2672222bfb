import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { BcsError } from "../src/BcsError.ts"
import { toHex } from "../src/Bytes.ts"
import { ContractEvent } from "../src/ContractEvent.ts"
import { EncryptedPayload } from "../src/EncryptedPayload.ts"
import type { RecordFormat } from "../src/Scan.ts"
import { SignedTransaction, Transaction } from "../src/Transaction.ts"
import { TransactionChunkVerifier } from "../src/TransactionChunkVerifier.ts"
import { PersistedAuxiliaryInfo, TransactionInfo } from "../src/TransactionInfo.ts"
import { WriteSet } from "../src/WriteSet.ts"
import { batchOfRecords } from "./batches.ts"
import { hashOf, someHashes } from "./naiveTrees.ts"
import { changedLists, expectRefused, flipped, outcomeOf } from "./refusals.ts"
import { consistent, type Parts, proofOf, recordOf, verifyChunk, withInfo } from "./transactionChunks.ts"

const seed = 20_250_308

const none: PersistedAuxiliaryInfo = { _tag: "None" }

const anyAuxiliary = (format: RecordFormat): FastCheck.Arbitrary<PersistedAuxiliaryInfo> =>
  format === "V0" ? FastCheck.constant(none) : Arbitraries.value(PersistedAuxiliaryInfo)

const anyParts = (format: RecordFormat) =>
  FastCheck.record({
    transaction: Arbitraries.value(Transaction),
    auxiliary: anyAuxiliary(format),
    events: FastCheck.array(Arbitraries.value(ContractEvent), { maxLength: 5 }),
    writeSet: Arbitraries.value(WriteSet)
  }).map((parts) => consistent(parts, hashedAs(parts.transaction)))

const anyChunk = (format: RecordFormat, minLength = 1) => FastCheck.array(anyParts(format), { minLength, maxLength: 6 })

const withPayload = ({ authenticator, rawTxn }: SignedTransaction, payload: EncryptedPayload): Transaction => ({
  _tag: "UserTransaction",
  value: { rawTxn: { ...rawTxn, payload: { _tag: "EncryptedPayload", value: payload } }, authenticator }
})

/** The transaction whose bytes are hashed, by the rule of the formats page. */
const hashedAs = (transaction: Transaction): Transaction => {
  if (transaction._tag !== "UserTransaction") return transaction
  const { payload } = transaction.value.rawTxn
  if (payload._tag !== "EncryptedPayload" || payload.value._tag === "Encrypted") return transaction
  return withPayload(transaction.value, { _tag: "Encrypted", value: payload.value.value.original })
}

/** The smallest transaction there is, with nothing around it. */
const checkpoint = (version: number): Parts =>
  consistent({
    transaction: { _tag: "StateCheckpoint", value: someHashes(1, version)[0] ?? new Uint8Array(32) },
    auxiliary: none,
    events: [],
    writeSet: { _tag: "V0", value: { writeSet: [] } }
  })

const verify = (all: ReadonlyArray<Parts>, first = 0, after = 0, format: RecordFormat = "V1") =>
  verifyChunk(all.map((parts) => recordOf(parts, format)), first, format, proofOf(all, first, after))

describe(`transaction chunks (seed ${seed})`, () => {
  it.each(["V0", "V1"] as const)(
    "F-24, F-25: verify at any place of a ledger and in any batches, format %s",
    (format) => {
      const verifier = new TransactionChunkVerifier()
      FastCheck.assert(
        FastCheck.property(
          anyChunk(format),
          FastCheck.nat(40),
          FastCheck.nat(40),
          FastCheck.array(FastCheck.nat(6), { maxLength: 3 }),
          (all, first, after, cuts) => {
            const records = all.map((parts) => recordOf(parts, format))
            verifyChunk(records, first, format, proofOf(all, first, after), cuts, verifier)
            expect(verifier.count).toBe(all.length)
          }
        ),
        { seed, numRuns: 100 }
      )
    }
  )

  it("F-25: verify with more records than are hashed at a time", () => {
    const all = Array.from({ length: 2_600 }, (_, index) => checkpoint(index))
    const proof = proofOf(all, 3, 5)
    const records = all.map((parts) => recordOf(parts))
    verifyChunk(records, 3, "V1", proof)
    verifyChunk(records, 3, "V1", proof, [1, 1_023, 1_024, 2_599])
    const changed = records.with(2_000, recordOf(withInfo(all[2_000] ?? checkpoint(0), { gasUsed: 2n })))
    expect(outcomeOf(() => verifyChunk(changed, 3, "V1", proof))).toBe("RootMismatch")
    const swapped = records.with(1_500, recordOf({ ...checkpoint(7), info: all[1_500]?.info ?? checkpoint(0).info }))
    expectRefused(
      () => verifyChunk(swapped, 3, "V1", proof, [1_030]),
      "HashMismatch",
      /^version 1503: the hash of the transaction,/
    )
  })

  it("F-25: pass on the hash of each transaction info, a leaf of the accumulator", () => {
    const all = Array.from({ length: 1_100 }, (_, index) => checkpoint(index))
    const handedOn: Array<readonly [firstVersion: number, transactions: number, leafHashes: string]> = []
    const verifier = new TransactionChunkVerifier()
    verifier.begin(7, "V1")
    verifier.push(batchOfRecords(all.map((parts) => recordOf(parts))), ({ firstVersion, leafHashes, scan }) => {
      handedOn.push([firstVersion, scan.count, toHex(leafHashes)])
    })
    verifier.end(proofOf(all, 7, 3))
    const leaves = all.map(({ info }) => toHex(hashOf("TransactionInfo", Bcs.encode(TransactionInfo, info))))
    expect(handedOn).toEqual([
      [7, 1_024, leaves.slice(0, 1_024).join("")],
      [1_031, 76, leaves.slice(1_024).join("")]
    ])
  })

  it("F-24: verify with many events in one transaction", () => {
    const events = FastCheck.sample(Arbitraries.value(ContractEvent), { seed, numRuns: 2_000 })
    const parts = consistent({ ...checkpoint(0), events })
    verify([checkpoint(1), parts, checkpoint(2)])
    const fewer = { ...parts, events: events.slice(1) }
    expectRefused(() => verify([checkpoint(1), fewer]), "HashMismatch", /^version 1: the hash of the event root,/)
  })

  it("F-24: any exchanged part is refused, and the error names the version", () => {
    FastCheck.assert(
      FastCheck.property(
        anyChunk("V1"),
        anyParts("V1"),
        FastCheck.nat(),
        FastCheck.nat(9),
        (all, other, picked, first) => {
          const at = picked % all.length
          const parts = all[at] ?? other
          const refused = (changed: Parts, what: string) =>
            expectRefused(
              () => verify(all.with(at, changed), first),
              "HashMismatch",
              new RegExp(`^version ${first + at}: the hash of the ${what}, `)
            )
          const { eventRootHash, stateChangeHash, transactionHash } = parts.info.value
          refused({ ...parts, transaction: { _tag: "StateCheckpoint", value: eventRootHash } }, "transaction")
          refused(withInfo(parts, { transactionHash: flipped(transactionHash) }), "transaction")
          refused(withInfo(parts, { eventRootHash: flipped(eventRootHash) }), "event root")
          refused(withInfo(parts, { stateChangeHash: flipped(stateChangeHash) }), "write set")
          const [event] = [...other.events, ...parts.events]
          if (event !== undefined) refused({ ...parts, events: [...parts.events, event] }, "event root")
          if (parts.events.length > 0) refused({ ...parts, events: parts.events.slice(1) }, "event root")
          const writeSet = parts.writeSet.value.writeSet.length > 0 ? [] : other.writeSet.value.writeSet
          if (writeSet.length + parts.writeSet.value.writeSet.length > 0) {
            refused({ ...parts, writeSet: { _tag: "V0", value: { writeSet } } }, "write set")
          }
        }
      ),
      { seed, numRuns: 80 }
    )
  })

  it("F-24: an info has the hash of its auxiliary info, and no hash without one", () => {
    const auxiliaries: ReadonlyArray<PersistedAuxiliaryInfo> = [
      none,
      { _tag: "V1", value: { transactionIndex: 1 } },
      { _tag: "V1", value: { transactionIndex: 2 } },
      { _tag: "TimestampNotYetAssignedV1", value: { transactionIndex: 1 } }
    ]
    for (const auxiliary of auxiliaries) {
      const parts = consistent({ ...checkpoint(0), auxiliary })
      expect(outcomeOf(() => verify([parts])), auxiliary._tag).toBe("accepted")
      const own = hashOf("PersistedAuxiliaryInfo", Bcs.encode(PersistedAuxiliaryInfo, auxiliary))
      const wrong = auxiliary._tag === "V1" ? [undefined, flipped(own)] : [own, flipped(own)]
      for (const auxiliaryInfoHash of wrong) {
        expectRefused(
          () => verify([withInfo(parts, { auxiliaryInfoHash })]),
          "HashMismatch",
          /^version 0: .*auxiliary info/
        )
      }
      for (const other of auxiliaries) {
        if (other === auxiliary || (other._tag !== "V1" && auxiliary._tag !== "V1")) continue
        expectRefused(() => verify([{ ...parts, auxiliary: other }]), "HashMismatch", /^version 0: .*auxiliary info/)
      }
    }
  })

  it("F-26: a record of format V0 whose info has an auxiliary hash is refused with a reason of its own", () => {
    const parts = consistent({ ...checkpoint(0), auxiliary: { _tag: "V1", value: { transactionIndex: 1 } } })
    expectRefused(
      () => verify([checkpoint(1), parts], 4, 0, "V0"),
      "NoAuxiliaryInfo",
      /^version 5: .*format V0 cannot prove/
    )
    expect(outcomeOf(() => verify([checkpoint(1), withInfo(parts, { auxiliaryInfoHash: undefined })], 4, 0, "V0")))
      .toBe("accepted")
  })

  it("F-24: records of one format are refused as records of the other", () => {
    const parts = consistent({ ...checkpoint(0), auxiliary: { _tag: "V1", value: { transactionIndex: 1 } } })
    const proof = proofOf([parts], 0, 0)
    expect(() => verifyChunk([recordOf(parts, "V1")], 0, "V0", proof)).toThrow(BcsError)
    expect(() => verifyChunk([recordOf(parts, "V0")], 0, "V1", proof)).toThrow(BcsError)
  })

  it("F-25: the infos must be those of the ledger, complete, in order and at their versions", () => {
    FastCheck.assert(
      FastCheck.property(
        anyChunk("V1", 2),
        FastCheck.nat(20),
        FastCheck.nat(20),
        FastCheck.nat(),
        (all, first, after, picked) => {
          const proof = proofOf(all, first, after)
          const [{ leftSiblings, rightSiblings }, signed] = proof
          const at = picked % (all.length - 1)
          const [one = checkpoint(0), other = checkpoint(0)] = all.slice(at)
          const refused = (changed: ReadonlyArray<Parts>, from = first, by = proof) =>
            expect(outcomeOf(() => verifyChunk(changed.map((parts) => recordOf(parts)), from, "V1", by)))
              .toMatch(/^(RootMismatch|ProofShape)$/)
          refused(all.with(at, withInfo(one, { gasUsed: 2n })))
          refused(all.with(at, withInfo(one, { status: { _tag: "OutOfGas" } })))
          refused(all.with(at, withInfo(one, { stateCheckpointHash: one.info.value.transactionHash })))
          if (recordOf(one).join() !== recordOf(other).join()) refused(all.toSpliced(at, 2, other, one))
          refused(all.toSpliced(at, 1))
          if (after > 0) refused([...all, checkpoint(1)])
          if (after > 0) refused(all, first + 1)
          if (first > 0) refused(all, first - 1)
          const [stranger = new Uint8Array(32)] = someHashes(1, 1_000_000)
          for (const left of changedLists(leftSiblings, stranger)) {
            refused(all, first, [{
              leftSiblings: left,
              rightSiblings
            }, signed])
          }
          for (const right of changedLists(rightSiblings, stranger)) {
            refused(all, first, [{
              leftSiblings,
              rightSiblings: right
            }, signed])
          }
        }
      ),
      { seed, numRuns: 35 }
    )
  })

  it("F-5: a version beyond the version of the ledger info is refused", () => {
    const one = [checkpoint(0)]
    const [proof, signed] = proofOf(one, 0, 0)
    verifyChunk(one.map((parts) => recordOf(parts)), 0, "V1", [proof, signed])
    // Without siblings no level is climbed, and the leaf is the root.
    expect(proof).toEqual({ leftSiblings: [], rightSiblings: [] })
    for (const first of [1, 2, 64, Number.MAX_SAFE_INTEGER - 1]) {
      expectRefused(
        () => verifyChunk(one.map((parts) => recordOf(parts)), first, "V1", [proof, signed]),
        "BeyondLedgerInfo",
        new RegExp(`^version ${first} lies beyond version 0`)
      )
    }

    const all = [checkpoint(0), checkpoint(1), checkpoint(2)]
    const [rangeProof, { value }] = proofOf(all, 5, 0)
    const { commitInfo, consensusDataHash } = value.ledgerInfo
    const earlier = { ...value, ledgerInfo: { commitInfo: { ...commitInfo, version: 6 }, consensusDataHash } }
    expectRefused(
      () => verifyChunk(all.map((parts) => recordOf(parts)), 5, "V1", [rangeProof, { _tag: "V0", value: earlier }]),
      "BeyondLedgerInfo",
      /^version 7 lies beyond version 6/
    )
  })

  it("F-25: a chunk without records proves nothing", () => {
    for (const first of [0, 1, 5]) {
      expect(outcomeOf(() => verifyChunk([], first, "V1", proofOf([checkpoint(0)], 0, 8)))).toBe("ProofShape")
    }
  })

  it("F-25: a refused chunk has no effect on the next one", () => {
    const verifier = new TransactionChunkVerifier()
    const good = [checkpoint(0), checkpoint(1)]
    const records = good.map((parts) => recordOf(parts))
    const wrong = recordOf({ ...checkpoint(2), info: checkpoint(3).info })
    expect(outcomeOf(() => verifyChunk([...records, wrong], 0, "V1", proofOf(good, 0, 0), [2], verifier))).toBe(
      "HashMismatch"
    )
    verifyChunk(records, 9, "V1", proofOf(good, 9, 1), [], verifier)
    expect(() => verifyChunk([...records, new Uint8Array(0)], 0, "V1", proofOf(good, 0, 0), [], verifier)).toThrow(
      BcsError
    )
    verifyChunk(
      records.map((_, index) => recordOf(good[index] ?? checkpoint(0), "V0")),
      9,
      "V0",
      proofOf(good, 9, 1),
      [],
      verifier
    )
  })

  it("F-27: the hash covers an encrypted payload as it was sent, after any decryption", () => {
    const seen = new Set<string>()
    FastCheck.assert(
      FastCheck.property(
        Arbitraries.value(SignedTransaction),
        Arbitraries.value(EncryptedPayload),
        FastCheck.nat(3),
        (user, payload, before) => {
          seen.add(payload._tag)
          const transaction = withPayload(user, payload)
          const others = Array.from({ length: before }, (_, index) => checkpoint(index))
          const parts = consistent({ ...checkpoint(0), transaction }, hashedAs(transaction))
          verify([...others, parts, checkpoint(9)])
          const asItStands = consistent({ ...checkpoint(0), transaction })
          expect(outcomeOf(() => verify([...others, asItStands]))).toBe(
            payload._tag === "Encrypted" ? "accepted" : "HashMismatch"
          )

          const { value: inner } = payload._tag === "Encrypted" ? payload : { value: payload.value.original }
          const otherInner = { ...inner, payloadHash: flipped(inner.payloadHash) }
          const otherPayload: EncryptedPayload = payload._tag === "Encrypted"
            ? { _tag: "Encrypted", value: otherInner }
            : payload._tag === "Decrypted"
            ? { _tag: "Decrypted", value: { ...payload.value, original: otherInner } }
            : { _tag: "FailedDecryption", value: { ...payload.value, original: otherInner } }
          expectRefused(
            () => verify([...others, { ...parts, transaction: withPayload(user, otherPayload) }]),
            "HashMismatch",
            new RegExp(`^version ${before}: the hash of the transaction, `)
          )
        }
      ),
      { seed, numRuns: 60 }
    )
    expect([...seen].sort()).toEqual(["Decrypted", "Encrypted", "FailedDecryption"])
  })
})
