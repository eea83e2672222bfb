/**
 * Writes BCS to one growing buffer.
 *
 * Layout of the primitives: docs/spec/formats.md, section 1.
 */
import { BcsError, type BcsErrorReason } from "./BcsError.ts"
import { maxContainerDepth, maxSequenceLength } from "./BcsReader.ts"
import { GrowableBytes } from "./TypedArrays.ts"

const utf8 = new TextEncoder()

/** Half a character: with the flag `u`, only a surrogate without its partner matches. */
const loneSurrogate = /\p{Surrogate}/u

/** Collects encoded values. Refuses a number out of the range of its type. */
export class BcsWriter {
  readonly #written: GrowableBytes
  #view: DataView
  #depth = 0

  constructor(capacity = 256) {
    this.#written = new GrowableBytes(capacity)
    this.#view = new DataView(this.#written.bytes.buffer)
  }

  /** Bytes written so far. */
  get offset(): number {
    return this.#written.length
  }

  fail(reason: BcsErrorReason, detail: string): never {
    throw new BcsError({ reason, offset: this.offset, detail })
  }

  /**
   * Makes room for `size` bytes and returns the offset of the first. May replace the view: read the view afterwards.
   */
  #reserve(size: number): number {
    const start = this.#written.extend(size)
    const { buffer } = this.#written.bytes
    if (buffer !== this.#view.buffer) this.#view = new DataView(buffer)
    return start
  }

  #integer(value: number, max: number): number {
    if (!Number.isInteger(value) || value < 0 || value > max) {
      this.fail("NumberTooLarge", `${value} is not an integer from 0 to ${max}`)
    }
    return value
  }

  u8(value: number): void {
    this.#integer(value, 0xff)
    const at = this.#reserve(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number): void {
    this.#integer(value, 0xffff)
    const at = this.#reserve(2)
    this.#view.setUint16(at, value, true)
  }

  u32(value: number): void {
    this.#integer(value, 0xffffffff)
    const at = this.#reserve(4)
    this.#view.setUint32(at, value, true)
  }

  u53(value: number): void {
    this.#integer(value, Number.MAX_SAFE_INTEGER)
    const at = this.#reserve(8)
    this.#view.setUint32(at, value % 0x1_0000_0000, true)
    this.#view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
  }

  u64(value: bigint): void {
    this.unsigned(8, value)
  }

  /** An unsigned little-endian integer of `size` bytes, a multiple of 8. */
  unsigned(size: number, value: bigint): void {
    if (value < 0n || value >> BigInt(size * 8) !== 0n) {
      this.fail("NumberTooLarge", `${value} does not fit u${size * 8}`)
    }
    const at = this.#reserve(size)
    let rest = value
    for (let word = 0; word < size; word += 8) {
      this.#view.setBigUint64(at + word, BigInt.asUintN(64, rest), true)
      rest >>= 64n
    }
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  uleb(value: number): void {
    let rest = this.#integer(value, 0xffffffff)
    while (rest >= 0x80) {
      this.u8((rest & 0x7f) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.u8(rest)
  }

  length(value: number): void {
    if (value > maxSequenceLength) this.fail("LengthLimit", `${value} elements`)
    this.uleb(value)
  }

  fixed(bytes: Uint8Array): void {
    this.#written.append(bytes)
  }

  byteString(bytes: Uint8Array): void {
    this.length(bytes.length)
    this.fixed(bytes)
  }

  string(value: string): void {
    if (loneSurrogate.test(value)) this.fail("InvalidUtf8", "a string with half a surrogate pair")
    this.byteString(utf8.encode(value))
  }

  enter(): void {
    this.#depth += 1
    if (this.#depth > maxContainerDepth) {
      this.fail("DepthLimit", `more than ${maxContainerDepth} nested containers`)
    }
  }

  leave(): void {
    this.#depth -= 1
  }

  /** The bytes `[start, offset)`. A view, valid until the next write. */
  written(start = 0): Uint8Array {
    return this.#written.written(start)
  }

  /** A copy of all bytes. */
  finish(): Uint8Array {
    return this.#written.written().slice()
  }
}
