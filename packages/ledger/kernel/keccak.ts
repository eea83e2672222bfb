/**
 * The hashing kernel: SHA3-256 over many inputs that lie in one arena. AssemblyScript, compiled to WebAssembly by
 * `node scripts/build-kernel.mjs`; `src/internal/keccak.ts` is the only caller.
 *
 * SHA3-256 keeps a state of 25 words of 64 bits (word x + 5y is lane (x, y) of FIPS 202). Input comes in blocks of 136
 * bytes: each is xored into the first 17 words, then the state is permuted. The last block ends with the padding
 * 06 00 … 00 80. The digest is the first four words.
 *
 * The permutation is written once, over a type T: `u64` is one state, `v128` is two states side by side, word i of both
 * in one vector. Two at a time cost about one and a half times as much as one, so the batch functions keep both halves
 * busy: as soon as one input is done the next takes its half, whatever the lengths are.
 *
 * No function has a decorator (the formatter and the linter read this file as TypeScript, which has none on functions):
 * the optimizer inlines the small ones.
 *
 * Memory is laid out by hand and never grows. Nothing is allocated.
 */
/* oxlint-disable no-loss-of-precision -- u64 literals are exact here */

const BLOCK: u32 = 136
const HASH: u32 = 32
const PAIR: u32 = 64

/** Round constants, placed by the compiler at the bottom of the memory. */
const ROUNDS: usize = memory.data<u64>([
  0x0000000000000001,
  0x0000000000008082,
  0x800000000000808a,
  0x8000000080008000,
  0x000000000000808b,
  0x0000000080000001,
  0x8000000080008081,
  0x8000000000008009,
  0x000000000000008a,
  0x0000000000000088,
  0x0000000080008009,
  0x000000008000000a,
  0x000000008000808b,
  0x800000000000008b,
  0x8000000000008089,
  0x8000000000008003,
  0x8000000000008002,
  0x8000000000000080,
  0x000000000000800a,
  0x800000008000000a,
  0x8000000080008081,
  0x8000000000008080,
  0x0000000080000001,
  0x8000000080008008
])
const ROUNDS_END: usize = ROUNDS + 24 * 8

/** The 32 bytes that stand before every input of a batch. Written by the caller. Left and right of `pair` follow them. */
export const SEED: usize = 0x0800
/** Two readers of inputs: a `Reader`, then, at `READER_BLOCK`, the block that it pads. */
const READER_A: usize = 0x0900
const READER_B: usize = 0x0a00
const READER_BLOCK: usize = 32
/** One state, and as much again for the rounds to work in. The digest of `pair` and `finish` is its first 32 bytes. */
export const STATE: usize = 0x0c00
/** Two states side by side, and as much again. */
const STATES: usize = 0x1000
/** Where the inputs of `ranges` lie: for each a u32 offset in the arena and a u32 length. Written by the caller. */
export const RANGES: usize = 0x2000
/** Inputs that one call can take. */
export const MAX_INPUTS: u32 = 4096
/** Digests of a batch, in the order of its inputs. */
export const DIGESTS: usize = RANGES + 8 * MAX_INPUTS
/** Input bytes. Small enough to stay in a core's second-level cache. */
export const ARENA: usize = DIGESTS + HASH * MAX_INPUTS
/** A whole number of blocks, so that a long input can be absorbed one full arena after the other. */
export const ARENA_BYTES: u32 = 1928 * BLOCK

// ---------------------------------------------------------------------------------------------------------------------
// words: one (u64) or two (v128) at a time
// ---------------------------------------------------------------------------------------------------------------------

function xor<T>(a: T, b: T): T {
  if (isVector<T>()) return v128.xor(a, b)
  else return a ^ b
}

function and<T>(a: T, b: T): T {
  if (isVector<T>()) return v128.and(a, b)
  else return a & b
}

function rotate<T>(a: T, bits: i32): T {
  if (isVector<T>()) return v128.or(i64x2.shl(a, bits), i64x2.shr_u(a, 64 - bits))
  else return rotl<u64>(a, bits)
}

