import { describe, expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as FastCheck from "effect/FastCheck"
import * as Accumulator from "../src/Accumulator.ts"
import * as Bcs from "../src/Bcs.ts"
import { BcsError } from "../src/BcsError.ts"
import { concatBytes, toHex } from "../src/Bytes.ts"
import { ContractEvent } from "../src/ContractEvent.ts"
import { seeds } from "../src/HashValue.ts"
import { TransactionRangeProof } from "../src/Proofs.ts"
import * as Sha3 from "../src/Sha3.ts"
import * as Transaction from "../src/Transaction.ts"
import { PersistedAuxiliaryInfo, TransactionInfo } from "../src/TransactionInfo.ts"
import { WriteSet } from "../src/WriteSet.ts"
import { decoded, factsOf, fileOf, type Ledger, ledgers, transactionChunks } from "./goldenBackups.ts"
import { expectRefused, outcomeOf } from "./refusals.ts"
import { type Parts, partsOf, recordOf, verifyChunk, withInfo } from "./transactionChunks.ts"

const seed = 20_250_309

const chunksOf = (ledger: Ledger) =>
  transactionChunks(ledger).map(({ first_version: first, format, last_version: last, proof, transactions }) => ({
    first,
    last,
    format,
    records: Golden.recordsOf(fileOf(ledger, transactions)),
    proof: Bcs.decodeUnsafe(TransactionRangeProof, fileOf(ledger, proof))
  }))

describe.skipIf(!Golden.isPresent).each(ledgers)("the transactions of %s (needs the reference data)", (ledger) => {
  it("F-24, F-25, F-28: every chunk verifies, with the versions of its manifest", () => {
    let next = 0
    for (const { first, format, last, proof, records } of chunksOf(ledger)) {
      expect([first, records.length]).toEqual([next, last - first + 1])
      verifyChunk(records, first, format, proof)
      next = last + 1
    }
    expect(next).toBe(factsOf(ledger).latest_version + 1)
  })

  it("F-2, F-28: the infos grow the accumulator to the root of every epoch ending, and to the last root", () => {
    const { epoch_endings: endings, latest_accumulator_root: latest } = factsOf(ledger)
    const builder = new Accumulator.AccumulatorBuilder(seeds.transactionAccumulator)
    const roots: Array<string> = []
    for (const { format, records } of chunksOf(ledger)) {
      for (const record of records) {
        const info = Bcs.encode(TransactionInfo, partsOf(record, format).info)
        builder.append(Sha3.hashSeeded(seeds.transactionInfo, info))
        roots.push(toHex(builder.root()))
      }
    }
    expect(endings.map(({ version }) => roots[version])).toEqual(endings.map((each) => each.accumulator_root))
    expect(roots.at(-1)).toBe(latest)
  })
})

describe.skipIf(!Golden.isPresent)("the transactions of rich as decoded (needs the reference data)", () => {
  it("F-28: every hash and root matches", () => {
    const facts = decoded().transactions
    const builder = new Accumulator.AccumulatorBuilder(seeds.transactionAccumulator)
    const found = chunksOf("rich").flatMap(({ records }) => records).map((record, version) => {
      const { auxiliary, events, info, transaction, writeSet } = partsOf(record)
      const infoBytes = Bcs.encode(TransactionInfo, info)
      const infoHash = Sha3.hashSeeded(seeds.transactionInfo, infoBytes)
      const eventHashes = events.map((event) => Sha3.hashSeeded(seeds.event, Bcs.encode(ContractEvent, event)))
      builder.append(infoHash)
      return {
        version,
        txn_hash: toHex(Transaction.hash(transaction)),
        info_hash: toHex(infoHash),
        info_bcs: toHex(infoBytes),
        event_hashes: eventHashes.map(toHex),
        event_root: toHex(
          Accumulator.rootOfLeaves(seeds.eventAccumulator, concatBytes([...eventHashes, infoHash]), events.length)
        ),
        write_set_hash: toHex(Sha3.hashSeeded(seeds.writeSet, Bcs.encode(WriteSet, writeSet))),
        aux_hash: auxiliary._tag === "V1"
          ? toHex(Sha3.hashSeeded(seeds.auxiliaryInfo, Bcs.encode(PersistedAuxiliaryInfo, auxiliary)))
          : null,
        state_checkpoint_hash: info.value.stateCheckpointHash === undefined
          ? null
          : toHex(info.value.stateCheckpointHash),
        accumulator_root_after: toHex(builder.root())
      }
    })
    expect(found).toHaveLength(facts.length)
    for (const [version, fact] of facts.entries()) expect(found[version]).toEqual(fact)
  })
})

describe.skipIf(!Golden.isPresent)(`changed chunks of rich (seed ${seed}; needs the reference data)`, () => {
  const chunks = Golden.isPresent ? chunksOf("rich") : []
  const stranger = new Uint8Array(32).fill(7)

  /** A change to one part, and why it is refused; `undefined` where the part has nothing to change. */
  type Change = (parts: Parts, neighbour: Parts) => readonly [changed: Parts, what: string] | undefined

  const changes: { readonly [name: string]: Change } = {
    "another transaction": (parts, { transaction }) => [{ ...parts, transaction }, "transaction"],
    "another write set": (parts, { writeSet }) => [{ ...parts, writeSet }, "write set"],
    "a write less": ({ writeSet, ...parts }) => {
      const writes = writeSet.value.writeSet
      return writes.length === 0
        ? undefined
        : [{ ...parts, writeSet: { _tag: "V0", value: { writeSet: writes.slice(1) } } }, "write set"]
    },
    "an event more": (parts, { events: [event] }) =>
      event === undefined ? undefined : [{ ...parts, events: [event, ...parts.events] }, "event root"],
    "an event less": (parts) =>
      parts.events.length === 0 ? undefined : [{ ...parts, events: parts.events.slice(0, -1) }, "event root"],
    "events in another order": (parts) =>
      parts.events.length < 2 ? undefined : [{ ...parts, events: parts.events.toReversed() }, "event root"],
    "another auxiliary info": (parts) =>
      parts.auxiliary._tag !== "V1" ? undefined : [{
        ...parts,
        auxiliary: { _tag: "V1", value: { transactionIndex: parts.auxiliary.value.transactionIndex + 1 } }
      }, "auxiliary info"],
    "an auxiliary info that has no hash": (parts) =>
      parts.auxiliary._tag !== "V1" ? undefined : [{ ...parts, auxiliary: { _tag: "None" } }, "an auxiliary info"],
    "an auxiliary info where there is none": (parts) =>
      parts.auxiliary._tag === "V1"
        ? undefined
        : [{ ...parts, auxiliary: { _tag: "V1", value: { transactionIndex: 0 } } }, "auxiliary info"],
    "another transaction hash": (parts) => [withInfo(parts, { transactionHash: stranger }), "transaction"],
    "another event root": (parts) => [withInfo(parts, { eventRootHash: stranger }), "event root"],
    "another state change hash": (parts) => [withInfo(parts, { stateChangeHash: stranger }), "write set"],
    "another auxiliary hash": (parts) => [withInfo(parts, { auxiliaryInfoHash: stranger }), "auxiliary info"]
  }

  it.each(Object.entries(changes))("F-24: %s is refused, and the error names the version", (_, change) => {
    let changed = 0
    for (const { first, format, proof, records } of chunks.slice(1)) {
      for (let at = 0; at < records.length - 1; at += 29) {
        const [parts, neighbour] = records.slice(at, at + 2).map((record) => partsOf(record))
        const result = parts === undefined || neighbour === undefined ? undefined : change(parts, neighbour)
        if (result === undefined || toHex(recordOf(result[0])) === toHex(records[at] ?? stranger)) continue
        changed += 1
        expectRefused(
          () => verifyChunk(records.with(at, recordOf(result[0])), first, format, proof),
          "HashMismatch",
          new RegExp(`^version ${first + at}: .* ${result[1]}`)
        )
      }
    }
    expect(changed).toBeGreaterThan(10)
  })

  const infoChanges: ReadonlyArray<Partial<TransactionInfo["value"]>> = [
    { gasUsed: 3n },
    { status: { _tag: "MiscellaneousError", value: 99n } },
    { stateCheckpointHash: stranger }
  ]

  it("F-25: a change of an info that no part of the record covers leads to another root", () => {
    for (const { first, format, proof, records } of chunks) {
      for (const [index, change] of infoChanges.entries()) {
        const at = (first + index) % records.length
        const changed = recordOf(withInfo(partsOf(records[at] ?? stranger), change))
        expect(outcomeOf(() => verifyChunk(records.with(at, changed), first, format, proof))).toBe("RootMismatch")
      }
    }
  })

  it("F-25: reordered, added, missing or shifted records are refused", () => {
    for (const { first, format, last, proof, records } of chunks) {
      const outcome = (changed: ReadonlyArray<Uint8Array>, from = first) =>
        outcomeOf(() => verifyChunk(changed, from, format, proof))
      expect(outcome([])).toMatch(/^(ProofShape|BeyondLedgerInfo)$/)
      const { version } = proof[1].value.ledgerInfo.commitInfo
      expect(outcome(records, first + 1)).toMatch(
        last === version ? /^BeyondLedgerInfo$/ : /^(RootMismatch|ProofShape)$/
      )
      expect(first === 0 ? "ProofShape" : outcome(records, first - 1)).toMatch(/^(RootMismatch|ProofShape)$/)
      if (records.length === 1) continue
      expect(outcome([...records.slice(1), ...records.slice(0, 1)])).toBe("RootMismatch")
      expect(outcome(records.slice(1))).toMatch(/^(RootMismatch|ProofShape)$/)
      expect(outcome(records.slice(1), first + 1)).toMatch(/^(RootMismatch|ProofShape)$/)
      expect(outcome(records.slice(0, -1))).toMatch(/^(RootMismatch|ProofShape)$/)
      const doubled = outcome([...records, ...records.slice(-1)])
      expect(doubled).toMatch(last === version ? /^BeyondLedgerInfo$/ : /^(RootMismatch|ProofShape)$/)
    }
  })

  it("F-25: the proof of another chunk is refused", () => {
    for (const [index, { first, format, records }] of chunks.entries()) {
      const other = chunks[(index + 1) % chunks.length]?.proof
      if (other === undefined) throw new Error("no chunk")
      expect(outcomeOf(() => verifyChunk(records, first, format, other))).toMatch(
        /^(RootMismatch|ProofShape|BeyondLedgerInfo)$/
      )
    }
  })

  it("F-24, F-25: no bit of a chunk can change", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.nat(),
        FastCheck.nat(),
        FastCheck.nat(),
        FastCheck.nat(7),
        (pickedChunk, pickedRecord, pickedByte, bit) => {
          const chunk = chunks[pickedChunk % chunks.length]
          if (chunk === undefined) throw new Error("no chunk")
          const { first, format, proof, records } = chunk
          const which = pickedRecord % records.length
          const record = records[which] ?? stranger
          const at = pickedByte % record.length
          const changed = records.with(which, record.with(at, (record[at] ?? 0) ^ (1 << bit)))
          try {
            expect(outcomeOf(() => verifyChunk(changed, first, format, proof))).toMatch(/^(HashMismatch|RootMismatch)$/)
          } catch (error) {
            if (!(error instanceof BcsError)) throw error
          }
        }
      ),
      { seed, numRuns: 400 }
    )
  })

  it("F-26: records in format V0 with auxiliary hashes are refused", () => {
    let refused = 0
    for (const { first, proof, records } of chunks) {
      const all = records.map((record) => partsOf(record))
      const at = all.findIndex(({ info }) => info.value.auxiliaryInfoHash !== undefined)
      const check = () => verifyChunk(all.map((parts) => recordOf(parts, "V0")), first, "V0", proof)
      if (at === -1) {
        check()
      } else {
        expectRefused(check, "NoAuxiliaryInfo", new RegExp(`^version ${first + at}: `))
        refused += 1
      }
    }
    expect(refused).toBeGreaterThan(10)
  })
})
