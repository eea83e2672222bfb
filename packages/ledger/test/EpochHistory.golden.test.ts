import { describe, expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as Bcs from "../src/Bcs.ts"
import { toHex } from "../src/Bytes.ts"
import { EpochHistory } from "../src/EpochHistory.ts"
import { seeds } from "../src/HashValue.ts"
import { LedgerInfo, LedgerInfoWithSignatures } from "../src/LedgerInfo.ts"
import { TransactionRangeProof } from "../src/Proofs.ts"
import * as Sha3 from "../src/Sha3.ts"
import { PublicKeyCache, ValidatorVerifier } from "../src/ValidatorVerifier.ts"
import * as Waypoint from "../src/Waypoint.ts"
import { decoded, epochEndings, factsOf, fileOf, ledgers, transactionChunks } from "./goldenBackups.ts"
import { outcomeOf } from "./refusals.ts"
import { maskOf } from "./signing.ts"

describe.skipIf(!Golden.isPresent).each(ledgers)("the epochs of %s (needs the reference data)", (ledger) => {
  it("F-15, F-21, F-28: the epoch endings verify, and have the waypoints that the node has reported", () => {
    const history = new EpochHistory()
    const { records, waypoints } = epochEndings(ledger)
    const found = records.map((record) => Waypoint.format(history.push(record)))
    history.checkSignatures()
    expect(found).toEqual(waypoints)
    expect(found).toEqual(factsOf(ledger).epoch_endings.map(({ waypoint }) => waypoint))
    for (const text of found) {
      expect(Waypoint.format(Waypoint.parse(text) ?? { version: 0, value: seeds.event })).toBe(text)
    }
  })

  it("F-19, F-28: the ledger infos of the proofs verify, also those of the epoch after the last", () => {
    const history = new EpochHistory()
    for (const record of epochEndings(ledger).records) history.push(record)
    for (const { proof } of transactionChunks(ledger)) {
      const [, signed] = Bcs.decodeUnsafe(TransactionRangeProof, fileOf(ledger, proof))
      expect(history.verify(signed), proof).toBe(true)
    }
  })
})

describe.skipIf(!Golden.isPresent)("the ledger infos of rich as decoded (needs the reference data)", () => {
  const read = () => {
    const known = decoded().epoch_ending_ledger_infos
    return epochEndings("rich").records.map((record, epoch) => {
      const fact = known[epoch]
      if (fact === undefined) throw new Error(`epoch ${epoch} is not known`)
      return { ...Bcs.decodeUnsafe(LedgerInfoWithSignatures, record).value, fact }
    })
  }

  it("F-28: have the same bytes, hashes and signers", () => {
    const all = read()
    expect(all).toHaveLength(decoded().epoch_ending_ledger_infos.length)
    for (const { fact, ledgerInfo, signatures } of all) {
      const bytes = Bcs.encode(LedgerInfo, ledgerInfo)
      expect(toHex(bytes)).toBe(fact.bcs_ledger_info)
      expect(toHex(Sha3.hashSeeded(seeds.ledgerInfo, bytes))).toBe(fact.ledger_info_hash)
      expect([ledgerInfo.commitInfo.epoch, ledgerInfo.commitInfo.version]).toEqual([fact.epoch, fact.version])
      const bits = 8 * signatures.validatorBitmask.length
      expect(toHex(maskOf(bits, fact.signer_indices))).toBe(toHex(signatures.validatorBitmask))
    }
  })

  it("F-11, F-28: a quorum needs the voting power that today's tool computes", () => {
    for (const { fact, ledgerInfo } of read()) {
      const state = ledgerInfo.commitInfo.nextEpochState
      if (state === undefined) throw new Error("no validators")
      const quorum = fact.next_quorum_voting_power
      const total = state.verifier.validatorInfos.reduce((sum, { votingPower }) => sum + votingPower, 0n)
      // The same power in two hands, the first of which alone has so much.
      const [first, second] = state.verifier.validatorInfos
      if (first === undefined || second === undefined) throw new Error("too few validators")
      const outcomeWith = (power: bigint) => {
        const validatorInfos = [{ ...first, votingPower: power }, { ...second, votingPower: total - power }]
        const verifier = new ValidatorVerifier({ ...state, verifier: { validatorInfos } }, new PublicKeyCache())
        return outcomeOf(() =>
          verifier.prepare(new Uint8Array(0), { validatorBitmask: maskOf(2, [0]), sig: undefined }, "it")
        )
      }
      expect([outcomeWith(quorum - 1n), outcomeWith(quorum)]).toEqual(["NoQuorum", "NoSignature"])
    }
  })
})
