import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"
import * as Sha3 from "../src/Sha3.ts"

/** What the kernel is checked against: OpenSSL. */
const reference = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const hash = createHash("sha3-256")
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** Bytes without a short period, the same in every run. */
const noise = (length: number, seed: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  let state = seed | 1
  for (let i = 0; i < length; i++) {
    state = Math.imul(state, 1664525) + 1013904223
    bytes[i] = state >>> 24
  }
  return bytes
}

const block = 136
const arena = 1928 * block
const most = 4096
const none = new Uint8Array(0)
const seed = Sha3.seedOf("SparseMerkleInternal")
const foreign = noise(32, 7)
const seeds = [["none", none], ["ours", seed], ["foreign", foreign]] as const

type Range = readonly [start: number, end: number]

/** Hashes ranges with the kernel and compares each digest; what stands around the digests must stay. */
const expectRanges = (given: Uint8Array, data: Uint8Array, ranges: ReadonlyArray<Range>): void => {
  const starts = Uint32Array.from(ranges, ([start]) => start)
  const ends = Uint32Array.from(ranges, ([, end]) => end)
  const out = new Uint8Array(32 * ranges.length + 10).fill(0xee)
  Sha3.hashRanges(given, data, starts, ends, ranges.length, out, 5)
  for (const [i, [start, end]] of ranges.entries()) {
    const got = hex(out.subarray(5 + 32 * i, 37 + 32 * i))
    if (got !== hex(reference(given, data.subarray(start, end)))) {
      expect.fail(`range ${i}, ${start} to ${end}, seed ${hex(given)}`)
    }
  }
  expect(out.subarray(0, 5)).toEqual(new Uint8Array(5).fill(0xee))
  expect(out.subarray(5 + 32 * ranges.length)).toEqual(new Uint8Array(5).fill(0xee))
}

const expectPairs = (given: Uint8Array, pairs: Uint8Array, count: number, out: Uint8Array, outStart: number): void => {
  const before = pairs.slice()
  Sha3.hashPairs(given, pairs, count, out, outStart)
  for (let i = 0; i < count; i++) {
    const got = hex(out.subarray(outStart + 32 * i, outStart + 32 * i + 32))
    if (got !== hex(reference(given, before.subarray(64 * i, 64 * i + 64)))) expect.fail(`pair ${i} of ${count}`)
  }
}

describe("single inputs", () => {
  it("match the test vectors of the standard", () => {
    expect(hex(Sha3.digest(none))).toBe("a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a")
    expect(hex(Sha3.digest(new TextEncoder().encode("abc")))).toBe(
      "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"
    )
  })

  it("of every length from 0 to 600 match node:crypto", () => {
    const data = noise(601, 1)
    for (let length = 0; length <= 600; length++) {
      const input = data.subarray(1, 1 + length)
      expect(hex(Sha3.digest(input))).toBe(hex(reference(input)))
      expect(hex(Sha3.hashSeeded(seed, input))).toBe(hex(reference(seed, input)))
    }
  })

  it("around and beyond the size of the arena match node:crypto", () => {
    const data = noise(2 * arena + block + 1, 2)
    for (const about of [arena - 32, arena, 2 * arena, 2 * arena + block]) {
      for (const length of [about - 1, about, about + 1]) {
        const input = data.subarray(0, length)
        expect(hex(Sha3.digest(input))).toBe(hex(reference(input)))
        expect(hex(Sha3.hashSeeded(foreign, input))).toBe(hex(reference(foreign, input)))
      }
    }
  })

  it("hash as one input for any cuts into seed and parts", () => {
    const bytes = FastCheck.uint8Array({ maxLength: 300 })
    FastCheck.assert(
      FastCheck.property(bytes, FastCheck.array(bytes, { maxLength: 8 }), (head, parts) => {
        expect(hex(Sha3.hashSeeded(head, ...parts))).toBe(hex(reference(head, ...parts)))
      }),
      { seed: 20240501, numRuns: 300 }
    )
    const long = noise(arena, 3)
    for (const cut of [0, 1, arena - 1, arena]) {
      const parts = [long.subarray(0, cut), long.subarray(cut), foreign]
      expect(hex(Sha3.hashSeeded(seed, ...parts))).toBe(hex(reference(seed, ...parts)))
    }
  })

  it("leave the digests of earlier calls unchanged", () => {
    const first = Sha3.digest(none)
    Sha3.digest(foreign)
    expect(hex(first)).toBe(hex(reference(none)))
  })
})

