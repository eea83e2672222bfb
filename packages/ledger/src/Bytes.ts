/**
 * Bytes as ordered, printable values. No copies.
 */
const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** Lowercase hex digits, without `0x`. */
export const toHex = (bytes: Uint8Array): string => {
  let text = ""
  for (const byte of bytes) text += digits[byte]
  return text
}

/** Bytes from lowercase hex digits without `0x`; `undefined` where the text is anything else. */
export const fromHex = (text: string): Uint8Array | undefined => {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16)
  }
  return bytes
}

/** Negative, zero or positive as `a` is before, equal to or after `b`, byte by byte, a prefix first. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Are both the same bytes? */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && equalRange(a, 0, b, 0, a.length)

/** Are `length` bytes of `a` from `aStart` on the same as those of `b` from `bStart` on? */
export const equalRange = (a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean => {
  for (let index = 0; index < length; index++) {
    if (a[aStart + index] !== b[bStart + index]) return false
  }
  return true
}

/** One array of all parts. */
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
