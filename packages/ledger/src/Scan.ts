/**
 * Finds the parts of records for the hot paths, without making an object of any part.
 *
 * A scan serves one batch after the other. `begin` takes the bytes of a batch, `add` the range of one record.
 * Afterwards the arrays of the scan hold the offsets of the parts of record `i`, for `i` below `count`, for hashing in
 * bulk. `add` may replace the arrays by longer ones, so read the arrays after the last record.
 *
 * A scan checks the structure of a record, but neither that strings are UTF-8 nor that map keys are in order: every
 * scan is followed by a comparison of the hash of the same bytes with a proven one.
 *
 * Records: docs/spec/formats.md, section 8.
 */
import { BcsReader } from "./BcsReader.ts"
import { copyRange } from "./Bytes.ts"
import { ContractEvent } from "./ContractEvent.ts"
import { EncryptedInner, EncryptedPayload } from "./EncryptedPayload.ts"
import type { RecordBatch } from "./Frames.ts"
import { StateKey, storageTags } from "./StateKey.ts"
import { StateValue } from "./StateValue.ts"
import { Transaction } from "./Transaction.ts"
import { ExecutionStatus, PersistedAuxiliaryInfo } from "./TransactionInfo.ts"
import { byteAt, GrowableBytes, lengthened, uint32At } from "./TypedArrays.ts"
import { WriteSet } from "./WriteSet.ts"

/** The two layouts of the records of transaction chunks. Only `V1` carries auxiliary infos. */
export type RecordFormat = "V0" | "V1"

const hashSize = 32
const initialCapacity = 256

/** The largest offset of an `Int32Array`, in which -1 means absent. */
const maxBatchBytes = 0x7fffffff

const noBytes = new Uint8Array(0)

/** The common part of the scans of all kinds of records. */
export abstract class RecordScan {
  /** Records scanned since `begin`. */
  count = 0
  protected reader: BcsReader = new BcsReader(noBytes)

  /** Forgets all records and takes the bytes of another batch. */
  begin(batch: Uint8Array): void {
    this.reader = new BcsReader(batch)
    if (batch.length > maxBatchBytes) this.reader.fail("LengthLimit", `a batch of ${batch.length} bytes`)
    this.count = 0
  }

  /**
   * Scans the record that takes exactly `[start, end)` of the batch. Throws `BcsError`, with an offset into the batch,
   * for a damaged record; the scan is then as before that record.
   */
  abstract add(start: number, end: number): void

  /** Forgets all records and scans the records `first` … `last - 1` of a batch. */
  scan(batch: RecordBatch, first: number, last: number): void {
    this.begin(batch.bytes)
    for (let index = first; index < last; index++) {
      this.add(uint32At(batch.starts, index), uint32At(batch.ends, index))
    }
  }
}

/**
 * The offset of an encrypted payload in a user transaction. The variant of the transaction, the sender and the sequence
 * number come first, then the variant of the payload, then the variant of the encrypted payload.
 */
const payloadAt = 1 + 32 + 8
const userTransaction = 0
const encryptedPayload = 5
const encrypted = 0

/**
 * The bytes to hash for the scanned transaction `bytes[start, end)`, where they differ from these: with the payload in
 * its encrypted form.
 */
const hashedForm = (bytes: Uint8Array, start: number, end: number): Uint8Array | undefined => {
  const at = start + payloadAt
  if (bytes[start] !== userTransaction || bytes[at] !== encryptedPayload || bytes[at + 1] === encrypted) {
    return undefined
  }
  const reader = new BcsReader(bytes, at + 1, end)
  EncryptedPayload.skip(reader)
  const payloadEnd = reader.offset
  reader.window(at + 2, end)
  EncryptedInner.skip(reader)
  const originalEnd = reader.offset

  const replacement = new Uint8Array(originalEnd - start + end - payloadEnd)
  replacement.set(bytes.subarray(start, originalEnd))
  replacement[payloadAt + 1] = encrypted
  replacement.set(bytes.subarray(payloadEnd, end), originalEnd - start)
  return replacement
}

/**
 * The parts of the records of a transaction chunk. All offsets count from the start of the batch.
 */
export class TransactionScan extends RecordScan {
  readonly format: RecordFormat

  transactionStarts: Uint32Array = new Uint32Array(initialCapacity)
  transactionEnds: Uint32Array = new Uint32Array(initialCapacity)

  /** Auxiliary infos: an empty range in format `V0`. */
  auxStarts: Uint32Array = new Uint32Array(initialCapacity)
  auxEnds: Uint32Array = new Uint32Array(initialCapacity)
  /** The variant of the auxiliary info: 0 `None`, 1 `V1`, 2 `TimestampNotYetAssignedV1`; 0 in format `V0`. */
  auxVariant: Uint8Array = new Uint8Array(initialCapacity)

