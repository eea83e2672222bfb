/** Copies of records, in as few arrays as possible. */
import { GrowableBytes, GrowableUint32, uint32At } from "@holdfast/ledger/TypedArrays"

export class RecordBuffer {
  readonly #bytes: GrowableBytes
  readonly #starts = new GrowableUint32()
  readonly #ends = new GrowableUint32()

  /** `capacity`: bytes to allocate at once. */
  constructor(capacity: number) {
    this.#bytes = new GrowableBytes(capacity)
  }

  get count(): number {
    return this.#ends.length
  }

  /** Bytes of the records. */
  get length(): number {
    return this.#bytes.length
  }

  /** Copies the records `from` … `to - 1` of a batch. Record `i` is `bytes[starts[i], ends[i])`, and they are in order. */
  addAll(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, from: number, to: number): void {
    if (from >= to) return
    const start = uint32At(starts, from)
    const shift = this.#bytes.append(bytes, start, uint32At(ends, to - 1)) - start
    for (let index = from; index < to; index++) {
      this.#starts.push(uint32At(starts, index) + shift)
      this.#ends.push(uint32At(ends, index) + shift)
    }
  }

  /** Adds one record, the concatenation of these parts. */
  add(...parts: ReadonlyArray<Uint8Array>): void {
    this.#starts.push(this.length)
    for (const part of parts) this.#bytes.append(part)
    this.#ends.push(this.length)
  }

  /** A record, without its length. A view. */
  record(index: number): Uint8Array {
    return this.#bytes.bytes.subarray(this.#starts.at(index), this.#ends.at(index))
  }

  /** The bytes of all records, whatever lay between them, and room behind them. */
  get bytes(): Uint8Array {
    return this.#bytes.bytes
  }

  /** Where in {@link bytes} a record begins. */
  startOf(index: number): number {
    return this.#starts.at(index)
  }
}
