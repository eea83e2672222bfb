/**
 * Framed records, in files and streams: each record follows its length, a big-endian u32.
 *
 * ```
 * stream  record*
 * record  length u32, big-endian · payload
 * ```
 *
 * A stream ends at the end of a record. A record may be empty. The splitter allocates memory for bytes that have
 * arrived, never for a length that a stream claims.
 *
 * Source: docs/spec/formats.md, section 8.
 */
import * as Data from "effect/Data"
import { byteAt, lengthened } from "./TypedArrays.ts"

/**
 * - `RecordTooLarge`: a record is larger than the limit.
 * - `Truncated`: the stream ends within a record.
 */
export type FrameErrorReason = "RecordTooLarge" | "Truncated"

/**
 * A stream does not consist of whole records. `offset` is the byte of the stream at which the record begins;
 * `recordIndex` counts records from 0.
 */
export class FrameError extends Data.TaggedError("FrameError")<{
  readonly reason: FrameErrorReason
  readonly offset: number
  readonly recordIndex: number
  readonly detail: string
}> {
  override get message(): string {
    const place = `record ${this.recordIndex} at byte ${this.offset}: ${this.detail}`
    return this.reason === "Truncated"
      ? `${place}; the file or transfer was cut short, or its content is damaged`
      : `${place}; the content is damaged, or the limit must be raised`
  }
}

/**
 * Whole framed records, one after the other. Record `i` is `bytes[starts[i], ends[i])`; its length is in the four bytes
 * before. `bytes` holds nothing else, so a caller can write `bytes` to a file as they are.
 */
export interface RecordBatch {
  /** Lengths and payloads. */
  readonly bytes: Uint8Array
  readonly count: number
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

/** A record, without its length. A view. */
export const recordAt = ({ bytes, ends, starts }: RecordBatch, index: number): Uint8Array =>
  bytes.subarray(starts[index], ends[index])

/** All records, in order, without their lengths. Views. */
export const recordsOf = (batch: RecordBatch): ReadonlyArray<Uint8Array> =>
  Array.from({ length: batch.count }, (_, index) => recordAt(batch, index))

export interface FrameSplitterOptions {
  /** The largest accepted record, in bytes without its length; 2^31 - 5 at most. */
  readonly maxRecordBytes: number
  /** The most bytes of a received buffer that one batch covers; 1 GiB by default. */
  readonly maxBatchBytes?: number
}

const headerSize = 4
const noBytes = new Uint8Array(0)

const lengthAt = (bytes: Uint8Array, at: number): number =>
  byteAt(bytes, at) * 0x100_0000 +
  ((byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3))

/**
 * Cuts a stream that arrives in buffers of any size into batches of whole records.
 *
 * A batch is a view of a received buffer, so nobody may change the buffers afterwards. The splitter copies a record
 * only where the record lies across two or more buffers.
 */
export class FrameSplitter {
  readonly #maxRecordBytes: number
  readonly #maxBatchBytes: number
  /** The beginning of a record that is not complete: the first `#pendingSize` bytes. */
  #pending = noBytes
  #pendingSize = 0
  /** The byte of the stream at which the next record begins, and the number of records before it. */
  #offset = 0
  #records = 0

  constructor(options: FrameSplitterOptions) {
    this.#maxRecordBytes = Math.min(options.maxRecordBytes, 0x7fffffff - headerSize)
    this.#maxBatchBytes = options.maxBatchBytes ?? 0x4000_0000
  }

  /** Whole records so far. */
  get recordCount(): number {
    return this.#records
  }