  infoStarts: Uint32Array = new Uint32Array(initialCapacity)
  infoEnds: Uint32Array = new Uint32Array(initialCapacity)

  /** The offsets of the hashes in the transaction info; -1 for an absent hash. */
  transactionHashAt: Uint32Array = new Uint32Array(initialCapacity)
  eventRootAt: Uint32Array = new Uint32Array(initialCapacity)
  stateChangeAt: Uint32Array = new Uint32Array(initialCapacity)
  checkpointAt: Int32Array = new Int32Array(initialCapacity)
  auxiliaryHashAt: Int32Array = new Int32Array(initialCapacity)

  writeSetStarts: Uint32Array = new Uint32Array(initialCapacity)
  writeSetEnds: Uint32Array = new Uint32Array(initialCapacity)

  /** The events of record `i` are those from `eventFirst[i]` to before `eventFirst[i + 1]`. */
  eventFirst: Uint32Array = new Uint32Array(initialCapacity + 1)
  eventStarts: Uint32Array = new Uint32Array(initialCapacity)
  eventEnds: Uint32Array = new Uint32Array(initialCapacity)

  /**
   * By record: the bytes to hash in place of the bytes of the transaction. Only transactions whose encrypted payload
   * was decrypted, or failed to decrypt, have an entry.
   */
  readonly replacements: Map<number, Uint8Array> = new Map()

  constructor(format: RecordFormat) {
    super()
    this.format = format
  }

  /** Events of all records. */
  get eventCount(): number {
    return uint32At(this.eventFirst, this.count)
  }

  override begin(batch: Uint8Array): void {
    super.begin(batch)
    this.replacements.clear()
  }

  override add(start: number, end: number): void {
    const index = this.count
    if (index === this.transactionStarts.length) this.#grow(2 * index)
    const reader = this.reader
    reader.window(start, end)

    this.transactionStarts[index] = start
    Transaction.skip(reader)
    const transactionEnd = reader.offset
    this.transactionEnds[index] = transactionEnd

    this.auxStarts[index] = transactionEnd
    this.auxVariant[index] = 0
    if (this.format === "V1") {
      PersistedAuxiliaryInfo.skip(reader)
      this.auxVariant[index] = byteAt(reader.bytes, transactionEnd)
    }
    this.auxEnds[index] = reader.offset

    this.#info(reader, index)
    const events = this.#events(reader, index)

    this.writeSetStarts[index] = reader.offset
    WriteSet.skip(reader)
    this.writeSetEnds[index] = reader.offset
    reader.finish()

    const replacement = hashedForm(reader.bytes, start, transactionEnd)
    if (replacement !== undefined) this.replacements.set(index, replacement)
    this.eventFirst[index + 1] = events
    this.count = index + 1
  }

  #info(reader: BcsReader, index: number): void {
    const start = reader.offset
    this.infoStarts[index] = start
    const variant = reader.uleb()
    if (variant !== 0) reader.fail("UnknownVariant", `TransactionInfo has no variant ${variant}`, start)
    reader.skip(8)
    ExecutionStatus.skip(reader)
    this.transactionHashAt[index] = reader.skip(hashSize)
    this.eventRootAt[index] = reader.skip(hashSize)
    this.stateChangeAt[index] = reader.skip(hashSize)
    this.checkpointAt[index] = reader.present() ? reader.skip(hashSize) : -1
    this.auxiliaryHashAt[index] = reader.present() ? reader.skip(hashSize) : -1
    this.infoEnds[index] = reader.offset
  }

  /** Appends the events of a record. Returns the number of events of all records. */
  #events(reader: BcsReader, index: number): number {
    const first = uint32At(this.eventFirst, index)
    const last = first + reader.length()
    for (let event = first; event < last; event++) {
      // The arrays grow with the events that were found, not with the length that the record claims.
      if (event === this.eventStarts.length) {
        this.eventStarts = lengthened(this.eventStarts, 2 * event)
        this.eventEnds = lengthened(this.eventEnds, 2 * event)
      }
      this.eventStarts[event] = reader.offset
      ContractEvent.skip(reader)
      this.eventEnds[event] = reader.offset
    }
    return last
  }

  #grow(capacity: number): void {
    this.transactionStarts = lengthened(this.transactionStarts, capacity)
    this.transactionEnds = lengthened(this.transactionEnds, capacity)
    this.auxStarts = lengthened(this.auxStarts, capacity)
    this.auxEnds = lengthened(this.auxEnds, capacity)
    this.auxVariant = lengthened(this.auxVariant, capacity)
    this.infoStarts = lengthened(this.infoStarts, capacity)
    this.infoEnds = lengthened(this.infoEnds, capacity)
    this.transactionHashAt = lengthened(this.transactionHashAt, capacity)
    this.eventRootAt = lengthened(this.eventRootAt, capacity)
    this.stateChangeAt = lengthened(this.stateChangeAt, capacity)
    this.checkpointAt = lengthened(this.checkpointAt, capacity)
    this.auxiliaryHashAt = lengthened(this.auxiliaryHashAt, capacity)
    this.writeSetStarts = lengthened(this.writeSetStarts, capacity)
    this.writeSetEnds = lengthened(this.writeSetEnds, capacity)
    this.eventFirst = lengthened(this.eventFirst, capacity + 1)
  }
}

