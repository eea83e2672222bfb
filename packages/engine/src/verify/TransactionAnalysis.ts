/**
 * Writes the sizes of verified transactions and their parts as CSV: they show what takes the space of a ledger.
 *
 * | file | a row for each | columns |
 * |---|---|---|
 * | `transactions.csv` | transaction | `version,kind,transaction_bytes,auxiliary_info_bytes,info_bytes,events,events_bytes,write_ops,write_set_bytes,total_bytes` |
 * | `events.csv` | event | `version,index,kind,type,data_bytes,total_bytes` |
 * | `write_ops.csv` | operation of a write set | `version,index,op,key_kind,key_bytes,value_bytes,total_bytes` |
 *
 * Bytes are bytes of BCS. Rows are written before the proof of their chunk is checked: if the verification finds a fault, the
 * rows of that chunk are worth nothing.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type { TransactionSink } from "@holdfast/ledger-store/LedgerSink"
import * as BcsReader from "@holdfast/ledger/BcsReader"
import * as ContractEvent from "@holdfast/ledger/ContractEvent"
import type * as Scan from "@holdfast/ledger/Scan"
import * as StateKey from "@holdfast/ledger/StateKey"
import { byteAt, uint32At } from "@holdfast/ledger/TypedArrays"
import * as TypeText from "@holdfast/ledger/TypeText"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { LocalStateError } from "../base/EngineError.ts"

/** A sink that writes a row for each transaction, event and write operation. */
export interface TransactionAnalysis extends TransactionSink<LocalStateError> {
  /** Writes the rows that are still in memory. */
  readonly finish: Effect.Effect<void, LocalStateError>
}

const columns = {
  "transactions.csv":
    "version,kind,transaction_bytes,auxiliary_info_bytes,info_bytes,events,events_bytes,write_ops,write_set_bytes,total_bytes",
  "events.csv": "version,index,kind,type,data_bytes,total_bytes",
  "write_ops.csv": "version,index,op,key_kind,key_bytes,value_bytes,total_bytes"
}

type File = keyof typeof columns

/** So many characters of a file may wait to be written. */
const maxWaiting = 64 * 1024

/** Names of the variants of an enum, by index. */
const kinds = {
  transaction: [
    "user",
    "genesis",
    "block_metadata",
    "state_checkpoint",
    "validator",
    "block_metadata_ext",
    "block_epilogue"
  ],
  op: [
    "creation",
    "modification",
    "deletion",
    "creation_with_metadata",
    "modification_with_metadata",
    "deletion_with_metadata"
  ],
  key: ["access_path", "table_item", "raw"]
} as const

/** Write operations without a value, by variant. */
const deletions: ReadonlySet<number> = new Set([2, 5])

/** An analysis that writes into a folder. The folder is created if needed; files of these names are replaced. */
export const make = (
  directory: string
): Effect.Effect<TransactionAnalysis, LocalStateError, FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const failing = Effect.mapError((error: { readonly message: string }) =>
      new LocalStateError({ path: directory, detail: error.message })
    )
    yield* failing(fs.makeDirectory(directory, { recursive: true }))
    const open = (name: File) =>
      Effect.map(failing(fs.open(path.join(directory, name), { flag: "w" })), (handle) => {
        let waiting = `${columns[name]}\n`
        const write = Effect.suspend(() => {
          const text = waiting
          waiting = ""
          return failing(handle.writeAll(new TextEncoder().encode(text)))
        })
        return {
          row: (text: string) => void (waiting += `${text}\n`),
          write: Effect.suspend(() => waiting === "" ? Effect.void : write),
          writeIfFull: Effect.suspend(() => waiting.length < maxWaiting ? Effect.void : write)
        }
      })
    const transactions = yield* open("transactions.csv")
    const events = yield* open("events.csv")
    const writeOps = yield* open("write_ops.csv")
    const all = [transactions, events, writeOps]
    return {
      stage: ({ bytes, firstVersion, scan }) => {
        for (let index = 0; index < scan.count; index++) {
          const version = firstVersion + index
          const parts = sizesOf(scan, index)
          const ops = addWriteOps(scan, bytes, index, version, writeOps.row)
          addEvents(scan, bytes, index, version, events.row)
          const kind = kinds.transaction[byteAt(bytes, uint32At(scan.transactionStarts, index))] ?? "unknown"
          const { auxiliaryInfo, eventBytes, eventCount, info, transaction, writeSet } = parts
          const total = transaction + auxiliaryInfo + info + eventBytes + writeSet
          transactions.row(
            [version, kind, transaction, auxiliaryInfo, info, eventCount, eventBytes, ops, writeSet, total].join(",")
          )
        }
      },
      flush: Effect.forEach(all, ({ writeIfFull }) => writeIfFull, { discard: true }),
      settle: () => Effect.void,
      finish: Effect.forEach(all, ({ write }) => write, { discard: true })
    }
  })