  /**
   * Takes the next bytes of the stream and returns the records that they complete, in order. These are mostly one
   * batch, and two where the bytes complete a record of an earlier buffer. Throws `FrameError`; do not use the splitter
   * then.
   */
  push(received: Uint8Array): ReadonlyArray<RecordBatch> {
    // Views of Node's own `Buffer` are slow to make, and code that meets two kinds of arrays runs slower.
    const bytes = new Uint8Array(received.buffer, received.byteOffset, received.length)
    const batches: Array<RecordBatch> = []
    let at = this.#pendingSize > 0 ? this.#complete(bytes, batches) : 0
    while (at < bytes.length) {
      const window = bytes.subarray(at, at + this.#maxBatchBytes)
      const used = this.#cut(window, batches)
      at += used
      // The window ends within a record, which the bytes behind the window complete.
      if (used < window.length) at += this.#complete(bytes.subarray(at), batches)
    }
    return batches
  }

  /** Ends the stream. Throws `FrameError` where the stream ends within a record. */
  finish(): void {
    if (this.#pendingSize === 0) return
    const detail = this.#pendingSize < headerSize
      ? `${this.#pendingSize} of the ${headerSize} bytes of its length arrived`
      : `${this.#pendingSize - headerSize} of its ${lengthAt(this.#pending, 0)} bytes arrived`
    throw this.#error("Truncated", detail)
  }

  /** Makes a batch of the whole records at the start of `window`. Returns their size in bytes. */
  #cut(window: Uint8Array, batches: Array<RecordBatch>): number {
    let count = 0
    let used = 0
    while (headerSize <= window.length - used) {
      const length = this.#checked(lengthAt(window, used), used, count)
      if (length > window.length - used - headerSize) break
      used += headerSize + length
      count += 1
    }
    if (count > 0) this.#emit(window.subarray(0, used), count, batches)
    return used
  }

  /** Adds bytes to the pending record, up to its end. Returns how many. */
  #complete(bytes: Uint8Array, batches: Array<RecordBatch>): number {
    let used = this.#append(bytes, 0, headerSize)
    if (this.#pendingSize < headerSize) return used
    const total = headerSize + this.#checked(lengthAt(this.#pending, 0), 0, 0)
    used += this.#append(bytes, used, total)
    if (this.#pendingSize < total) return used
    const record = this.#pending.subarray(0, total)
    this.#pending = noBytes
    this.#pendingSize = 0
    this.#emit(record, 1, batches)
    return used
  }

  /** Copies bytes from `start` on until the pending record has `total` bytes. Returns how many. */
  #append(bytes: Uint8Array, start: number, total: number): number {
    const size = Math.min(total - this.#pendingSize, bytes.length - start)
    if (size <= 0) return 0
    const needed = this.#pendingSize + size
    if (needed > this.#pending.length) {
      this.#pending = lengthened(this.#pending, Math.max(needed, Math.min(2 * this.#pending.length, total)))
    }
    this.#pending.set(bytes.subarray(start, start + size), this.#pendingSize)
    this.#pendingSize = needed
    return size
  }

  #emit(bytes: Uint8Array, count: number, batches: Array<RecordBatch>): void {
    const starts = new Uint32Array(count)
    const ends = new Uint32Array(count)
    let at = 0
    for (let index = 0; index < count; index++) {
      const start = at + headerSize
      at = start + lengthAt(bytes, at)
      starts[index] = start
      ends[index] = at
    }
    this.#offset += bytes.length
    this.#records += count
    batches.push({ bytes, count, starts, ends })
  }

  /** Checks the length of the record that begins `ahead` bytes and `records` records after the last batch. */
  #checked(length: number, ahead: number, records: number): number {
    if (length > this.#maxRecordBytes) {
      throw this.#error("RecordTooLarge", `${length} bytes, over the limit of ${this.#maxRecordBytes}`, ahead, records)
    }
    return length
  }

  #error(reason: FrameErrorReason, detail: string, ahead = 0, records = 0): FrameError {
    return new FrameError({ reason, offset: this.#offset + ahead, recordIndex: this.#records + records, detail })
  }
}

/** Frames records: the stream of these payloads. Throws `FrameError` for a payload of 2^32 bytes or more. */
export const frame = (payloads: ReadonlyArray<Uint8Array>): Uint8Array => {
  let size = 0
  for (const [recordIndex, payload] of payloads.entries()) {
    if (payload.length > 0xffffffff) {
      const detail = `${payload.length} bytes do not fit a u32 length`
      throw new FrameError({ reason: "RecordTooLarge", offset: size, recordIndex, detail })
    }
    size += headerSize + payload.length
  }
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const payload of payloads) {
    view.setUint32(at, payload.length)
    bytes.set(payload, at + headerSize)
    at += headerSize + payload.length
  }
  return bytes
}
