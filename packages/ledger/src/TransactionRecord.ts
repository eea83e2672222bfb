/**
 * A decoded record of a transaction chunk: a transaction with its outcome. Hot paths scan records instead.
 *
 * Source: docs/spec/formats.md, section 8.
 */
import * as Bcs from "./Bcs.ts"
import { BcsReader } from "./BcsReader.ts"
import { ContractEvent } from "./ContractEvent.ts"
import type { RecordFormat } from "./Scan.ts"
import { Transaction } from "./Transaction.ts"
import { PersistedAuxiliaryInfo, TransactionInfo } from "./TransactionInfo.ts"
import { WriteSet } from "./WriteSet.ts"

export interface TransactionRecord {
  readonly transaction: Transaction
  /** `undefined` in format `V0`. */
  readonly auxiliaryInfo: PersistedAuxiliaryInfo | undefined
  readonly info: TransactionInfo
  readonly events: ReadonlyArray<Bcs.Type<typeof ContractEvent>>
  readonly writeSet: WriteSet
}

const Events = Bcs.sequence(ContractEvent)

/** Decodes a record of a transaction chunk. Throws `BcsError`. */
export const decodeUnsafe = (format: RecordFormat, record: Uint8Array): TransactionRecord => {
  const reader = new BcsReader(record)
  const transaction = Transaction.read(reader)
  const auxiliaryInfo = format === "V0" ? undefined : PersistedAuxiliaryInfo.read(reader)
  const info = TransactionInfo.read(reader)
  const events = Events.read(reader)
  const writeSet = WriteSet.read(reader)
  reader.finish()
  return { transaction, auxiliaryInfo, info, events, writeSet }
}
