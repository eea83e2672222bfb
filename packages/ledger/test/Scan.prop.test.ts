import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { BcsError } from "../src/BcsError.ts"
import { concatBytes } from "../src/Bytes.ts"
import { EncryptedPayload } from "../src/EncryptedPayload.ts"
import { StateRecordScan, TransactionScan } from "../src/Scan.ts"
import * as Transaction from "../src/Transaction.ts"
import { batchOfRecords } from "./batches.ts"
import { expectSameState, expectSameTransactions } from "./scanned.ts"
import { wireTypes } from "./wireTypes.ts"

const seed = 20_240_918

const records = {
  V0: Arbitraries.encoded(wireTypes["transaction record V0"]),
  V1: Arbitraries.encoded(wireTypes["transaction record V1"])
}
const noBytes = new Uint8Array(0)
const stateRecord = Arbitraries.encoded(wireTypes["state record"])

/** User transactions with an encrypted payload, opened or not: few of all transactions are. */
const encryptedTransaction = FastCheck.tuple(
  Arbitraries.value(Transaction.SignedTransaction),
  Arbitraries.value(EncryptedPayload)
).map(([{ authenticator, rawTxn }, payload]): Transaction.Transaction => ({
  _tag: "UserTransaction",
  value: { rawTxn: { ...rawTxn, payload: { _tag: "EncryptedPayload", value: payload } }, authenticator }
}))

describe(`scans (seed ${seed})`, () => {
  it.each(["V0", "V1"] as const)("finds the parts of transaction records, format %s", (format) => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(records[format], { maxLength: 8 }), (bytes) => {
        expectSameTransactions(batchOfRecords(bytes), format)
      }),
      { seed, numRuns: 150 }
    )
  })

  it("finds the parts of state records, and stages the keys", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(stateRecord, { maxLength: 20 }), (bytes) => {
        expectSameState(batchOfRecords(bytes))
      }),
      { seed, numRuns: 200 }
    )
  })

  it("hashes the encrypted form where a payload was decrypted or failed to decrypt", () => {
    let opened = 0
    FastCheck.assert(
      FastCheck.property(encryptedTransaction, records.V0, (transaction, other) => {
        const scan = new TransactionScan("V0")
        scan.begin(other)
        scan.add(0, other.length)
        const rest = other.subarray(scan.transactionEnds[0])
        const record = concatBytes([Bcs.encode(Transaction.Transaction, transaction), rest])
        opened += expectSameTransactions(batchOfRecords([other, record]), "V0").replacements.has(1) ? 1 : 0
      }),
      { seed, numRuns: 150 }
    )
    expect(opened).toBeGreaterThan(50)
  })

  it("grows with records and events beyond its initial capacity", () => {
    const one = FastCheck.sample(records.V1, { seed, numRuns: 400 })
    expectSameTransactions(batchOfRecords([...one, ...one]), "V1")
    const items = FastCheck.sample(stateRecord, { seed, numRuns: 1000 })
    expectSameState(batchOfRecords(items))
  })

  it("stays unchanged by a refused record", () => {
    const [good = noBytes, other = noBytes] = FastCheck.sample(records.V1, { seed, numRuns: 2 })
    const bytes = concatBytes([good, other])
    const scan = new TransactionScan("V1")
    scan.begin(bytes)
    scan.add(0, good.length)
    for (let end = good.length; end < bytes.length; end++) expect(() => scan.add(good.length, end)).toThrow(BcsError)
    expect(() => scan.add(0, bytes.length)).toThrow(BcsError)
    expect([scan.count, scan.replacements.size]).toEqual([1, 0])
    scan.add(good.length, bytes.length)
    expect([scan.count, scan.eventCount]).toEqual([2, scan.eventFirst[2]])
  })

  it("serves another batch", () => {
    const scan = new StateRecordScan()
    const samples = FastCheck.sample(stateRecord, { seed, numRuns: 20 })
    for (const record of samples) {
      scan.begin(record)
      scan.add(0, record.length)
      const fresh = new StateRecordScan()
      fresh.begin(record)
      fresh.add(0, record.length)
      expect(scan.stageKeys().slice(0, scan.stagedEnds[0])).toEqual(fresh.stageKeys().slice(0, fresh.stagedEnds[0]))
      expect(scan.count).toBe(1)
    }
  })
})
