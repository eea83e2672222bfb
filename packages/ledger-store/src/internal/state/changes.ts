/** What write sets do to the state tree, read from their bytes: no object is made of a key or a value. */
import * as BcsReader from "@holdfast/ledger/BcsReader"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Scan from "@holdfast/ledger/Scan"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateKey from "@holdfast/ledger/StateKey"
import type * as StateTree from "@holdfast/ledger/StateTree"
import * as StateValue from "@holdfast/ledger/StateValue"

/** By the variant of a write op: the variant of the value that it leaves in the state, or nothing. */
const storedVariants = [0, 0, undefined, 1, 1, undefined] as const
const deletionWithMetadata = 5

const headerBytes = 4
/** Stands for the value of a removed key while its key is hashed: `StateValue::V0` of no bytes. */
const noValue = Uint8Array.of(0, 0)

/** Where one key and its value begin and end in the bytes of a write set. */
interface Write {
  readonly keyStart: number
  readonly keyEnd: number
  readonly variant: 0 | 1 | undefined
  /** The stored value is its variant and these bytes, as they stand in the write op. */
  readonly valueStart: number
  readonly valueEnd: number
}

/** Write sets that lie in one array: that at index `i` is `bytes[starts[i], ends[i])`. */
export interface WriteSets {
  readonly bytes: Uint8Array
  readonly starts: ReadonlyArray<number>
  readonly ends: ReadonlyArray<number>
}

const scanWrites = (reader: BcsReader.BcsReader, start: number, end: number, writes: Array<Write>): void => {
  reader.window(start, end)
  const version = reader.uleb()
  if (version !== 0) reader.fail("UnknownVariant", `WriteSet has no variant ${version}`, start)
  const length = reader.length()
  for (let index = 0; index < length; index++) {
    const keyStart = reader.offset
    StateKey.StateKey.skip(reader)
    const keyEnd = reader.offset
    const op = reader.uleb()
    if (op >= storedVariants.length) reader.fail("UnknownVariant", `WriteOp has no variant ${op}`, keyEnd)
    const variant = storedVariants[op]
    const valueStart = reader.offset
    if (variant !== undefined) reader.skipByteString()
    if (variant === 1 || op === deletionWithMetadata) StateValue.StateValueMetadata.skip(reader)
    writes.push({ keyStart, keyEnd, variant, valueStart, valueEnd: reader.offset })
  }
  reader.finish()
}

/** Framed state records, one for each write. */
const recordsOf = (bytes: Uint8Array, writes: ReadonlyArray<Write>): Uint8Array => {
  let room = 0
  for (const { keyEnd, keyStart, valueEnd, valueStart } of writes) {
    room += headerBytes + keyEnd - keyStart + Math.max(1 + valueEnd - valueStart, noValue.length)
  }
  const records = new Uint8Array(room)
  const view = new DataView(records.buffer)
  let offset = 0
  for (const { keyEnd, keyStart, valueEnd, valueStart, variant } of writes) {
    const start = offset + headerBytes
    const value = start + keyEnd - keyStart
    Bytes.copyRange(bytes, keyStart, keyEnd, records, start)
    let end = value + noValue.length
    if (variant === undefined) {
      records.set(noValue, value)
    } else {
      records[value] = variant
      Bytes.copyRange(bytes, valueStart, valueEnd, records, value + 1)
      end = value + 1 + valueEnd - valueStart
    }
    view.setUint32(offset, end - start)
    offset = end
  }
  return records
}

/** Lent to one call at a time: nothing here is asynchronous. */
const scan = new Scan.StateRecordScan()

/**
 * The changes that a write set (BCS) makes, in its order. The record of an item is its framed BCS, as a state snapshot
 * streams it. Throws `BcsError`.
 */
export const stateChanges = (writeSet: Uint8Array): ReadonlyArray<StateTree.StateChange> =>
  stateChangesOf({ bytes: writeSet, starts: [0], ends: [writeSet.length] }, 0, 1)

/** The changes that the write sets `from` … `to - 1` make, one after the other: see {@link stateChanges}. */
export const stateChangesOf = (
  { bytes, ends, starts }: WriteSets,
  from: number,
  to: number
): ReadonlyArray<StateTree.StateChange> => {
  const reader = new BcsReader.BcsReader(bytes)
  const writes: Array<Write> = []
  for (let index = from; index < to; index++) scanWrites(reader, starts[index] ?? 0, ends[index] ?? 0, writes)
  const records = recordsOf(bytes, writes)
  const view = new DataView(records.buffer)
  scan.begin(records)
  for (let index = 0, offset = 0; index < writes.length; index++) {
    const start = offset + headerBytes
    offset = start + view.getUint32(offset)
    scan.add(start, offset)
  }
  const keyHashes = new Uint8Array(writes.length * HashValue.size)
  const valueHashes = new Uint8Array(writes.length * HashValue.size)
  const { seeds } = HashValue
  const keys = scan.stageKeys()
  Sha3.hashRanges(seeds.stateKey, keys, scan.stagedStarts, scan.stagedEnds, writes.length, keyHashes)
  Sha3.hashRanges(seeds.stateValue, records, scan.valueStarts, scan.valueEnds, writes.length, valueHashes)
  return writes.map(({ variant }, index) => {
    const at = index * HashValue.size
    return {
      keyHash: keyHashes.subarray(at, at + HashValue.size),
      value: variant === undefined ? undefined : {
        valueHash: valueHashes.subarray(at, at + HashValue.size),
        record: records.subarray((scan.keyStarts[index] ?? 0) - headerBytes, scan.valueEnds[index])
      }
    }
  })
}
