/**
 * Records in files and streams: each a big-endian u32 length and that many bytes.
 *
 * ```
 * stream  record*
 * record  length u32, big-endian · payload
 * ```
 *
 * A stream ends cleanly at the end of a record; a record may be empty. A length is only believed once the bytes have
 * arrived: it never makes anything be allocated.
 *
 * Source: docs/spec/formats.md, section 8.
 */
import * as Data from "effect/Data"
import { byteAt, lengthened } from "./TypedArrays.ts"

/**
 * - `RecordTooLarge`: a record claims to be larger than the limit that was set.
 * - `Truncated`: the stream ends within a record.
 */
export type FrameErrorReason = "RecordTooLarge" | "Truncated"

/**
 * A stream is not a run of whole records. `offset` is where in the stream the record begins, in bytes; `recordIndex`
 * counts records from 0.
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
 * Whole records that lie one behind the other. Record `i` is `bytes[starts[i], ends[i])`; its length stands in the four
 * bytes before. Nothing but the records is in `bytes`, so it can be written on as it is.
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
  /** Largest payload of a record, in bytes; 2^31 - 5 at most. */
  readonly maxRecordBytes: number
  /** Most bytes of a received buffer that one batch may cover; 1 GiB if not given. */
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
 * Batches are views on the received buffers, which therefore must not be written to again. Only a record that lies
 * across two or more buffers is copied, into a buffer that grows with what has arrived.
 */
export class FrameSplitter {
  readonly #maxRecordBytes: number
  readonly #maxBatchBytes: number
  /** The beginning of a record whose end is yet to come: the first `#pendingSize` bytes. */
  #pending = noBytes
  #pendingSize = 0
  /** Where in the stream the next record begins, and how many came before it. */
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
   * Takes the next bytes of the stream and returns the records that they complete, in order: mostly one batch, two
   * where a record from an earlier buffer is completed first. Throws `FrameError`; the splitter is of no use then.
   */
  push(received: Uint8Array): ReadonlyArray<RecordBatch> {
    // Views on Node's own kind of buffer are dear, and code that meets two kinds of arrays is slower.
    const bytes = new Uint8Array(received.buffer, received.byteOffset, received.length)
    const batches: Array<RecordBatch> = []
    let at = this.#pendingSize > 0 ? this.#complete(bytes, batches) : 0
    while (at < bytes.length) {
      const window = bytes.subarray(at, at + this.#maxBatchBytes)
      const used = this.#cut(window, batches)
      at += used
      // The record that the window ends in is completed from what follows.
      if (used < window.length) at += this.#complete(bytes.subarray(at), batches)
    }
    return batches
  }

  /** Declares the end of the stream; throws `FrameError` if it lies within a record. */
  finish(): void {
    if (this.#pendingSize === 0) return
    const detail = this.#pendingSize < headerSize
      ? `${this.#pendingSize} of ${headerSize} bytes of its length are there`
      : `${this.#pendingSize - headerSize} of its ${lengthAt(this.#pending, 0)} bytes are there`
    throw this.#error("Truncated", detail)
  }

  /** Turns the whole records at the start of `window` into a batch; returns how many bytes that were. */
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

  /** Adds to the pending record what it lacks, or what there is; returns how many bytes of `bytes` that were. */
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

  /** Copies bytes from `start` on until the pending record has `total` bytes; returns how many those were. */
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

  /** The length of a record, `ahead` bytes and `records` records after what was returned so far. */
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

/** The stream of these payloads, each behind its length. Throws `FrameError` for a payload of 2^32 bytes or more. */
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
