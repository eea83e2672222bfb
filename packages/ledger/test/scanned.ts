import { expect } from "@effect/vitest"
import * as Bcs from "../src/Bcs.ts"
import { BcsReader } from "../src/BcsReader.ts"
import { equalRange, toHex } from "../src/Bytes.ts"
import { ContractEvent } from "../src/ContractEvent.ts"
import type { RecordBatch } from "../src/Frames.ts"
import { type RecordFormat, StateRecordScan, TransactionScan } from "../src/Scan.ts"
import * as StateKey from "../src/StateKey.ts"
import { StateValue } from "../src/StateValue.ts"
import * as Transaction from "../src/Transaction.ts"
import { PersistedAuxiliaryInfo, TransactionInfo } from "../src/TransactionInfo.ts"
import { WriteSet } from "../src/WriteSet.ts"

const auxVariants = ["None", "V1", "TimestampNotYetAssignedV1"] as const

/** Both are hexadecimal, so that a difference is readable. */
const expectBytes = (actual: Uint8Array, expected: Uint8Array): void => {
  if (actual.length !== expected.length || !equalRange(actual, 0, expected, 0, actual.length)) {
    expect(toHex(actual)).toBe(toHex(expected))
  }
}

/** Scans a batch of transaction records, and decodes and encodes each of them: both must find the same parts. */
export const expectSameTransactions = (batch: RecordBatch, format: RecordFormat): TransactionScan => {
  const { bytes } = batch
  const scan = new TransactionScan(format)
  scan.begin(bytes)
  for (let record = 0; record < batch.count; record++) scan.add(batch.starts[record] ?? 0, batch.ends[record] ?? 0)
  expect(scan.count).toBe(batch.count)

  for (let record = 0; record < batch.count; record++) {
    const reader = new BcsReader(bytes, batch.starts[record], batch.ends[record])
    const part = <A>(codec: Bcs.Codec<A>): readonly [value: A, start: number, end: number] => {
      const start = reader.offset
      const value = codec.read(reader)
      expectBytes(Bcs.encode(codec, value), bytes.subarray(start, reader.offset))
      return [value, start, reader.offset]
    }
    const hashAt = (at: number | undefined) => at === undefined || at < 0 ? undefined : bytes.subarray(at, at + 32)

    const [transaction, ...range] = part(Transaction.Transaction)
    expect([scan.transactionStarts[record], scan.transactionEnds[record]]).toEqual(range)
    const hashed = Bcs.encode(Transaction.Transaction, Transaction.hashedForm(transaction))
    expectBytes(scan.replacements.get(record) ?? bytes.subarray(...range), hashed)
    expect(scan.replacements.has(record)).toBe(Transaction.hashedForm(transaction) !== transaction)

    if (format === "V1") {
      const [auxiliary, ...auxRange] = part(PersistedAuxiliaryInfo)
      expect([scan.auxStarts[record], scan.auxEnds[record]]).toEqual(auxRange)
      expect(auxVariants[scan.auxVariant[record] ?? 9]).toBe(auxiliary._tag)
    } else {
      expect([scan.auxStarts[record], scan.auxEnds[record], scan.auxVariant[record]])
        .toEqual([reader.offset, reader.offset, 0])
    }

    const [info, ...infoRange] = part(TransactionInfo)
    expect([scan.infoStarts[record], scan.infoEnds[record]]).toEqual(infoRange)
    expect({
      transactionHash: hashAt(scan.transactionHashAt[record]),
      eventRootHash: hashAt(scan.eventRootAt[record]),
      stateChangeHash: hashAt(scan.stateChangeAt[record]),
      stateCheckpointHash: hashAt(scan.checkpointAt[record]),
      auxiliaryInfoHash: hashAt(scan.auxiliaryHashAt[record])
    }).toEqual({
      transactionHash: info.value.transactionHash,
      eventRootHash: info.value.eventRootHash,
      stateChangeHash: info.value.stateChangeHash,
      stateCheckpointHash: info.value.stateCheckpointHash,
      auxiliaryInfoHash: info.value.auxiliaryInfoHash
    })

    const [first, next] = scan.eventFirst.subarray(record, record + 2)
    const events = reader.length()
    expect((next ?? 0) - (first ?? 0)).toBe(events)
    for (let event = 0; event < events; event++) {
      const [, ...eventRange] = part(ContractEvent)
      const index = (first ?? 0) + event
      expect([scan.eventStarts[index], scan.eventEnds[index]]).toEqual(eventRange)
    }

    const [, ...writeSetRange] = part(WriteSet)
    expect([scan.writeSetStarts[record], scan.writeSetEnds[record]]).toEqual(writeSetRange)
    reader.finish()
  }
  return scan
}

/**
 * Scans a batch of state records and stages their keys, and decodes and encodes each of them: both must find the same.
 */
export const expectSameState = (batch: RecordBatch): StateRecordScan => {
  const { bytes } = batch
  const scan = new StateRecordScan()
  scan.begin(bytes)
  for (let record = 0; record < batch.count; record++) scan.add(batch.starts[record] ?? 0, batch.ends[record] ?? 0)
  expect(scan.count).toBe(batch.count)
  const staged = scan.stageKeys()

  for (let record = 0; record < batch.count; record++) {
    const key = bytes.subarray(scan.keyStarts[record], scan.keyEnds[record])
    const value = bytes.subarray(scan.valueStarts[record], scan.valueEnds[record])
    expect([scan.keyStarts[record], scan.keyEnds[record], scan.valueEnds[record]])
      .toEqual([batch.starts[record], scan.valueStarts[record], batch.ends[record]])
    const decoded = Bcs.decodeUnsafe(StateKey.StateKey, key)
    expect((["AccessPath", "TableItem", "Raw"] as const)[scan.keyVariant[record] ?? 9]).toBe(decoded._tag)
    expectBytes(Bcs.encode(StateKey.StateKey, decoded), key)
    expectBytes(Bcs.encode(StateValue, Bcs.decodeUnsafe(StateValue, value)), value)
    expectBytes(
      staged.subarray(scan.stagedStarts[record], scan.stagedEnds[record]),
      StateKey.storageEncoding(decoded)
    )
  }
  return scan
}
