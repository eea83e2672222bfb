/**
 * SHA3-256, the only hash of the ledger, over single inputs and over batches in contiguous memory.
 *
 * Batches are faster. A WebAssembly kernel (see kernel/keccak.ts) has a fixed arena, takes a copy of the inputs there
 * and hashes two inputs at a time; memory does not grow with the input. All functions are synchronous.
 *
 * A *seed* precedes the bytes of each kind of hashed value: `SHA3-256("APTOS::" + name)`. An empty array stands for no
 * seed.
 */
import * as Kernel from "./internal/keccak.ts"

const hashBytes = 32
const pairBytes = 2 * hashBytes
const leftAt = Kernel.seedAt + hashBytes
const rightAt = leftAt + hashBytes

/**
 * Ranges at most this far apart are copied at once, with the bytes between them: cheaper than a copy for each range.
 */
const maxGap = 1024

const memory = Kernel.memory
const words = /* @__PURE__ */ new Int32Array(memory.buffer)
const digestView = /* @__PURE__ */ memory.subarray(Kernel.digestAt, Kernel.digestAt + hashBytes)
const encoder = /* @__PURE__ */ new TextEncoder()

/** The seeds that `seedOf` has returned, by name and as a set. Nobody changes these arrays. */
const seedsByName = /* @__PURE__ */ new Map<string, Uint8Array>()
const ownSeeds = /* @__PURE__ */ new Set<Uint8Array>()

/**
 * The seed in the kernel, where `seedOf` made it. Any other array may change between calls, and is copied each time.
 */
let loadedSeed: Uint8Array | undefined

const loadSeed = (seed: Uint8Array): void => {
  if (seed === loadedSeed) return
  if (seed.length !== 0 && seed.length !== hashBytes) {
    throw new RangeError(`A seed has ${hashBytes} bytes or none, this one has ${seed.length}`)
  }
  memory.set(seed, Kernel.seedAt)
  loadedSeed = ownSeeds.has(seed) ? seed : undefined
}

/** Copies 32 bytes word by word: faster than a view and `set`, and faster than byte by byte. */
const loadHash = (from: Uint8Array, start: number, at: number): void => {
  for (let i = 0; i < hashBytes; i += 4) {
    const byte = start + i
    words[(at + i) >> 2] = from[byte]! | (from[byte + 1]! << 8) | (from[byte + 2]! << 16) | (from[byte + 3]! << 24)
  }
}

/** Throws unless the bytes [start, end) are in the array. */
const checkInside = (what: string, array: Uint8Array, start: number, end: number): void => {
  if (!Number.isInteger(start) || start < 0 || start > end || end > array.length) {
    throw new RangeError(`${what}: bytes ${start} to ${end} are not in an array of ${array.length}`)
  }
}

const checkCount = (count: number): void => {
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`A count cannot be ${count}`)
}

/** Hashes the head and the rest as one input, an arena at a time. Leaves the digest in the kernel. */
const hashParts = (head: Uint8Array, rest: ReadonlyArray<Uint8Array>): void => {
  let filled = 0
  let first = true
  const add = (part: Uint8Array): void => {
    for (let start = 0; start < part.length;) {
      const taken = Math.min(part.length - start, Kernel.arenaBytes - filled)
      memory.set(taken === part.length ? part : part.subarray(start, start + taken), Kernel.arenaAt + filled)
      start += taken
      filled += taken
      if (filled === Kernel.arenaBytes) {
        Kernel.absorbArena(first)
        first = false
        filled = 0
      }
    }
  }
  add(head)
  for (const part of rest) add(part)
  Kernel.finish(first, filled)
}

const takeDigest = (): Uint8Array => digestView.slice()

/** The SHA3-256 of bytes of any length: 32 bytes. */
export const digest = (data: Uint8Array): Uint8Array => {
  hashParts(data, [])
  return takeDigest()
}

/**
 * The seed of a kind of value: `SHA3-256("APTOS::" + name)`, 32 bytes. The same name gives the same array, which nobody
 * may change. The module keeps every name for ever, so pass the names of the format alone, never an input from outside.
 */
export const seedOf = (name: string): Uint8Array => {
  const known = seedsByName.get(name)
  if (known !== undefined) return known
  const made = digest(encoder.encode(`APTOS::${name}`))
  seedsByName.set(name, made)
  ownSeeds.add(made)
  return made
}

/** The SHA3-256 of the seed and the parts, one after the other. Seed and parts may have any length. */
export const hashSeeded = (seed: Uint8Array, ...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  hashParts(seed, parts)
  return takeDigest()
}

