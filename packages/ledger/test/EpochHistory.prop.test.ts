import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { BcsError } from "../src/BcsError.ts"
import { concatBytes, toHex } from "../src/Bytes.ts"
import { EpochHistory, signaturesPerCheck } from "../src/EpochHistory.ts"
import { type LedgerInfo, LedgerInfoWithSignatures } from "../src/LedgerInfo.ts"
import * as Waypoint from "../src/Waypoint.ts"
import { expectRefused, flipped, outcomeOf } from "./refusals.ts"
import { epochState, genesis, ledgerInfo, maskOf, signed, unsigned, waypointHash } from "./signing.ts"

const seed = 20_250_305

const epochs = 2 * signaturesPerCheck + 12

/** The validators of an epoch: four of twenty, others in every epoch, any three of them a quorum. */
const firstOf = (epoch: number): number => epoch % 16
const validatorsOf = (epoch: number) => epochState(epoch, [10n, 11n, 12n, 10n], firstOf(epoch))

const versionOf = (epoch: number): number => 10 * epoch

const ending = (epoch: number, changes: Partial<LedgerInfo["commitInfo"]> = {}): LedgerInfo =>
  epoch === 0
    ? genesis(validatorsOf(1))
    : ledgerInfo({ epoch, version: versionOf(epoch), nextEpochState: validatorsOf(epoch + 1), ...changes })

/** Signed as epoch `by` would sign. */
const sign = (info: LedgerInfo, by = info.commitInfo.epoch): LedgerInfoWithSignatures =>
  signed(info, 4, [[0, 1, 2], [1, 2, 3], [0, 1, 2, 3]][by % 3] ?? [], firstOf(by))

const encode = (value: LedgerInfoWithSignatures): Uint8Array => Bcs.encode(LedgerInfoWithSignatures, value)

const chain = Array.from(
  { length: epochs },
  (_, epoch) => encode(epoch === 0 ? unsigned(ending(0)) : sign(ending(epoch)))
)

const recordOf = (epoch: number): Uint8Array => chain[epoch] ?? new Uint8Array(0)

/** The history of epochs 0 to `last`, signatures checked. */
const historyTo = (last: number, trusted?: ReadonlyArray<Waypoint.Waypoint>): EpochHistory => {
  const history = new EpochHistory(trusted)
  for (const record of chain.slice(0, last + 1)) history.push(record)
  history.checkSignatures()
  return history
}

/** A ledger info in an epoch that does not end it. */
const within = (epoch: number, changes: Partial<LedgerInfo["commitInfo"]> = {}): LedgerInfo =>
  ledgerInfo({ epoch, version: versionOf(epoch) - 5, ...changes })

const withSignatureOf = (info: LedgerInfo, other: LedgerInfoWithSignatures): LedgerInfoWithSignatures => ({
  _tag: "V0",
  value: { ledgerInfo: info, signatures: other.value.signatures }
})

/** A record whose signature is well-formed and by a quorum, but over another ledger info. */
const badRecord = (epoch: number): Uint8Array =>
  encode(withSignatureOf(ending(epoch, { round: 99n }), sign(ending(epoch))))

const waypointOf = (info: LedgerInfo): Waypoint.Waypoint => ({
  version: info.commitInfo.version,
  value: waypointHash(info)
})

