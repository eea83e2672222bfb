/** Reads from the bytes of write sets what they change in the state tree, without an object for any key or value. */
import * as BcsReader from "@holdfast/ledger/BcsReader"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Scan from "@holdfast/ledger/Scan"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateKey from "@holdfast/ledger/StateKey"
import type * as StateNodes from "@holdfast/ledger/StateNodes"
import * as StateValue from "@holdfast/ledger/StateValue"
import { uint32At } from "@holdfast/ledger/TypedArrays"

/** By variant of a write op: the variant of the state value that the op leaves; `undefined` for a deletion. */
const storedVariants = [0, 0, undefined, 1, 1, undefined] as const
const deletionWithMetadata = 5

const headerBytes = 4
/** The value of a removed key while the key is hashed: an empty `StateValue::V0`. */
const noValue = Uint8Array.of(0, 0)

/** The offsets of a key and its value in the bytes of a write set. */
interface Write {
  readonly keyStart: number
  readonly keyEnd: number
  readonly variant: 0 | 1 | undefined
  /** The state value is its variant and then these bytes of the write op. */
  readonly valueStart: number
  readonly valueEnd: number
}

/** Write sets in one array: write set `i` is `bytes[starts[i], ends[i])`. */
export interface WriteSets {
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
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

/** Scratch memory of one call at a time: nothing here is asynchronous. */
const scan = new Scan.StateRecordScan()

/**
 * The changes of a write set (BCS), in its order. The record of an item is its framed BCS, as in the stream of a state
 * snapshot. Throws `BcsError`.
 */
export const stateChanges = (writeSet: Uint8Array): ReadonlyArray<StateNodes.StateChange> =>
  stateChangesOf({ bytes: writeSet, starts: Uint32Array.of(0), ends: Uint32Array.of(writeSet.length) }, 0, 1)

/** The changes of the write sets `from` … `to - 1`, one after the other: see {@link stateChanges}. */
export const stateChangesOf = (
  { bytes, ends, starts }: WriteSets,
  from: number,
  to: number
): ReadonlyArray<StateNodes.StateChange> => {
  const reader = new BcsReader.BcsReader(bytes)
  const writes: Array<Write> = []
  for (let index = from; index < to; index++) scanWrites(reader, uint32At(starts, index), uint32At(ends, index), writes)
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
        record: records.subarray(uint32At(scan.keyStarts, index) - headerBytes, scan.valueEnds[index])
      }
    }
  })
}
