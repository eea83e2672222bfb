/** What write sets do to the state tree, read from their bytes: no object is made of a key or a value. */
import { BcsReader, HashValue, Sha3, StateKey, StateTree, StateValue } from "@holdfast/ledger"

/** What a write op's variant leaves in the state: the variant of the stored value, or nothing. */
const storedVariants = [0, 0, undefined, 1, 1, undefined] as const
const deletionWithMetadata = 5

const lengthBytes = 4

/** Where one key and its stored value begin and end in the bytes of a write set. */
interface Write {
  readonly keyStart: number
  readonly keyEnd: number
  readonly variant: 0 | 1 | undefined
  /** The stored value's bytes after its variant are the write op's bytes after its own. */
  readonly valueStart: number
  readonly valueEnd: number
}

const scan = (writeSet: Uint8Array): ReadonlyArray<Write> => {
  const reader = new BcsReader.BcsReader(writeSet)
  if (reader.uleb() !== 0) reader.fail("UnknownVariant", "WriteSet has no such variant", 0)
  const length = reader.length()
  const writes: Array<Write> = []
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
  return writes
}

/** The hashes of all keys, one after the other. */
const hashKeys = (writeSet: Uint8Array, writes: ReadonlyArray<Write>): Uint8Array => {
  // A storage encoding is never longer than the key's BCS.
  let room = 0
  for (const write of writes) room += write.keyEnd - write.keyStart
  const encodings = new Uint8Array(room)
  const starts = new Uint32Array(writes.length)
  const ends = new Uint32Array(writes.length)
  let offset = 0
  writes.forEach((write, index) => {
    starts[index] = offset
    offset = writeStorageEncoding(writeSet, write, encodings, offset)
    ends[index] = offset
  })
  const hashes = new Uint8Array(writes.length * HashValue.size)
  Sha3.hashRanges(HashValue.seeds.stateKey, encodings, starts, ends, writes.length, hashes)
  return hashes
}

const writeStorageEncoding = (
  writeSet: Uint8Array,
  { keyStart, keyEnd }: Write,
  target: Uint8Array,
  offset: number
): number => {
  const reader = new BcsReader.BcsReader(writeSet, keyStart, keyEnd)
  const variant = reader.uleb()
  target[offset] = StateKey.storageTags[variant] ?? reader.fail("UnknownVariant", `StateKey has no variant ${variant}`)
  let end = offset + 1
  const put = (part: Uint8Array): void => {
    target.set(part, end)
    end += part.length
  }
  if (variant === 0) {
    put(writeSet.subarray(reader.offset, keyEnd))
  } else {
    if (variant === 1) put(reader.fixed(HashValue.size))
    put(reader.byteString())
  }
  return end
}

/**
 * The changes that a write set (BCS) makes, in its order. The record of an item is its framed BCS: what a state
 * snapshot streams. Throws `BcsError`.
 */
export const stateChanges = (writeSet: Uint8Array): ReadonlyArray<StateTree.StateChange> => {
  const writes = scan(writeSet)
  const keyHashes = hashKeys(writeSet, writes)
  let room = 0
  for (const write of writes) {
    if (write.variant !== undefined) {
      room += lengthBytes + write.keyEnd - write.keyStart + 1 + write.valueEnd - write.valueStart
    }
  }
  const records = new Uint8Array(room)
  const view = new DataView(records.buffer)
  const recordStarts = new Uint32Array(writes.length)
  const valueStarts = new Uint32Array(writes.length)
  const ends = new Uint32Array(writes.length)
  let offset = 0
  writes.forEach((write, index) => {
    const { keyEnd, keyStart, valueEnd, valueStart, variant } = write
    recordStarts[index] = offset
    if (variant !== undefined) {
      const value = offset + lengthBytes + keyEnd - keyStart
      const end = value + 1 + valueEnd - valueStart
      view.setUint32(offset, end - offset - lengthBytes)
      records.set(writeSet.subarray(keyStart, keyEnd), offset + lengthBytes)
      records[value] = variant
      records.set(writeSet.subarray(valueStart, valueEnd), value + 1)
      valueStarts[index] = value
      offset = end
    } else {
      valueStarts[index] = offset
    }
    ends[index] = offset
  })
  const valueHashes = new Uint8Array(writes.length * HashValue.size)
  Sha3.hashRanges(HashValue.seeds.stateValue, records, valueStarts, ends, writes.length, valueHashes)
  return writes.map((write, index) => {
    const at = index * HashValue.size
    return {
      keyHash: keyHashes.subarray(at, at + HashValue.size),
      value: write.variant === undefined ? undefined : {
        valueHash: valueHashes.subarray(at, at + HashValue.size),
        record: records.subarray(recordStarts[index], ends[index])
      }
    }
  })
}
