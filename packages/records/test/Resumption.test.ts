/**
 * A stream that breaks off goes on behind its last element; progress gives it all its attempts back.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Resumption from "@holdfast/records/Resumption"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

const length = 6

/** The numbers from 0 on. Each opening delivers so many of them, then fails with the error beside. */
const numbers = (
  openings: ReadonlyArray<readonly [delivered: number, error: string]>,
  isEnd?: (at: number) => boolean
) => {
  const opened: Array<number> = []
  const retried: Array<string> = []
  const stream = Resumption.resumed<number, number, string, never>({
    start: 0,
    open: (position) => {
      const [delivered, error] = openings[opened.length] ?? [length, undefined]
      opened.push(position)
      const elements = Stream.range(position, Math.min(position + delivered, length) - 1)
      return error === undefined ? elements : Stream.concat(elements, Stream.fail(error))
    },
    advance: (position) => position + 1,
    ...isEnd === undefined ? {} : { isEnd }
  }, {
    schedule: Schedule.recurs(2),
    isTransient: (error) => error !== "permanent",
    onRetry: (error) => Effect.sync(() => void retried.push(error))
  })
  return { opened, retried, all: Effect.map(Stream.runCollect(stream), (found) => [...found]) }
}

describe("resumed", () => {
  it.effect("delivers each element once", () =>
    Effect.gen(function*() {
      const { all, opened, retried } = numbers([[2, "cut"], [0, "cut again"], [3, "late"]])
      expect(yield* all).toEqual([0, 1, 2, 3, 4, 5])
      expect(opened).toEqual([0, 2, 2, 5])
      expect(retried).toEqual(["cut", "cut again", "late"])
    }))

  it.effect("fails with the last error where the schedule ends without an element in between", () =>
    Effect.gen(function*() {
      const { all, opened } = numbers([[1, "first"], [1, "second"], [0, "third"], [0, "last"], [1, "never"]])
      expect(yield* Effect.flip(all)).toBe("last")
      expect(opened).toEqual([0, 1, 2, 2])
    }))

  it.effect("fails at once for a reason that stays", () =>
    Effect.gen(function*() {
      const { all, opened } = numbers([[1, "permanent"]])
      expect(yield* Effect.flip(all)).toBe("permanent")
      expect(opened).toEqual([0])
    }))

  it.effect("is complete where the stream breaks off at its end", () =>
    Effect.gen(function*() {
      const { all, opened, retried } = numbers([[length, "cut"]], (position) => position === length)
      expect(yield* all).toEqual([0, 1, 2, 3, 4, 5])
      expect([opened, retried]).toEqual([[0], []])
    }))
})