/**
 * For each i below `count`, writes the SHA3-256 of the seed (32 bytes or none) and bytes `starts[i]` to `ends[i]` of
 * `data` to `out`, at `outStart + 32 * i`.
 *
 * Ranges may overlap, be empty, have any order and any length. Ranges that follow each other closely are fastest. `out`
 * may share the memory of `data` where no range reaches into the digests.
 *
 * Throws a `RangeError`, and writes nothing, where a range is not inside `data` or the digests have no room in `out`.
 */
export const hashRanges = (
  seed: Uint8Array,
  data: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  count: number,
  out: Uint8Array,
  outStart = 0
): void => {
  checkCount(count)
  if (count > starts.length || count > ends.length) {
    throw new RangeError(`${count} ranges need as many starts (${starts.length}) and ends (${ends.length})`)
  }
  for (let i = 0; i < count; i++) {
    if (starts[i]! > ends[i]! || ends[i]! > data.length) checkInside(`Range ${i}`, data, starts[i]!, ends[i]!)
  }
  checkInside("Digests", out, outStart, outStart + hashBytes * count)
  loadSeed(seed)

  let index = 0
  while (index < count) {
    // One batch: the arena takes inputs until it is full. A run of close ranges is copied at once.
    const first = index
    let used = 0
    let low = starts[first]!
    let high = low
    for (; index < count && index - first < Kernel.maxInputs; index++) {
      const start = starts[index]!
      const end = ends[index]!
      if (start < low || start > high + maxGap) {
        memory.set(data.subarray(low, high), Kernel.arenaAt + used)
        used += high - low
        low = start
        high = start
      }
      const top = Math.max(high, end)
      if (used + top - low > Kernel.arenaBytes) break
      high = top
      const entry = 2 * (index - first)
      Kernel.rangeTable[entry] = used + start - low
      Kernel.rangeTable[entry + 1] = end - start
    }
    const outAt = outStart + hashBytes * first
    if (index === first) {
      hashParts(seed, [data.subarray(low, ends[first])])
      out.set(digestView, outAt)
      index++
    } else {
      memory.set(data.subarray(low, high), Kernel.arenaAt + used)
      Kernel.ranges(index - first, seed.length)
      out.set(memory.subarray(Kernel.digestsAt, Kernel.digestsAt + hashBytes * (index - first)), outAt)
    }
  }
}

/**
 * Hashes `count` pairs: for each i below it, writes the SHA3-256 of the seed (32 bytes or none) and bytes 64 i to 64 i
 * + 64 of `pairs` (left and right) to `out`, at `outStart + 32 * i`.
 *
 * `out` may be `pairs` itself, from 0 on: the next level of a tree then replaces a level.
 *
 * Throws a `RangeError`, and writes nothing, where `pairs` is too short, the digests have no room in `out`, or the
 * digests would overwrite pairs of the same memory that are not hashed yet.
 */
export const hashPairs = (seed: Uint8Array, pairs: Uint8Array, count: number, out: Uint8Array, outStart = 0): void => {
  checkCount(count)
  checkInside("Pairs", pairs, 0, pairBytes * count)
  checkInside("Digests", out, outStart, outStart + hashBytes * count)
  // Digests that begin at or before the pairs stay behind the pairs that are hashed; digests inside the pairs do not.
  const ahead = out.byteOffset + outStart - pairs.byteOffset
  if (out.buffer === pairs.buffer && ahead > 0 && ahead < pairBytes * count) {
    throw new RangeError("Digests in the memory of the pairs must begin where the pairs begin, or outside the pairs")
  }
  loadSeed(seed)
  for (let first = 0; first < count; first += Kernel.maxInputs) {
    const batch = Math.min(Kernel.maxInputs, count - first)
    memory.set(pairs.subarray(pairBytes * first, pairBytes * (first + batch)), Kernel.arenaAt)
    Kernel.pairs(batch, seed.length)
    out.set(memory.subarray(Kernel.digestsAt, Kernel.digestsAt + hashBytes * batch), outStart + hashBytes * first)
  }
}

/**
 * Hashes one pair: writes the SHA3-256 of the seed (32 bytes or none), 32 bytes of `left` from `leftStart` on and 32
 * bytes of `right` from `rightStart` on to `out`, at `outStart`. Allocates nothing. All arrays may share memory.
 *
 * Throws a `RangeError`, and writes nothing, where one of the three is not inside its array.
 */
export const hashPair = (
  seed: Uint8Array,
  left: Uint8Array,
  leftStart: number,
  right: Uint8Array,
  rightStart: number,
  out: Uint8Array,
  outStart: number
): void => {
  checkInside("Left", left, leftStart, leftStart + hashBytes)
  checkInside("Right", right, rightStart, rightStart + hashBytes)
  checkInside("Digest", out, outStart, outStart + hashBytes)
  loadSeed(seed)
  loadHash(left, leftStart, leftAt)
  loadHash(right, rightStart, rightAt)
  Kernel.pair(seed.length)
  out.set(digestView, outStart)
}
