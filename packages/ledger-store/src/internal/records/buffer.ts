/** Copies of records, in as few arrays as there can be. */
import { GrowableBytes, GrowableUint32, uint32At } from "@holdfast/ledger/TypedArrays"

export class RecordBuffer {
  readonly #bytes: GrowableBytes
  readonly #starts = new GrowableUint32()
  readonly #ends = new GrowableUint32()

  /** Has room for so many bytes at once, and grows beyond. */
  constructor(capacity: number) {
    this.#bytes = new GrowableBytes(capacity)
  }

  get count(): number {
    return this.#ends.length
  }

  /** Bytes of the records, and of what stands between them. */
  get length(): number {
    return this.#bytes.length
  }

  /** Takes in the records `from` … `to - 1` of a batch: record `i` is `bytes[starts[i], ends[i])`, one after the other. */
  addAll(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, from: number, to: number): void {
    if (from >= to) return
    const start = uint32At(starts, from)
    const shift = this.#bytes.append(bytes, start, uint32At(ends, to - 1)) - start
    for (let index = from; index < to; index++) {
      this.#starts.push(uint32At(starts, index) + shift)
      this.#ends.push(uint32At(ends, index) + shift)
    }
  }

  /** Takes in one record, made of these parts. */
  add(...parts: ReadonlyArray<Uint8Array>): void {
    this.#starts.push(this.#bytes.length)
    for (const part of parts) this.#bytes.append(part)
    this.#ends.push(this.#bytes.length)
  }

  /** A record, without its length. A view. */
  record(index: number): Uint8Array {
    return this.#bytes.bytes.subarray(this.#starts.at(index), this.#ends.at(index))
  }

  /** The bytes of all records, and what stands between them; room behind them. */
  get bytes(): Uint8Array {
    return this.#bytes.bytes
  }

  /** Where in the bytes a record begins. */
  startOf(index: number): number {
    return this.#starts.at(index)
  }
}

/** Copies of hashes that lie one after the other. */
export class HashBuffer {
  readonly #hashes = new GrowableBytes(32 * 1024)

  get bytes(): Uint8Array {
    return this.#hashes.bytes
  }

  add(hashes: Uint8Array, length: number): void {
    this.#hashes.append(hashes, 0, length)
  }
}
