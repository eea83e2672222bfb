/** Copies of records, in as few arrays as there can be. */

const grown = (array: Uint8Array, length: number): Uint8Array => {
  const larger = new Uint8Array(Math.max(2 * array.length, length))
  larger.set(array)
  return larger
}

export class RecordBuffer {
  #bytes: Uint8Array
  #starts = new Uint32Array(1024)
  #ends = new Uint32Array(1024)
  #length = 0
  #count = 0

  /** Has room for so many bytes at once, and grows beyond. */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Bytes of the records. */
  get length(): number {
    return this.#length
  }

  /** Takes in the records `from` … `to - 1` of a batch: record `i` is `bytes[starts[i], ends[i])`, one after the other. */
  addAll(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, from: number, to: number): void {
    if (from >= to) return
    const start = starts[from] ?? 0
    const end = ends[to - 1] ?? start
    const shift = this.#copy(bytes, start, end) - start
    for (let index = from; index < to; index++) this.#note((starts[index] ?? 0) + shift, (ends[index] ?? 0) + shift)
  }

  /** Takes in one record, made of these parts. */
  add(...parts: ReadonlyArray<Uint8Array>): void {
    const start = this.#length
    for (const part of parts) this.#copy(part, 0, part.length)
    this.#note(start, this.#length)
  }

  #copy(bytes: Uint8Array, start: number, end: number): number {
    const at = this.#length
    this.#length += end - start
    if (this.#length > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#length)
    this.#bytes.set(bytes.subarray(start, end), at)
    return at
  }

  #note(start: number, end: number): void {
    if (this.#count === this.#ends.length) {
      const starts = new Uint32Array(2 * this.#count)
      starts.set(this.#starts)
      this.#starts = starts
      const ends = new Uint32Array(2 * this.#count)
      ends.set(this.#ends)
      this.#ends = ends
    }
    this.#starts[this.#count] = start
    this.#ends[this.#count] = end
    this.#count += 1
  }

  /** A record, without its length. A view. */
  record(index: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[index], this.#ends[index])
  }

  /** The bytes of all records, and what stood between them. Longer than that. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Where in the bytes a record begins. */
  startOf(index: number): number {
    return this.#starts[index] ?? 0
  }
}

/** Copies of hashes that lie one after the other. */
export class HashBuffer {
  bytes: Uint8Array = new Uint8Array(32 * 1024)
  #length = 0

  add(hashes: Uint8Array, length: number): void {
    const at = this.#length
    this.#length += length
    if (this.#length > this.bytes.length) this.bytes = grown(this.bytes, this.#length)
    this.bytes.set(hashes.subarray(0, length), at)
  }
}