function roundConstant<T>(at: usize): T {
  if (isVector<T>()) return v128.load64_splat(at)
  else return load<u64>(at)
}

/** Word i of the block at p or, for two states, of the blocks at p and q. */
function input<T>(p: usize, q: usize, i: usize): T {
  if (isVector<T>()) return v128.load64_lane(q + 8 * i, v128.load64_zero(p + 8 * i), 1)
  else return load<u64>(p + 8 * i)
}

function get<T>(state: usize, i: usize): T {
  return load<T>(state + i * sizeof<T>())
}

function put<T>(state: usize, i: usize, word: T): T {
  store<T>(state + i * sizeof<T>(), word)
  return word
}

// ---------------------------------------------------------------------------------------------------------------------
// the permutation
// ---------------------------------------------------------------------------------------------------------------------

/** Xors word i of the input into the state. `keep` is all ones, or zero for a state that starts afresh. */
function absorb<T>(state: usize, keep: T, p: usize, q: usize, i: usize): T {
  return put<T>(state, i, xor<T>(and<T>(get<T>(state, i), keep), input<T>(p, q, i)))
}

/** The words beyond the block, which no input reaches. */
function hold<T>(state: usize, keep: T, i: usize): T {
  return put<T>(state, i, and<T>(get<T>(state, i), keep))
}

/** The parity of a column. */
function sum<T>(a: T, b: T, c: T, d: T, e: T): T {
  return xor<T>(xor<T>(xor<T>(xor<T>(a, b), c), d), e)
}

/** Theta: what is xored into each word of a column, from the parities of its two neighbours. */
function theta<T>(before: T, after: T): T {
  return xor<T>(before, rotate<T>(after, 1))
}

/** Theta and rho on word i. Pi is in which word is taken. */
function turn<T>(state: usize, i: usize, d: T, bits: i32): T {
  return rotate<T>(xor<T>(get<T>(state, i), d), bits)
}

function chi<T>(a: T, b: T, c: T): T {
  if (isVector<T>()) return v128.xor(a, v128.andnot(c, b))
  else return a ^ (~b & c)
}

/**
 * Absorbs the block at p (for two states: the blocks at p and q) and runs the 24 rounds.
 *
 * A round reads the words where the round before left them and writes to the other half of the state's memory, a row at
 * a time: what lives in registers is five parities c, five theta words d and the five words b of a row, which just fit
 * the sixteen vector registers of x64. The parities for the next round are summed up as the words are written. Two
 * rounds a turn bring the state back to where it was. (All 25 words in variables were measured to be no faster for two
 * states and slower for one, further unrolling slower for both: they do not fit and are spilled anyway.)
 */
