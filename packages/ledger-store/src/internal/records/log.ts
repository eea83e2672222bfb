/** Framed records (big-endian u32 length, then the bytes) in memory, in their order of arrival. */

/** About the size of a batch of records in a stream, in bytes. */
export const batchBytes = 256 * 1024

const headerBytes = 4

/**
 * Records lie in slabs of {@link batchBytes}, so that a batch of a stream is a view of a slab. No record lies across two
 * slabs; a larger record has a slab of its own.
 */
export class RecordLog {
  readonly #slabs: Array<Uint8Array> = []
  /** Bytes used of the last slab. */
  #used = 0
  /** By record: the slab, and where in the slab the record begins. */
  readonly #slabOf: Array<number> = []
  readonly #startOf: Array<number> = []

  /** Records so far. */
  get count(): number {
    return this.#startOf.length
  }

  /** Appends one record, the concatenation of these parts. */
  append(parts: ReadonlyArray<Uint8Array>): void {
    let length = 0
    for (const part of parts) length += part.length
    const slab = this.#slabFor(headerBytes + length)
    const start = this.#used
    new DataView(slab.buffer).setUint32(start, length)
    let offset = start + headerBytes
    for (const part of parts) {
      slab.set(part, offset)
      offset += part.length
    }
    this.#slabOf.push(this.#slabs.length - 1)
    this.#startOf.push(start)
    this.#used = offset
  }

  #slabFor(size: number): Uint8Array {
    const last = this.#slabs.at(-1)
    if (last !== undefined && this.#used + size <= last.length) return last
    const slab = new Uint8Array(Math.max(size, batchBytes))
    this.#slabs.push(slab)
    this.#used = 0
    return slab
  }

  /** The bytes of a record without its length; `undefined` beyond the end. A view. */
  get(index: number): Uint8Array | undefined {
    const place = this.#place(index)
    return place === undefined ? undefined : place.slab.subarray(place.start + headerBytes, place.end)
  }

  /** The framed records `from` … `to - 1`, as far as there are any: views of whole records. */
  *batches(from: number, to: number): Generator<Uint8Array, void, undefined> {
    const end = Math.min(to, this.count)
    for (let index = from; index < end;) {
      const first = this.#place(index)
      if (first === undefined) return
      let last = first
      for (index += 1; index < end && this.#slabOf[index] === first.slabIndex; index++) {
        last = this.#place(index) ?? last
      }
      yield first.slab.subarray(first.start, last.end)
    }
  }

  #place(index: number): Place | undefined {
    const slabIndex = this.#slabOf[index]
    const start = this.#startOf[index]
    if (slabIndex === undefined || start === undefined) return undefined
    const slab = this.#slabs[slabIndex]
    if (slab === undefined) return undefined
    const length = new DataView(slab.buffer).getUint32(start)
    return { slab, slabIndex, start, end: start + headerBytes + length }
  }
}

interface Place {
  readonly slab: Uint8Array
  readonly slabIndex: number
  readonly start: number
  readonly end: number
}