const accessPath = 0
const tableItem = 1

/** The offset of the key in the key of a table item, with its length: after the variant and the handle. */
const tableKeyAt = 1 + 32

/**
 * The parts of the records of a state snapshot chunk: keys and values. All offsets but those of the staged keys count
 * from the start of the batch.
 */
export class StateRecordScan extends RecordScan {
  /** BCS of the keys. */
  keyStarts: Uint32Array = new Uint32Array(initialCapacity)
  keyEnds: Uint32Array = new Uint32Array(initialCapacity)
  /** The variant of the key: 0 `AccessPath`, 1 `TableItem`, 2 `Raw`. */
  keyVariant: Uint8Array = new Uint8Array(initialCapacity)

  valueStarts: Uint32Array = new Uint32Array(initialCapacity)
  valueEnds: Uint32Array = new Uint32Array(initialCapacity)

  /** After `stageKeys`: the ranges of the storage encodings of the keys in the staged bytes. */
  stagedStarts: Uint32Array = new Uint32Array(initialCapacity)
  stagedEnds: Uint32Array = new Uint32Array(initialCapacity)

  /** The offset of the last byte string of each key, after its length. */
  #tailStarts: Uint32Array = new Uint32Array(initialCapacity)
  readonly #staged = new GrowableBytes()
  /** The size of all keys in bytes; their storage encodings are no longer. */
  #keyBytes = 0
  override begin(batch: Uint8Array): void {
    super.begin(batch)
    this.#keyBytes = 0
  }

  override add(start: number, end: number): void {
    const index = this.count
    if (index === this.keyStarts.length) this.#grow(2 * index)
    const reader = this.reader
    reader.window(start, end)

    StateKey.skip(reader)
    const keyEnd = reader.offset
    StateValue.skip(reader)
    reader.finish()

    const variant = byteAt(reader.bytes, start)
    reader.window(start + (variant === tableItem || variant === accessPath ? tableKeyAt : 1), keyEnd)
    reader.uleb()

    this.keyStarts[index] = start
    this.keyEnds[index] = keyEnd
    this.keyVariant[index] = variant
    this.#tailStarts[index] = reader.offset
    this.valueStarts[index] = keyEnd
    this.valueEnds[index] = end
    this.#keyBytes += keyEnd - start
    this.count = index + 1
  }

  /**
   * Writes the storage encodings of all keys, one after the other, and returns their bytes, which the next call
   * overwrites. `stagedStarts` and `stagedEnds` then hold the range of each encoding.
   */
  stageKeys(): Uint8Array {
    const staged = this.#staged.reserve(this.#keyBytes)
    const bytes = this.reader.bytes
    let at = 0
    for (let index = 0; index < this.count; index++) {
      const start = uint32At(this.keyStarts, index)
      const end = uint32At(this.keyEnds, index)
      const variant = byteAt(this.keyVariant, index)
      this.stagedStarts[index] = at
      // The encoding of an access path is its BCS. Others are their BCS without the length before the last byte string.
      const tail = variant === accessPath ? start : uint32At(this.#tailStarts, index)
      if (variant === tableItem) {
        copyRange(bytes, start, start + tableKeyAt, staged, at)
        at += tableKeyAt
      } else if (variant !== accessPath) {
        staged[at++] = storageTags[2]
      }
      copyRange(bytes, tail, end, staged, at)
      at += end - tail
      this.stagedEnds[index] = at
    }
    return staged
  }

  #grow(capacity: number): void {
    this.keyStarts = lengthened(this.keyStarts, capacity)
    this.keyEnds = lengthened(this.keyEnds, capacity)
    this.keyVariant = lengthened(this.keyVariant, capacity)
    this.valueStarts = lengthened(this.valueStarts, capacity)
    this.valueEnds = lengthened(this.valueEnds, capacity)
    this.stagedStarts = lengthened(this.stagedStarts, capacity)
    this.stagedEnds = lengthened(this.stagedEnds, capacity)
    this.#tailStarts = lengthened(this.#tailStarts, capacity)
  }
}