describe("seed", () => {
  it("is the hash of the prefixed name, computed once", () => {
    expect(hex(Sha3.seedOf("LedgerInfo"))).toBe(hex(reference(Buffer.from("APTOS::LedgerInfo"))))
    expect(Sha3.seedOf("LedgerInfo")).toBe(Sha3.seedOf("LedgerInfo"))
  })

  it("is read again from an array of the caller", () => {
    const own = noise(32, 4)
    const pair = noise(64, 5)
    const out = new Uint8Array(32)
    for (const change of [0, 1, 2]) {
      own[change] = 255 - change
      Sha3.hashPair(own, pair, 0, pair, 32, out, 0)
      expect(hex(out)).toBe(hex(reference(own, pair)))
    }
    for (const change of [3, 4]) {
      own[change] = 255 - change
      Sha3.hashPair(own, pair, 0, pair, 32, out, 0)
      expect(hex(out)).toBe(hex(reference(own, pair)))
      Sha3.hashPair(seed, pair, 0, pair, 32, out, 0)
      expect(hex(out)).toBe(hex(reference(seed, pair)))
    }
  })
})

describe("hashRanges", () => {
  it.each(seeds)("hashes every length from 0 to 600 beside neighbours of every kind, seed: %s", (_, given) => {
    const data = noise(1201, 6)
    const rising = Array.from({ length: 601 }, (_, length): Range => [length, 2 * length])
    const alternating = rising.flatMap((range, i): ReadonlyArray<Range> => [range, [0, (i * 271) % 600]])
    expectRanges(given, data, rising)
    expectRanges(given, data, rising.toReversed())
    expectRanges(given, data, alternating)
    for (const range of rising) expectRanges(given, data, [range])
  })

  it.each(seeds)("hashes batches of every shape, seed: %s", (_, given) => {
    const data = noise(20_000, 8)
    const range = FastCheck.tuple(
      FastCheck.nat(data.length),
      FastCheck.oneof(
        FastCheck.nat(150),
        FastCheck.integer({ min: 200, max: 400 }),
        FastCheck.integer({ min: 2_900, max: 3_100 })
      )
    ).map(([start, length]): Range => [start, Math.min(data.length, start + length)])
    FastCheck.assert(
      FastCheck.property(FastCheck.array(range, { maxLength: 40 }), (ranges) => expectRanges(given, data, ranges)),
      { seed: 20240502, numRuns: 150 }
    )
  })

  it("hashes more ranges than one call of the kernel takes", () => {
    const data = noise(3 * most, 9)
    for (const count of [most - 1, most, most + 1, 2 * most + 3]) {
      expectRanges(seed, data, Array.from({ length: count }, (_, i): Range => [i, i + (i * 37) % 90]))
    }
  })

  it("hashes data larger than the arena", () => {
    const data = noise(4 * arena, 10)
    const close: Array<Range> = []
    for (let start = 0; start + 3_000 < data.length; start += 2_900 + start % 300) close.push([start, start + 3_000])
    expectRanges(seed, data, close)
    expectRanges(seed, data, close.toReversed())
    const far = close.map((
      [start],
      i
    ): Range => [(start * 7) % (data.length - 400), (start * 7) % (data.length - 400) + i])
    expectRanges(none, data, far)
  })

  it("hashes small ranges beside ranges around and beyond the size of the arena", () => {
    const data = noise(3 * arena, 11)
    const ranges: Array<Range> = [[0, 10]]
    for (const length of [arena - 1, arena, arena + 1, 2 * arena, 2 * arena + 1, 3 * arena]) {
      ranges.push([3 * arena - length, 3 * arena], [length % 1000, length % 1000 + 77], [0, length])
    }
    expectRanges(none, data, ranges)
    expectRanges(seed, data, ranges)
  })

  it("writes nothing without ranges", () => {
    expectRanges(seed, none, [])
  })

  it("writes into the memory of the data where no range reaches into the digests", () => {
    const memory = noise(200, 12)
    const expected = [reference(seed, memory.subarray(100, 150)), reference(seed, memory.subarray(120, 200))]
    Sha3.hashRanges(seed, memory, Uint32Array.of(100, 120), Uint32Array.of(150, 200), 2, memory, 3)
    expect(hex(memory.subarray(3, 67))).toBe(expected.map(hex).join(""))
  })

  it("refuses ranges out of bounds and writes nothing", () => {
    const data = noise(100, 13)
    const out = new Uint8Array(64)
    const starts = Uint32Array.of(0, 50)
    const ends = Uint32Array.of(10, 100)
    const refused: ReadonlyArray<() => void> = [
      () => Sha3.hashRanges(seed, data, starts, Uint32Array.of(10, 101), 2, out),
      () => Sha3.hashRanges(seed, data, Uint32Array.of(0, 101), Uint32Array.of(10, 101), 2, out),
      () => Sha3.hashRanges(seed, data, starts, Uint32Array.of(10, 49), 2, out),
      () => Sha3.hashRanges(seed, data, starts, ends, 3, out),
      () => Sha3.hashRanges(seed, data, starts, ends, -1, out),
      () => Sha3.hashRanges(seed, data, starts, ends, 1.5, out),
      () => Sha3.hashRanges(seed, data, starts, ends, Number.NaN, out),
      () => Sha3.hashRanges(seed, data, starts, ends, 2, out, 1),
      () => Sha3.hashRanges(seed, data, starts, ends, 1, out, -1),
      () => Sha3.hashRanges(seed, data, starts, ends, 1, out, 0.5),
      () => Sha3.hashRanges(seed.subarray(1), data, starts, ends, 2, out)
    ]
    for (const attempt of refused) expect(attempt).toThrow(RangeError)
    expect(out).toEqual(new Uint8Array(64))
  })
})