const sizeOf = (starts: Uint32Array, ends: Uint32Array, index: number): number =>
  uint32At(ends, index) - uint32At(starts, index)

const sizesOf = (scan: Scan.TransactionScan, index: number) => {
  const first = uint32At(scan.eventFirst, index)
  const last = uint32At(scan.eventFirst, index + 1)
  let eventBytes = 0
  for (let event = first; event < last; event++) eventBytes += sizeOf(scan.eventStarts, scan.eventEnds, event)
  return {
    transaction: sizeOf(scan.transactionStarts, scan.transactionEnds, index),
    auxiliaryInfo: sizeOf(scan.auxStarts, scan.auxEnds, index),
    info: sizeOf(scan.infoStarts, scan.infoEnds, index),
    eventCount: last - first,
    eventBytes,
    writeSet: sizeOf(scan.writeSetStarts, scan.writeSetEnds, index)
  }
}

const addEvents = (
  scan: Scan.TransactionScan,
  bytes: Uint8Array,
  index: number,
  version: number,
  row: (text: string) => void
): void => {
  const first = uint32At(scan.eventFirst, index)
  const last = uint32At(scan.eventFirst, index + 1)
  for (let event = first; event < last; event++) {
    const reader = new BcsReader.BcsReader(bytes, scan.eventStarts[event], scan.eventEnds[event])
    const { _tag, value } = ContractEvent.ContractEvent.read(reader)
    const type = quoted(TypeText.format(value.typeTag))
    const size = sizeOf(scan.eventStarts, scan.eventEnds, event)
    row([version, event - first, _tag, type, value.eventData.length, size].join(","))
  }
}

/** A text of the ledger as a field of CSV: the ledger lets names contain quotes and control characters. */
const quoted = (text: string): string => `"${text.replaceAll(/\p{Cc}/gu, "?").replaceAll("\"", "\"\"")}"`

/** Writes a row for each operation of a write set. Returns how many there are. */
const addWriteOps = (
  scan: Scan.TransactionScan,
  bytes: Uint8Array,
  index: number,
  version: number,
  row: (text: string) => void
): number => {
  const end = uint32At(scan.writeSetEnds, index)
  const reader = new BcsReader.BcsReader(bytes, scan.writeSetStarts[index], end)
  reader.uleb()
  const count = reader.length()
  for (let op = 0; op < count; op++) {
    const keyStart = reader.offset
    StateKey.StateKey.skip(reader)
    const opStart = reader.offset
    WriteSet.WriteOp.skip(reader)
    const opEnd = reader.offset
    const variant = byteAt(bytes, opStart)
    reader.window(opStart + 1, opEnd)
    const value = deletions.has(variant) ? 0 : reader.length()
    reader.window(opEnd, end)
    const key = kinds.key[byteAt(bytes, keyStart)] ?? "unknown"
    const what = kinds.op[variant] ?? "unknown"
    row([version, op, what, key, opStart - keyStart, value, opEnd - keyStart].join(","))
  }
  return count
}