function permute<T>(state: usize, keep: T, p: usize, q: usize): void {
  const other = state + 25 * sizeof<T>()
  let c0 = sum<T>(
    absorb<T>(state, keep, p, q, 0),
    absorb<T>(state, keep, p, q, 5),
    absorb<T>(state, keep, p, q, 10),
    absorb<T>(state, keep, p, q, 15),
    hold<T>(state, keep, 20)
  )
  let c1 = sum<T>(
    absorb<T>(state, keep, p, q, 1),
    absorb<T>(state, keep, p, q, 6),
    absorb<T>(state, keep, p, q, 11),
    absorb<T>(state, keep, p, q, 16),
    hold<T>(state, keep, 21)
  )
  let c2 = sum<T>(
    absorb<T>(state, keep, p, q, 2),
    absorb<T>(state, keep, p, q, 7),
    absorb<T>(state, keep, p, q, 12),
    hold<T>(state, keep, 17),
    hold<T>(state, keep, 22)
  )
  let c3 = sum<T>(
    absorb<T>(state, keep, p, q, 3),
    absorb<T>(state, keep, p, q, 8),
    absorb<T>(state, keep, p, q, 13),
    hold<T>(state, keep, 18),
    hold<T>(state, keep, 23)
  )
  let c4 = sum<T>(
    absorb<T>(state, keep, p, q, 4),
    absorb<T>(state, keep, p, q, 9),
    absorb<T>(state, keep, p, q, 14),
    hold<T>(state, keep, 19),
    hold<T>(state, keep, 24)
  )

  for (let constant = ROUNDS; constant < ROUNDS_END; constant += 16) {
    // from state to other
    let d0 = theta<T>(c4, c1)
    let d1 = theta<T>(c0, c2)
    let d2 = theta<T>(c1, c3)
    let d3 = theta<T>(c2, c4)
    let d4 = theta<T>(c3, c0)

    let b0 = xor<T>(get<T>(state, 0), d0)
    let b1 = turn<T>(state, 6, d1, 44)
    let b2 = turn<T>(state, 12, d2, 43)
    let b3 = turn<T>(state, 18, d3, 21)
    let b4 = turn<T>(state, 24, d4, 14)
    c0 = put<T>(other, 0, xor<T>(chi<T>(b0, b1, b2), roundConstant<T>(constant)))
    c1 = put<T>(other, 1, chi<T>(b1, b2, b3))
    c2 = put<T>(other, 2, chi<T>(b2, b3, b4))
    c3 = put<T>(other, 3, chi<T>(b3, b4, b0))
    c4 = put<T>(other, 4, chi<T>(b4, b0, b1))

    b0 = turn<T>(state, 3, d3, 28)
    b1 = turn<T>(state, 9, d4, 20)
    b2 = turn<T>(state, 10, d0, 3)
    b3 = turn<T>(state, 16, d1, 45)
    b4 = turn<T>(state, 22, d2, 61)
    c0 = xor<T>(c0, put<T>(other, 5, chi<T>(b0, b1, b2)))
    c1 = xor<T>(c1, put<T>(other, 6, chi<T>(b1, b2, b3)))
    c2 = xor<T>(c2, put<T>(other, 7, chi<T>(b2, b3, b4)))
    c3 = xor<T>(c3, put<T>(other, 8, chi<T>(b3, b4, b0)))
    c4 = xor<T>(c4, put<T>(other, 9, chi<T>(b4, b0, b1)))

    b0 = turn<T>(state, 1, d1, 1)
    b1 = turn<T>(state, 7, d2, 6)
    b2 = turn<T>(state, 13, d3, 25)
    b3 = turn<T>(state, 19, d4, 8)
    b4 = turn<T>(state, 20, d0, 18)
    c0 = xor<T>(c0, put<T>(other, 10, chi<T>(b0, b1, b2)))
    c1 = xor<T>(c1, put<T>(other, 11, chi<T>(b1, b2, b3)))
    c2 = xor<T>(c2, put<T>(other, 12, chi<T>(b2, b3, b4)))
    c3 = xor<T>(c3, put<T>(other, 13, chi<T>(b3, b4, b0)))
    c4 = xor<T>(c4, put<T>(other, 14, chi<T>(b4, b0, b1)))

    b0 = turn<T>(state, 4, d4, 27)
    b1 = turn<T>(state, 5, d0, 36)
    b2 = turn<T>(state, 11, d1, 10)
    b3 = turn<T>(state, 17, d2, 15)
    b4 = turn<T>(state, 23, d3, 56)
    c0 = xor<T>(c0, put<T>(other, 15, chi<T>(b0, b1, b2)))
    c1 = xor<T>(c1, put<T>(other, 16, chi<T>(b1, b2, b3)))
    c2 = xor<T>(c2, put<T>(other, 17, chi<T>(b2, b3, b4)))
    c3 = xor<T>(c3, put<T>(other, 18, chi<T>(b3, b4, b0)))
    c4 = xor<T>(c4, put<T>(other, 19, chi<T>(b4, b0, b1)))

    b0 = turn<T>(state, 2, d2, 62)
    b1 = turn<T>(state, 8, d3, 55)
    b2 = turn<T>(state, 14, d4, 39)
    b3 = turn<T>(state, 15, d0, 41)
    b4 = turn<T>(state, 21, d1, 2)
    c0 = xor<T>(c0, put<T>(other, 20, chi<T>(b0, b1, b2)))
    c1 = xor<T>(c1, put<T>(other, 21, chi<T>(b1, b2, b3)))
    c2 = xor<T>(c2, put<T>(other, 22, chi<T>(b2, b3, b4)))
    c3 = xor<T>(c3, put<T>(other, 23, chi<T>(b3, b4, b0)))
    c4 = xor<T>(c4, put<T>(other, 24, chi<T>(b4, b0, b1)))

    // back from other to state
    d0 = theta<T>(c4, c1)
    d1 = theta<T>(c0, c2)
    d2 = theta<T>(c1, c3)
    d3 = theta<T>(c2, c4)
    d4 = theta<T>(c3, c0)

    b0 = xor<T>(get<T>(other, 0), d0)
    b1 = turn<T>(other, 6, d1, 44)
    b2 = turn<T>(other, 12, d2, 43)
    b3 = turn<T>(other, 18, d3, 21)
    b4 = turn<T>(other, 24, d4, 14)
    c0 = put<T>(state, 0, xor<T>(chi<T>(b0, b1, b2), roundConstant<T>(constant + 8)))
    c1 = put<T>(state, 1, chi<T>(b1, b2, b3))
    c2 = put<T>(state, 2, chi<T>(b2, b3, b4))
    c3 = put<T>(state, 3, chi<T>(b3, b4, b0))
    c4 = put<T>(state, 4, chi<T>(b4, b0, b1))

    b0 = turn<T>(other, 3, d3, 28)
    b1 = turn<T>(other, 9, d4, 20)
    b2 = turn<T>(other, 10, d0, 3)
    b3 = turn<T>(other, 16, d1, 45)
    b4 = turn<T>(other, 22, d2, 61)
    c0 = xor<T>(c0, put<T>(state, 5, chi<T>(b0, b1, b2)))
    c1 = xor<T>(c1, put<T>(state, 6, chi<T>(b1, b2, b3)))
    c2 = xor<T>(c2, put<T>(state, 7, chi<T>(b2, b3, b4)))
    c3 = xor<T>(c3, put<T>(state, 8, chi<T>(b3, b4, b0)))
    c4 = xor<T>(c4, put<T>(state, 9, chi<T>(b4, b0, b1)))

    b0 = turn<T>(other, 1, d1, 1)
    b1 = turn<T>(other, 7, d2, 6)
    b2 = turn<T>(other, 13, d3, 25)
    b3 = turn<T>(other, 19, d4, 8)
    b4 = turn<T>(other, 20, d0, 18)
    c0 = xor<T>(c0, put<T>(state, 10, chi<T>(b0, b1, b2)))
    c1 = xor<T>(c1, put<T>(state, 11, chi<T>(b1, b2, b3)))
    c2 = xor<T>(c2, put<T>(state, 12, chi<T>(b2, b3, b4)))
    c3 = xor<T>(c3, put<T>(state, 13, chi<T>(b3, b4, b0)))
    c4 = xor<T>(c4, put<T>(state, 14, chi<T>(b4, b0, b1)))

    b0 = turn<T>(other, 4, d4, 27)
    b1 = turn<T>(other, 5, d0, 36)
    b2 = turn<T>(other, 11, d1, 10)
    b3 = turn<T>(other, 17, d2, 15)
    b4 = turn<T>(other, 23, d3, 56)
    c0 = xor<T>(c0, put<T>(state, 15, chi<T>(b0, b1, b2)))
    c1 = xor<T>(c1, put<T>(state, 16, chi<T>(b1, b2, b3)))
    c2 = xor<T>(c2, put<T>(state, 17, chi<T>(b2, b3, b4)))
    c3 = xor<T>(c3, put<T>(state, 18, chi<T>(b3, b4, b0)))
    c4 = xor<T>(c4, put<T>(state, 19, chi<T>(b4, b0, b1)))

    b0 = turn<T>(other, 2, d2, 62)
    b1 = turn<T>(other, 8, d3, 55)
    b2 = turn<T>(other, 14, d4, 39)
    b3 = turn<T>(other, 15, d0, 41)
    b4 = turn<T>(other, 21, d1, 2)
    c0 = xor<T>(c0, put<T>(state, 20, chi<T>(b0, b1, b2)))
    c1 = xor<T>(c1, put<T>(state, 21, chi<T>(b1, b2, b3)))
    c2 = xor<T>(c2, put<T>(state, 22, chi<T>(b2, b3, b4)))
    c3 = xor<T>(c3, put<T>(state, 23, chi<T>(b3, b4, b0)))
    c4 = xor<T>(c4, put<T>(state, 24, chi<T>(b4, b0, b1)))
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// inputs
// ---------------------------------------------------------------------------------------------------------------------

/** Reads one input block by block. */
@unmanaged
class Reader {
  /** Where the unread bytes begin, and how many they are. */
  next: usize
  left: u32
  /** Where the digest goes. */
  digest: usize
  /** No block was read yet: the seed comes before the data, and the state starts afresh. */
  fresh: bool
  /** The block read last carries the padding. */
  done: bool
}

function open(reader: Reader, next: usize, left: u32, digest: usize): void {
  reader.next = next
  reader.left = left
  reader.digest = digest
  reader.fresh = true
  reader.done = false
}

/** Opens input i of a batch. */
function openRange(reader: Reader, i: u32): void {
  const range = RANGES + 8 * i
  open(reader, ARENA + load<u32>(range), load<u32>(range, 4), DIGESTS + HASH * i)
}

/** The state's mask for the next block: a fresh input forgets what was there. */
function keepOf(reader: Reader): u64 {
  return reader.fresh ? 0 : ~(<u64> 0)
}

/** The address of the next 136 bytes: the input itself where they stand there as they are, else the reader's own block. */
function read(reader: Reader, seedBytes: u32): usize {
  const block = changetype<usize>(reader) + READER_BLOCK
  const before = reader.fresh ? seedBytes : 0
  const room = BLOCK - before
  const from = reader.next
  const left = reader.left
  reader.fresh = false
  if (left < room) {
    copy(block, SEED, before)
    pad(block, before, from, left)
    reader.done = true
    return block
  }
  reader.next = from + room
  reader.left = left - room
  if (before == 0) return from
  copy(block, SEED, before)
  copy(block + before, from, room)
  return block
}

/** Copies whole words. (A bulk copy would leave the module, which costs more than these few.) */
function copy(to: usize, from: usize, bytes: u32): void {
  for (const end = to + bytes; to < end; to += 8, from += 8) store<u64>(to, load<u64>(from))
}

/**
 * Fills the block from word-aligned `before` with the last bytes of an input and the padding. Reads up to seven bytes
 * beyond the input, which the mask takes away.
 */
function pad(block: usize, before: u32, from: usize, bytes: u32): void {
  const whole = bytes & ~7
  const bits: u64 = 8 * (bytes & 7)
  copy(block + before, from, whole)
  let at = block + before + whole
  store<u64>(at, (load<u64>(from + whole) & (((<u64> 1) << bits) - 1)) | ((<u64> 6) << bits))
  const end = block + BLOCK
  for (at += 8; at < end; at += 8) store<u64>(at, 0)
  store<u64>(end - 8, load<u64>(end - 8) | 0x8000000000000000)
}

/** Absorbs what is left of an input, in the single state. */
function finishAlone(reader: Reader, seedBytes: u32): void {
  while (!reader.done) {
    const keep = keepOf(reader)
    permute<u64>(STATE, keep, read(reader, seedBytes), 0)
  }
}

/** Takes the digest out of one half (0 or 8) of the two states. */
function takeDigest(digest: usize, half: usize): void {
  for (let i: usize = 0; i < 4; i++) store<u64>(digest + 8 * i, load<u64>(STATES + half + 16 * i))
}

/** Moves one half of the two states to the single state and goes on there. */
function moveAndFinish(reader: Reader, half: usize, seedBytes: u32): void {
  for (let i: usize = 0; i < 25; i++) store<u64>(STATE + 8 * i, load<u64>(STATES + half + 16 * i))
  finishAlone(reader, seedBytes)
  copy(reader.digest, STATE, HASH)
}

// ---------------------------------------------------------------------------------------------------------------------
// what the caller calls
// ---------------------------------------------------------------------------------------------------------------------

/** Hashes seed ‖ input for `count` inputs of any length, given in `RANGES`; digests at `DIGESTS`. */
export function ranges(count: u32, seedBytes: u32): void {
  const a = changetype<Reader>(READER_A)
  const b = changetype<Reader>(READER_B)
  let opened: u32 = 0
  let busyA = opened < count
  if (busyA) openRange(a, opened++)
  let busyB = opened < count
  if (busyB) openRange(b, opened++)
  while (busyA && busyB) {
    const keep = i64x2.replace_lane(i64x2.splat(keepOf(a)), 1, keepOf(b))
    permute<v128>(STATES, keep, read(a, seedBytes), read(b, seedBytes))
    if (a.done) {
      takeDigest(a.digest, 0)
      busyA = opened < count
      if (busyA) openRange(a, opened++)
    }
    if (b.done) {
      takeDigest(b.digest, 8)
      busyB = opened < count
      if (busyB) openRange(b, opened++)
    }
  }
  if (busyA) moveAndFinish(a, 0, seedBytes)
  if (busyB) moveAndFinish(b, 8, seedBytes)
}

/** Hashes seed ‖ pair for `count` pairs of 64 bytes, one after the other in the arena; digests at `DIGESTS`. */
export function pairs(count: u32, seedBytes: u32): void {
  // Every pair fills one block: only its 64 bytes change from one to the next.
  const a = READER_A + READER_BLOCK
  const b = READER_B + READER_BLOCK
  copy(a, SEED, seedBytes)
  copy(b, SEED, seedBytes)
  pad(a, seedBytes, ARENA, PAIR)
  pad(b, seedBytes, ARENA, PAIR)
  let from = ARENA
  let digest = DIGESTS
  const none = i64x2.splat(0)
  for (const end = DIGESTS + HASH * (count & ~1); digest < end; digest += 2 * HASH, from += 2 * PAIR) {
    copy(a + seedBytes, from, PAIR)
    copy(b + seedBytes, from + PAIR, PAIR)
    permute<v128>(STATES, none, a, b)
    takeDigest(digest, 0)
    takeDigest(digest + HASH, 8)
  }
  if (count & 1) {
    copy(a + seedBytes, from, PAIR)
    permute<u64>(STATE, 0, a, 0)
    copy(digest, STATE, HASH)
  }
}

/** Hashes seed ‖ the 64 bytes that stand after the seed; digest at `STATE`. */
export function pair(seedBytes: u32): void {
  const block = SEED + HASH - seedBytes
  pad(block, seedBytes + PAIR, block, 0)
  permute<u64>(STATE, 0, block, 0)
}

/** Absorbs a full arena of an input that goes on after it. `first`: it begins here. */
export function absorbArena(first: bool): void {
  let keep: u64 = first ? 0 : ~(<u64> 0)
  for (let from = ARENA; from < ARENA + ARENA_BYTES; from += BLOCK) {
    permute<u64>(STATE, keep, from, 0)
    keep = ~(<u64> 0)
  }
}

/** Absorbs the last `bytes` bytes of an input (fewer than a full arena, or none); digest at `STATE`. */
export function finish(first: bool, bytes: u32): void {
  const reader = changetype<Reader>(READER_A)
  open(reader, ARENA, bytes, STATE)
  reader.fresh = first
  finishAlone(reader, 0)
}
