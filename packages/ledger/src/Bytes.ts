/**
 * Functions over byte arrays: text, order, equality, copies, bits.
 */
import { byteAt } from "./TypedArrays.ts"

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** Lowercase hex digits, without `0x`. */
export const toHex = (bytes: Uint8Array): string => {
  let text = ""
  for (const byte of bytes) text += digits[byte]
  return text
}

/** Parses lowercase hex digits without `0x`; `undefined` for any other text. */
export const fromHex = (text: string): Uint8Array | undefined => {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16)
  }
  return bytes
}

/** Negative, zero or positive as `a` comes before, equals or comes after `b` in lexicographic order. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = byteAt(a, index) - byteAt(b, index)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Whether two arrays hold the same bytes. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && equalRange(a, 0, b, 0, a.length)

/** Whether the `length` bytes of `a` from `aStart` on equal those of `b` from `bStart` on. */
export const equalRange = (a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean => {
  for (let index = 0; index < length; index++) {
    if (a[aStart + index] !== b[bStart + index]) return false
  }
  return true
}

/** A bit of the bytes that begin at `start`: bit 0 is the most significant one of the first byte. */
export const bitAt = (bytes: Uint8Array, start: number, bit: number): number =>
  (byteAt(bytes, start + (bit >> 3)) >> (7 - (bit & 7))) & 1

/** Up to about this many bytes, a loop is faster than `set`, which needs a view first. */
const fewBytes = 32

/** Copies `from[start, end)` to `to`, from `at` on. Throws `RangeError` out of the bounds of either array. */
export const copyRange = (from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void => {
  const length = end - start
  if (end > from.length) throw new RangeError(`bytes ${start} to ${end} of an array of ${from.length}`)
  if (at + length > to.length) throw new RangeError(`bytes ${at} to ${at + length} of an array of ${to.length}`)
  if (length > fewBytes) return to.set(from.subarray(start, end), at)
  for (let index = 0; index < length; index++) to[at + index] = byteAt(from, start + index)
}

/** Joins all parts in one new array. */
export const concatBytes = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  let size = 0
  for (const part of parts) size += part.length
  const all = new Uint8Array(size)
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}