describe(`the history of epochs (seed ${seed})`, () => {
  it("F-15: takes epochs in order, each signed by the validators that the previous epoch names", () => {
    const history = new EpochHistory()
    expect([history.nextEpoch, history.lastVersion, history.waypointOf(0)]).toEqual([0, -1, undefined])
    for (const [epoch, record] of chain.entries()) {
      const waypoint = history.push(record)
      expect(Waypoint.format(waypoint)).toBe(Waypoint.format(waypointOf(ending(epoch))))
      expect(history.waypointOf(epoch)).toEqual(waypoint)
      expect([history.nextEpoch, history.lastVersion]).toEqual([epoch + 1, versionOf(epoch)])
    }
    history.checkSignatures()
    expect(history.matchedWaypoints).toEqual([])
  })

  it("F-15: refuses an epoch out of order or without an end, a wrong next epoch, and versions that do not increase", () => {
    const wrong = (info: LedgerInfo) => encode(sign(info, 3))
    const cases: ReadonlyArray<readonly [record: Uint8Array, message: RegExp]> = [
      [recordOf(2), /^the ledger info that ends epoch 3: found one of epoch 2$/],
      [recordOf(4), /found one of epoch 4/],
      [recordOf(0), /found one of epoch 0/],
      [wrong(ending(3, { nextEpochState: undefined })), /does not end its epoch/],
      [wrong(ending(3, { nextEpochState: validatorsOf(3) })), /it names epoch 3 as the next/],
      [wrong(ending(3, { nextEpochState: validatorsOf(5) })), /it names epoch 5 as the next/],
      [wrong(ending(3, { version: versionOf(2) })), /version 20 does not come after 20/],
      [wrong(ending(3, { version: 0 })), /version 0 does not come after 20/]
    ]
    for (const [record, message] of cases) {
      const history = historyTo(2)
      expectRefused(() => history.push(record), "EpochMismatch", message)
      expect(history.nextEpoch).toBe(3)
      history.push(recordOf(3))
      history.checkSignatures()
    }
    expectRefused(() => new EpochHistory().push(recordOf(1)), "EpochMismatch", /ends epoch 0: found one of epoch 1/)
  })

  it("F-15: refuses bytes that are no ledger info, or more than one", () => {
    const record = recordOf(3)
    for (
      const bytes of [
        new Uint8Array(0),
        record.slice(0, -1),
        concatBytes([record, Uint8Array.of(0)]),
        record.with(0, 1)
      ]
    ) {
      expect(() => historyTo(2).push(bytes)).toThrow(BcsError)
    }
  })

  it("F-15: refuses a signature of the validators of another epoch", () => {
    for (const by of [2, 4, 9]) {
      const history = historyTo(2)
      history.push(encode(sign(ending(3), by)))
      expectRefused(
        () => history.checkSignatures(),
        "BadSignature",
        /^the ledger info that ends epoch 3: the signature does not verify/
      )
    }
  })

  it("F-15: refuses a ledger info without a quorum or a signature at once", () => {
    const { signatures } = sign(ending(3)).value
    const withSignatures = (changes: Partial<typeof signatures>) =>
      encode({ _tag: "V0", value: { ledgerInfo: ending(3), signatures: { ...signatures, ...changes } } })
    expect(outcomeOf(() => historyTo(2).push(withSignatures({ sig: undefined })))).toBe("NoSignature")
    expect(outcomeOf(() => historyTo(2).push(withSignatures({ validatorBitmask: maskOf(4, [0, 1]) })))).toBe("NoQuorum")
    expect(outcomeOf(() => historyTo(2).push(withSignatures({ validatorBitmask: new Uint8Array(2) })))).toBe(
      "BadBitmask"
    )
  })

  it("F-15: no bit of an epoch ending can change", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.nat(), FastCheck.nat(7), (picked, bit) => {
        const record = recordOf(3)
        const at = picked % record.length
        const history = historyTo(2)
        let outcome = ""
        try {
          outcome = outcomeOf(() => {
            history.push(record.with(at, (record[at] ?? 0) ^ (1 << bit)))
            history.checkSignatures()
          })
        } catch (error) {
          if (!(error instanceof BcsError)) throw error
        }
        expect(outcome).not.toBe("accepted")
        expect(history.nextEpoch).toBe(3)
      }),
      { seed, numRuns: 120 }
    )
  })

  it("F-16: the error names the wrong signature, at any place among the signatures of a check", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.uniqueArray(FastCheck.integer({ min: 1, max: epochs - 1 }), { minLength: 1, maxLength: 2 }),
        (wrong) => {
          const history = new EpochHistory()
          const first = Math.min(...wrong)
          expectRefused(
            () => {
              while (history.nextEpoch < epochs) {
                history.push(
                  wrong.includes(history.nextEpoch) ? badRecord(history.nextEpoch) : recordOf(history.nextEpoch)
                )
              }
              history.checkSignatures()
            },
            "BadSignature",
            new RegExp(`^the ledger info that ends epoch ${first}: `)
          )
        }
      ),
      { seed, numRuns: 4, examples: [[[1]], [[signaturesPerCheck]], [[signaturesPerCheck + 1]], [[epochs - 1]]] }
    )
  })

  it("F-16: a ledger info with a wrong signature leaves the history again", () => {
    const waypoint = waypointOf(ending(6))
    const history = new EpochHistory([waypointOf(ending(2)), waypoint])
    for (let epoch = 0; epoch <= 8; epoch++) history.push(epoch === 4 ? badRecord(4) : recordOf(epoch))
    expect(history.matchedWaypoints).toHaveLength(2)
    expect(outcomeOf(() => history.checkSignatures())).toBe("BadSignature")
    expect([history.nextEpoch, history.lastVersion, history.waypointOf(4)]).toEqual([4, versionOf(3), undefined])
    expect(history.matchedWaypoints.map(({ version }) => version)).toEqual([versionOf(2)])
    expect(history.verify(sign(within(4)))).toBe(true)
    expect(history.verify(sign(within(5)))).toBe(false)
    for (let epoch = 4; epoch <= 8; epoch++) history.push(recordOf(epoch))
    expect(history.verify(sign(within(9)))).toBe(true)
  })

  it("F-16: a wrong signature is reported before any proof is verified, and before a later fault", () => {
    const proven = new EpochHistory()
    for (let epoch = 0; epoch <= 3; epoch++) proven.push(epoch === 2 ? badRecord(2) : recordOf(epoch))
    expectRefused(() => proven.verify(sign(within(1))), "BadSignature", /ends epoch 2/)
    expect(proven.nextEpoch).toBe(2)

    const goesOn = new EpochHistory()
    for (let epoch = 0; epoch <= 3; epoch++) goesOn.push(epoch === 2 ? badRecord(2) : recordOf(epoch))
    expectRefused(() => goesOn.push(recordOf(9)), "BadSignature", /ends epoch 2/)
    expect(goesOn.nextEpoch).toBe(2)
  })

  it("F-17: a trusted waypoint replaces the signature on the epoch ending of its version", () => {
    const history = historyTo(2, [waypointOf(ending(3)), waypointOf(ending(5))])
    history.push(encode(unsigned(ending(3))))
    history.push(recordOf(4))
    history.push(encode(withSignatureOf(ending(5), sign(ending(6)))))
    history.push(recordOf(6))
    history.checkSignatures()
    expect(history.nextEpoch).toBe(7)
    expect(history.matchedWaypoints).toEqual([waypointOf(ending(3)), waypointOf(ending(5))])
    expect(outcomeOf(() => history.push(encode(unsigned(ending(7)))))).toBe("BadBitmask")
  })

  it("F-17: a ledger info with another waypoint than the trusted one is refused, signed or not", () => {
    const good = waypointOf(ending(3))
    const wrong = { ...good, value: flipped(good.value) }
    expectRefused(
      () => historyTo(2, [wrong]).push(recordOf(3)),
      "WaypointMismatch",
      new RegExp(`epoch 3: its waypoint is ${Waypoint.format(good)}, the trusted one ${Waypoint.format(wrong)}`)
    )
    expect(outcomeOf(() => historyTo(2, [good]).push(encode(unsigned(ending(3, { timestampUsecs: 1 })))))).toBe(
      "WaypointMismatch"
    )
    expect(outcomeOf(() => historyTo(-1, [{ ...wrong, version: 0 }]).push(recordOf(0)))).toBe("WaypointMismatch")
  })

  it("F-17: a trusted waypoint of a version that ends no epoch replaces no signature", () => {
    const history = historyTo(2, [{ ...waypointOf(ending(3)), version: versionOf(3) + 1 }])
    expect(outcomeOf(() => history.push(encode(unsigned(ending(3)))))).toBe("BadBitmask")
    expect(history.matchedWaypoints).toEqual([])
  })

  it("F-17: a trusted waypoint never replaces the signature of a proof", () => {
    const trusted = [waypointOf(ending(3)), waypointOf(within(4))]
    const history = historyTo(3, trusted)
    expect(outcomeOf(() => history.verify(unsigned(ending(3))))).toBe("BadBitmask")
    expect(outcomeOf(() => history.verify(unsigned(within(4))))).toBe("BadBitmask")
    expect(outcomeOf(() => history.verify(withSignatureOf(ending(3), sign(within(3)))))).toBe("BadSignature")
    expect(history.verify(sign(ending(3)))).toBe(true)
  })

  it("F-18: a proof of epoch 0 must carry the ledger info of the history, byte for byte", () => {
    const trusted = historyTo(1, [waypointOf(ending(0))])
    expect(trusted.matchedWaypoints).toEqual([waypointOf(ending(0))])
    for (const history of [historyTo(0), trusted]) {
      expect(history.verify(unsigned(ending(0)))).toBe(true)
      const { commitInfo, consensusDataHash } = ending(0)
      const others: ReadonlyArray<LedgerInfoWithSignatures> = [
        unsigned({ commitInfo: { ...commitInfo, round: 1n }, consensusDataHash }),
        unsigned({ commitInfo: { ...commitInfo, id: flipped(commitInfo.id) }, consensusDataHash }),
        unsigned({
          commitInfo: { ...commitInfo, executedStateId: flipped(commitInfo.executedStateId) },
          consensusDataHash
        }),
        unsigned({ commitInfo: { ...commitInfo, nextEpochState: undefined }, consensusDataHash }),
        unsigned({ commitInfo: { ...commitInfo, version: 1 }, consensusDataHash }),
        unsigned({ commitInfo, consensusDataHash: flipped(consensusDataHash) }),
        sign(ending(0), 1)
      ]
      for (const other of others) {
        expectRefused(() => history.verify(other), "LedgerInfoMismatch", /not the one that ends epoch 0/)
      }
      expect(history.verify(unsigned(ending(0)))).toBe(true)
    }
  })

  it("F-18: the fields of a genesis that no waypoint covers have fixed values", () => {
    const { commitInfo, consensusDataHash } = ending(0)
    const others = [
      unsigned({ commitInfo: { ...commitInfo, round: 1n }, consensusDataHash }),
      unsigned({ commitInfo: { ...commitInfo, id: flipped(commitInfo.id) }, consensusDataHash }),
      unsigned({ commitInfo, consensusDataHash: flipped(consensusDataHash) }),
      sign(ending(0), 1)
    ]
    for (const other of others) {
      const history = new EpochHistory([waypointOf(ending(0))])
      expect(outcomeOf(() => history.push(encode(other)))).toBe("BadGenesis")
      expect([history.nextEpoch, history.matchedWaypoints]).toEqual([0, []])
    }
  })

  it("F-19: the history verifies proofs up to the epoch after its last, and none beyond", () => {
    const empty = new EpochHistory()
    expect([empty.verify(unsigned(ending(0))), empty.verify(sign(within(1)))]).toEqual([false, false])
    for (const last of [0, 1, 5, signaturesPerCheck + 3]) {
      const history = historyTo(last)
      for (let epoch = Math.max(1, last - 3); epoch <= last + 1; epoch++) {
        expect(history.verify(sign(within(epoch))), `epoch ${epoch} after ${last}`).toBe(true)
        expect(outcomeOf(() => history.verify(sign(within(epoch), epoch + 1)))).toBe("BadSignature")
      }
      expect(history.verify(sign(within(last + 2)))).toBe(false)
      expect(history.verify(unsigned(within(last + 2)))).toBe(false)
    }
  })

  it("F-19: no bit of the ledger info of a proof can change, even right after the verification", () => {
    const history = historyTo(3)
    const good = sign(within(3))
    const bytes = encode(good)
    FastCheck.assert(
      FastCheck.property(FastCheck.nat(), FastCheck.nat(7), (picked, bit) => {
        expect(history.verify(good)).toBe(true)
        const at = picked % bytes.length
        let changed: LedgerInfoWithSignatures
        try {
          changed = Bcs.decodeUnsafe(LedgerInfoWithSignatures, bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit)))
        } catch (error) {
          if (error instanceof BcsError) return
          throw error
        }
        // The bit may lead into an epoch beyond the history.
        const expected = changed.value.ledgerInfo.commitInfo.epoch > 4 ? "unverified" : "refused"
        for (const _ of ["once", "again"]) {
          let found = "unverified"
          const outcome = outcomeOf(() => {
            if (history.verify(changed)) found = "verified"
          })
          expect(outcome === "accepted" ? found : "refused").toBe(expected)
        }
      }),
      { seed, numRuns: 120 }
    )
  })

  it("F-15: a repeated epoch must equal the epoch of the history", () => {
    const history = historyTo(4)
    for (let epoch = 0; epoch <= 4; epoch++) {
      expect(toHex(history.checkRepeated(epoch, recordOf(epoch)).value)).toBe(toHex(waypointHash(ending(epoch))))
      expect(outcomeOf(() => history.checkRepeated(epoch, recordOf(epoch + 1)))).toBe("WaypointMismatch")
    }
    expectRefused(
      () => history.checkRepeated(3, encode(sign(ending(3, { timestampUsecs: 1 })))),
      "WaypointMismatch",
      /epoch 3/
    )
    expect(outcomeOf(() => history.checkRepeated(5, recordOf(5)))).toBe("WaypointMismatch")
    expect(() => history.checkRepeated(3, recordOf(3).slice(0, -1))).toThrow(BcsError)
    expect(history.nextEpoch).toBe(5)
  })
})