describe("hashPairs", () => {
  it.each(seeds)("hashes batches of every size, seed: %s", (_, given) => {
    const pairs = noise(64 * (2 * most + 3), 14)
    const out = new Uint8Array(32 * (2 * most + 3) + 1)
    for (const count of [0, 1, 2, 3, 4, 5, 17, most - 1, most, most + 1, 2 * most + 3]) {
      expectPairs(given, pairs, count, out, 1)
    }
  })

  it.each([1, 2, 3, 100, 101, 2 * most + 3])("replaces a level of %s pairs by the next level", (count) => {
    const pairs = noise(64 * count, 15)
    const rest = pairs.slice(32 * count)
    expectPairs(seed, pairs, count, pairs, 0)
    expect(hex(pairs.subarray(32 * count))).toBe(hex(rest))
  })

  it("writes before the pairs of the same memory", () => {
    const memory = noise(64 * (most + 10), 16)
    expectPairs(seed, memory.subarray(40), most + 5, memory, 0)
  })

  it("refuses ranges out of bounds, and digests over pairs that are not hashed yet", () => {
    const pairs = noise(64 * 4, 17)
    const before = hex(pairs)
    const out = new Uint8Array(128)
    const refused: ReadonlyArray<() => void> = [
      () => Sha3.hashPairs(seed, pairs, 5, new Uint8Array(160)),
      () => Sha3.hashPairs(seed, pairs, 4, out, 1),
      () => Sha3.hashPairs(seed, pairs, 1, out, -1),
      () => Sha3.hashPairs(seed, pairs, -1, out),
      () => Sha3.hashPairs(seed, pairs, 0.5, out),
      () => Sha3.hashPairs(seed, pairs, 4, pairs, 32),
      () => Sha3.hashPairs(seed, pairs, 4, pairs.subarray(1), 0),
      () => Sha3.hashPairs(seed.subarray(1), pairs, 4, out)
    ]
    for (const attempt of refused) expect(attempt).toThrow(RangeError)
    expect(out).toEqual(new Uint8Array(128))
    expect(hex(pairs)).toBe(before)
  })
})

describe("hashPair", () => {
  it.each(seeds)("hashes one pair at any places, seed: %s", (_, given) => {
    const left = noise(100, 18)
    const right = noise(100, 19)
    for (let start = 0; start <= 68; start++) {
      const out = new Uint8Array(100)
      Sha3.hashPair(given, left, start, right, 68 - start, out, start)
      const expected = new Uint8Array(100)
      expected.set(reference(given, left.subarray(start, start + 32), right.subarray(68 - start, 100 - start)), start)
      expect(hex(out)).toBe(hex(expected))
    }
  })

  it("may overwrite its input", () => {
    const memory = noise(64, 20)
    const expected = reference(seed, memory)
    Sha3.hashPair(seed, memory, 0, memory, 32, memory, 16)
    expect(hex(memory.subarray(16, 48))).toBe(hex(expected))
  })

  it("refuses ranges out of bounds and writes nothing", () => {
    const hash = noise(32, 21)
    const out = new Uint8Array(32)
    const refused: ReadonlyArray<() => void> = [
      () => Sha3.hashPair(seed, hash, 1, hash, 0, out, 0),
      () => Sha3.hashPair(seed, hash, 0, hash, -1, out, 0),
      () => Sha3.hashPair(seed, hash, 0, hash, 0, out, 0.5),
      () => Sha3.hashPair(seed, hash, 0, hash, 0, out, 1),
      () => Sha3.hashPair(hash.subarray(1), hash, 0, hash, 0, out, 0)
    ]
    for (const attempt of refused) expect(attempt).toThrow(RangeError)
    expect(out).toEqual(new Uint8Array(32))
  })
})

describe("the kernel", () => {
  it("is the output of the compiler for its source", () => {
    const script = fileURLToPath(new URL("../../../scripts/build-kernel.mjs", import.meta.url))
    execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })
  })
})
