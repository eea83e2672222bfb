/**
 * What ought to be small is collected whole or refused, and nobody reads on behind the limit.
 */
import { describe, expect, it } from "@effect/vitest"
import * as BoundedBytes from "@holdfast/storage/BoundedBytes"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Elements of these lengths, and how many of them were read. */
const counted = (...lengths: ReadonlyArray<number>) => {
  let read = 0
  return {
    read: () => read,
    bytes: Stream.fromIterable(lengths).pipe(
      Stream.rechunk(1),
      Stream.map((length) => new Uint8Array(length).fill(++read))
    )
  }
}

describe("a stream with a limit of 5 bytes", () => {
  it.effect("is collected up to the limit", () =>
    Effect.gen(function*() {
      expect(yield* BoundedBytes.collect(Stream.empty, 5, () => "too large")).toEqual(new Uint8Array(0))
      const { bytes } = counted(2, 0, 3)
      expect(yield* BoundedBytes.collect(bytes, 5, () => "too large")).toEqual(Uint8Array.of(1, 1, 3, 3, 3))
    }))

  it.effect("is refused beyond the limit, and not read on", () =>
    Effect.gen(function*() {
      const { bytes, read } = counted(2, 4, 1)
      expect(yield* Effect.flip(BoundedBytes.collect(bytes, 5, () => "too large"))).toBe("too large")
      expect(read()).toBe(2)
    }))

  it.effect("shows its beginning to whoever wants no more", () =>
    Effect.gen(function*() {
      const { bytes, read } = counted(4, 2, 1)
      expect(yield* BoundedBytes.collectUntil(bytes, 5)).toEqual(Uint8Array.of(1, 1, 1, 1, 2, 2))
      expect(read()).toBe(2)
    }))

  it.effect("fails as it does", () =>
    Effect.gen(function*() {
      const bytes = Stream.concat(counted(4).bytes, Stream.fail("broken"))
      expect(yield* Effect.flip(BoundedBytes.collect(bytes, 5, () => "too large"))).toBe("broken")
    }))
})
