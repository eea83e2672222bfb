/**
 * Reproducible randomness: streams of numbers that follow from a seed, a purpose and two indices.
 *
 * Every block, item and validator draws from a stream of its own, so that the network can make any of them without the
 * earlier ones. A stream is a xoshiro128** generator, whose state is a SHA3-256 digest of seed and purpose, mixed with
 * the indices. The streams are not fit for secrets.
 */
import * as BcsWriter from "@holdfast/ledger/BcsWriter"
import * as Sha3 from "@holdfast/ledger/Sha3"

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

/** Spreads every bit of a 32-bit word over all bits. */
const mix = (word: number): number => {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** One stream of random numbers. */
export class Random {
  /** Four words. Words in fields of their own would be allocated with every step. */
  readonly #state: Int32Array

  constructor(state: Int32Array) {
    this.#state = state
  }

  /** 32 random bits, unsigned. */
  u32(): number {
    const state = this.#state
    const a = state[0]!
    const b = state[1]!
    const c = state[2]! ^ a
    const d = state[3]! ^ b
    state[0] = a ^ d
    state[1] = b ^ c
    state[2] = c ^ (b << 9)
    state[3] = rotate(d, 11)
    return Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
  }

  /** 64 random bits, unsigned. */
  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32())
  }

  /** An integer from 0 to `bound - 1`; `bound` is at most 2^32. */
  below(bound: number): number {
    return Math.floor((this.u32() / 0x1_0000_0000) * bound)
  }

  /** True with a probability of one in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  bytes(size: number): Uint8Array {
    // Draws whole words, and cuts the array to size.
    const bytes = new Uint8Array((size + 3) & ~3)
    const view = new DataView(bytes.buffer)
    for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, this.u32(), true)
    return bytes.subarray(0, size)
  }

  /** One of the items. */
  pick<A>(items: readonly [A, ...ReadonlyArray<A>]): A {
    return items[this.below(items.length)] ?? items[0]
  }
}

/** All streams of one seed. */
export class Randomness {
  readonly #seed: number
  readonly #purposes = new Map<string, Int32Array>()

  constructor(seed: number) {
    this.#seed = seed
  }

  /** The stream of a purpose and up to two indices below 2^32. */
  of(purpose: string, first = 0, second = 0): Random {
    return new Random(this.#base(purpose).map((word) => mix(mix(mix(word) ^ first) ^ second)))
  }

  #base(purpose: string): Int32Array {
    const known = this.#purposes.get(purpose)
    if (known !== undefined) return known
    const writer = new BcsWriter.BcsWriter()
    writer.string("holdfast devnet")
    writer.u53(this.#seed)
    writer.string(purpose)
    const digest = new DataView(Sha3.digest(writer.finish()).buffer)
    const base = Int32Array.of(0, 4, 8, 12).map((at) => digest.getInt32(at, true))
    this.#purposes.set(purpose, base)
    return base
  }
}
