import { expect, it } from "@effect/vitest"
import { Random, Randomness } from "../../src/internal/random.ts"

it("is xoshiro128**", () => {
  // The published sequence of the generator for the state 1, 2, 3, 4.
  const random = new Random(Int32Array.of(1, 2, 3, 4))
  expect(Array.from({ length: 5 }, () => random.u32())).toEqual([11520, 0, 5927040, 70819200, 2031721883])
})

it("has a stream for every purpose and index, always the same", () => {
  const randomness = new Randomness(7)
  const places = [["a"], ["b"], ["a", 1], ["a", 0, 1], ["a", 1, 1], ["a", 2 ** 32 - 1]] as const
  const streams = places.map(([purpose, first, second]) => randomness.of(purpose, first, second).u64())
  expect(new Set(streams).size).toBe(places.length)
  expect(places.map(([purpose, first, second]) => new Randomness(7).of(purpose, first, second).u64())).toEqual(streams)
  expect(new Randomness(8).of("a").u64()).not.toBe(streams[0])
})

it("draws evenly", () => {
  const random = new Randomness(1).of("even")
  const counts = [0, 0, 0, 0, 0]
  for (let draw = 0; draw < 10_000; draw++) counts[random.below(5)]! += 1
  for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200)
  const ones = random.bytes(9_999).reduce((sum, byte) => sum + (byte & 1) + (byte >> 7), 0)
  expect(Math.abs(ones - 9_999)).toBeLessThan(300)
})
