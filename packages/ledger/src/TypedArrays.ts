/**
 * Reads and grows typed arrays, in which hot paths keep records as bytes and offsets instead of objects.
 */

/** An index out of bounds is a bug, which must not pass for a zero. */
const outOfBounds = (index: number, length: number): never => {
  throw new RangeError(`index ${index} is out of the bounds of an array of ${length}`)
}

// One function for each kind of array: V8 compiles a faster read for a function that meets one kind alone.

/** The byte at an index. Throws `RangeError` out of bounds. */
export const byteAt = (bytes: Uint8Array, index: number): number => bytes[index] ?? outOfBounds(index, bytes.length)

/** The number at an index. Throws `RangeError` out of bounds. */
export const uint32At = (numbers: Uint32Array, index: number): number =>
  numbers[index] ?? outOfBounds(index, numbers.length)

/** The number at an index. Throws `RangeError` out of bounds. */
export const int32At = (numbers: Int32Array, index: number): number =>
  numbers[index] ?? outOfBounds(index, numbers.length)

/** The number at an index. Throws `RangeError` out of bounds. */
export const bigUint64At = (numbers: BigUint64Array, index: number): bigint =>
  numbers[index] ?? outOfBounds(index, numbers.length)

/** A longer copy of an array, filled up with zeros. */
export function lengthened(array: Uint8Array, length: number): Uint8Array<ArrayBuffer>
export function lengthened(array: Uint32Array, length: number): Uint32Array<ArrayBuffer>
export function lengthened(array: Int32Array, length: number): Int32Array<ArrayBuffer>
export function lengthened(array: Uint8Array | Uint32Array | Int32Array, length: number) {
  const longer = array instanceof Uint8Array
    ? new Uint8Array(length)
    : array instanceof Uint32Array
    ? new Uint32Array(length)
    : new Int32Array(length)
  longer.set(array)
  return longer
}

/** Bytes with room to grow at their end. */
export class GrowableBytes {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0

  /** `capacity`: the size of the first array, in bytes. */
  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length
  }

  /** The bytes, and the room behind them. Growth replaces the array, so read this property again afterwards. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes
  }

  /** Makes room for `length` bytes in total and returns the array. */
  reserve(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#bytes.length) this.#bytes = lengthened(this.#bytes, Math.max(2 * this.#bytes.length, length))
    return this.#bytes
  }

  /** Adds `size` bytes, which the caller sets, and returns the offset of the first. */
  extend(size: number): number {
    const start = this.#length
    this.reserve(start + size)
    this.#length = start + size
    return start
  }

  /** Adds a copy of `source[start, end)` and returns its offset. */
  append(source: Uint8Array, start = 0, end = source.length): number {
    const at = this.extend(end - start)
    this.#bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), at)
    return at
  }

  /** The bytes from `start` on. A view. */
  written(start = 0): Uint8Array {
    return this.#bytes.subarray(start, this.#length)
  }
}

/** Numbers below 2^32 with room to grow at their end. */
export class GrowableUint32 {
  #numbers = new Uint32Array(1024)
  #length = 0

  /** Numbers so far. */
  get length(): number {
    return this.#length
  }

  /** The numbers, and the room behind them. Growth replaces the array, so read this property again afterwards. */
  get numbers(): Uint32Array {
    return this.#numbers
  }

  push(number: number): void {
    if (this.#length === this.#numbers.length) this.#numbers = lengthened(this.#numbers, 2 * this.#length)
    this.#numbers[this.#length] = number
    this.#length += 1
  }

  /** The number at an index. Throws `RangeError` out of bounds. */
  at(index: number): number {
    return index < this.#length ? uint32At(this.#numbers, index) : outOfBounds(index, this.#length)
  }
}
