/**
 * The hash of a state key: 256 bits, most significant first, that are the path from the root of the state tree to the
 * item of the key. Bit d says on which side of a node at depth d the item lies: 0 left, 1 right.
 */
import { bitAt } from "./Bytes.ts"
import { type HashValue, size } from "./HashValue.ts"
import { byteAt } from "./TypedArrays.ts"

/** Bits of a key hash: no path is longer. */
export const bits: number = 8 * size

/** How many bits two key hashes share from the first on; they begin at `aStart` of `a` and at `bStart` of `b`. */
export const sharedBits = (a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number => {
  for (let byte = 0; byte < size; byte++) {
    const difference = byteAt(a, aStart + byte) ^ byteAt(b, bStart + byte)
    if (difference !== 0) return 8 * byte + Math.clz32(difference) - 24
  }
  return bits
}

/**
 * Negative, zero or positive as the first `depth` bits of the key hash that begins at `start` of `keys` come before,
 * are, or come after those of `other`.
 */
export const compareBits = (keys: Uint8Array, start: number, other: HashValue, depth: number): number => {
  const shared = sharedBits(keys, start, other, 0)
  return shared >= depth ? 0 : bitAt(keys, start, shared) === 0 ? -1 : 1
}

/** The first key hash of the subtree beside the path to `key`: it shares `depth` bits with it and parts there. */
export const siblingStart = (key: HashValue, depth: number): HashValue => {
  const start = new Uint8Array(size)
  start.set(key.subarray(0, (depth >> 3) + 1))
  const mask = 0x80 >> (depth & 7)
  start[depth >> 3] = (byteAt(start, depth >> 3) ^ mask) & ~(mask - 1)
  return start
}
