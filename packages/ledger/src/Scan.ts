/**
 * Finding the parts of records without making objects of them: for the hot paths.
 *
 * A scan is made once and reused. `begin` gives it the bytes of a batch, `add` the range of one record; afterwards its
 * arrays say where in the batch the parts of record `i` lie, for `i` below `count`, ready for hashing in bulk. The
 * arrays may be replaced by longer ones in `add`, so read them from the scan after the last record.
 *
 * Structure is checked fully, except that strings are not checked to be UTF-8 nor map keys to be in order: whoever
 * scans compares a hash of the same bytes with one that is proven.
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

/** The two layouts of the records in transaction chunks; only `V1` carries auxiliary infos. */
export type RecordFormat = "V0" | "V1"

const hashSize = 32
const initialCapacity = 256

/** Offsets have to fit `Int32Array`, where -1 means absent. */
const maxBatchBytes = 0x7fffffff

const noBytes = new Uint8Array(0)

/** What the scans of all kinds of records share. */
export abstract class RecordScan {
  /** Records scanned since `begin`. */
  count = 0
  protected reader: BcsReader = new BcsReader(noBytes)

  /** Forgets what was scanned and goes on to the records of another batch. */
  begin(batch: Uint8Array): void {
    this.reader = new BcsReader(batch)
    if (batch.length > maxBatchBytes) this.reader.fail("LengthLimit", `a batch of ${batch.length} bytes`)
    this.count = 0
  }

  /**
   * Scans the record that is exactly `[start, end)` of the batch. Throws `BcsError`, with an offset into the batch, for a
   * record that is not what it should be; the scan then stands as it was before that record.
   */
  abstract add(start: number, end: number): void

  /** Begins, and scans the records `first` … `last - 1` of a batch. */
  scan(batch: RecordBatch, first: number, last: number): void {
    this.begin(batch.bytes)
    for (let index = first; index < last; index++) {
      this.add(uint32At(batch.starts, index), uint32At(batch.ends, index))
    }
  }
}

/**
 * Where an encrypted payload begins in a user transaction: after the variant of the transaction, the sender and the
 * sequence number stand the variant of the payload and then that of the encrypted payload.
 */
const payloadAt = 1 + 32 + 8
const userTransaction = 0
const encryptedPayload = 5
const encrypted = 0

/**
 * The bytes to hash for the user transaction `bytes[start, end)`, which has been scanned, if they differ from those
 * that stand there: the payload in its encrypted form.
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

  /** Where the hashes in the transaction info begin; -1 for one that is absent. */
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
   * By record: the bytes to hash in place of the transaction's own. Only for encrypted payloads that have been opened
   * or have failed to open.
   */
  readonly replacements: Map<number, Uint8Array> = new Map()

  constructor(format: RecordFormat) {
    super()
    this.format = format
  }

  /** All events since `begin`. */
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

  /** Appends the events of a record and returns how many there are since `begin`. */
  #events(reader: BcsReader, index: number): number {
    const first = uint32At(this.eventFirst, index)
    const last = first + reader.length()
    for (let event = first; event < last; event++) {
      // Grown by what has been found, not by the length that is claimed.
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

/** Where the bytes of a table item's key begin, or rather their length: after the variant and the handle. */
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

  /** After `stageKeys`: where in the staged bytes the storage encoding of each key lies. */
  stagedStarts: Uint32Array = new Uint32Array(initialCapacity)
  stagedEnds: Uint32Array = new Uint32Array(initialCapacity)

  /** Where the last byte string of each key begins, after its length. */
  #tailStarts: Uint32Array = new Uint32Array(initialCapacity)
  readonly #staged = new GrowableBytes()
  /** Bytes of all keys: their storage encodings are no longer. */
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
   * Writes the storage encodings of all keys one after the other and returns the bytes that hold them, which are
   * reused by the next call; `stagedStarts` and `stagedEnds` then say where each of them lies.
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
