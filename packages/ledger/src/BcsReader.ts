/**
 * A cursor over BCS bytes. Reads primitive values and throws `BcsError`; `Bcs.decode` turns the error into an `Either`.
 *
 * Layout of the primitives: docs/spec/formats.md, section 1.
 */
import { BcsError, type BcsErrorReason } from "./BcsError.ts"

/** The longest sequence of BCS, in elements: 2^31 - 1. */
export const maxSequenceLength = 0x7fffffff

/** The deepest nesting of containers of BCS. */
export const maxContainerDepth = 500

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** A cursor over `bytes[offset, end)`. Returns byte strings as views, never as copies. */
export class BcsReader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  offset: number
  end: number
  #depth = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.offset = start
    this.end = end
  }

  /** Moves to another range of the same bytes, so that one reader serves many records. */
  window(start: number, end: number): void {
    this.offset = start
    this.end = end
    this.#depth = 0
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.end - this.offset
  }

  fail(reason: BcsErrorReason, detail: string, offset = this.offset): never {
    throw new BcsError({ reason, offset, detail })
  }

  /** Skips `size` bytes and returns the offset of the first. */
  skip(size: number): number {
    const start = this.offset
    if (size > this.end - start) {
      this.fail("UnexpectedEnd", `${size} bytes needed, ${this.end - start} left`)
    }
    this.offset = start + size
    return start
  }

  u8(): number {
    const at = this.offset
    if (at >= this.end) this.fail("UnexpectedEnd", "a byte needed, none left")
    this.offset = at + 1
    return this.#view.getUint8(at)
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true)
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.skip(8), true)
  }

  /** A u64 that must be a safe integer: versions, epochs, indices, microseconds. */
  u53(): number {
    const at = this.skip(8)
    const high = this.#view.getUint32(at + 4, true)
    if (high > 0x1fffff) {
      this.fail("NumberTooLarge", `${this.#view.getBigUint64(at, true)} is above 2^53 - 1`, at)
    }
    return high * 0x1_0000_0000 + this.#view.getUint32(at, true)
  }

  /** An unsigned little-endian integer of `size` bytes, a multiple of 8. */
  unsigned(size: number): bigint {
    const at = this.skip(size)
    let value = 0n
    for (let word = size - 8; word >= 0; word -= 8) {
      value = (value << 64n) | this.#view.getBigUint64(at + word, true)
    }
    return value
  }

  bool(): boolean {
    const byte = this.u8()
    if (byte > 1) this.fail("InvalidBool", `${byte} is neither 0 nor 1`, this.offset - 1)
    return byte === 1
  }

  /** Reads the tag of an option and returns whether a value follows. */
  present(): boolean {
    const byte = this.u8()
    if (byte > 1) this.fail("InvalidOption", `${byte} is neither 0 nor 1`, this.offset - 1)
    return byte === 1
  }

  /** A canonical ULEB128 in the range of u32. */
  uleb(): number {
    const start = this.offset
    const first = this.u8()
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.u8()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (byte === 0) this.fail("InvalidUleb", "a trailing zero group", start)
        if (value > 0xffffffff) this.fail("InvalidUleb", "more than 32 bits", start)
        return value
      }
    }
    return this.fail("InvalidUleb", "more than five groups", start)
  }

  /**
   * The number of elements of a sequence. Every element takes a byte or more, so the reader refuses a length beyond the
   * remaining bytes before the caller allocates anything.
   */
  length(): number {
    const start = this.offset
    const length = this.uleb()
    if (length > maxSequenceLength) this.fail("LengthLimit", `${length} elements`, start)
    if (length > this.end - this.offset) {
      this.fail("UnexpectedEnd", `a length of ${length}, ${this.end - this.offset} bytes left`, start)
    }
    return length
  }

  /** A view on the next `size` bytes. */
  fixed(size: number): Uint8Array {
    const start = this.skip(size)
    return this.bytes.subarray(start, start + size)
  }

  /** A length, and a view on that many bytes. */
  byteString(): Uint8Array {
    return this.fixed(this.length())
  }

  skipByteString(): void {
    const length = this.length()
    this.offset += length
  }

  string(): string {
    const start = this.offset
    const bytes = this.byteString()
    try {
      return utf8.decode(bytes)
    } catch {
      return this.fail("InvalidUtf8", "a string that is not UTF-8", start)
    }
  }

  /** Enters a named container (struct or enum). Pair with {@link leave}. */
  enter(): void {
    this.#depth += 1
    if (this.#depth > maxContainerDepth) {
      this.fail("DepthLimit", `more than ${maxContainerDepth} nested containers`)
    }
  }

  leave(): void {
    this.#depth -= 1
  }

  /** Fails unless the reader has reached the end. */
  finish(): void {
    if (this.offset !== this.end) {
      this.fail("TrailingBytes", `${this.end - this.offset} bytes left after the value`)
    }
  }
}
