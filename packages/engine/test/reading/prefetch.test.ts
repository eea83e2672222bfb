import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { concatPrefetched } from "../../src/reading/prefetch.ts"
import { aWhile, everybodyElse } from "../support/turns.ts"

/** Streams that say when they are opened and closed. */
const observed = () => {
  const events: Array<string> = []
  const open = new Set<number>()
  const counts = { most: 0, pulled: 0 }
  const of = <A, E>(index: number, stream: Stream.Stream<A, E>): Stream.Stream<A, E> =>
    Stream.unwrapScoped(Effect.as(
      Effect.acquireRelease(
        Effect.sync(() => {
          events.push(`open ${index}`)
          open.add(index)
          counts.most = Math.max(counts.most, open.size)
        }),
        () =>
          Effect.zipRight(
            aWhile(20),
            Effect.sync(() => {
              events.push(`close ${index}`)
              open.delete(index)
            })
          )
      ),
      Stream.tap(Stream.rechunk(stream, 1), () => Effect.sync(() => counts.pulled++))
    ))
  return { events, open, counts, of }
}

const collect = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe("whoever reads", () => {
  it.scoped.each([["to the end", 9], ["and stops early", 2]] as const)(
    "keeps its own scope when it reads %s",
    ([, count]) =>
      Effect.gen(function*() {
        const before = yield* Effect.scope
        const streams = Stream.make(Stream.make(1, 2), Stream.make(3), Stream.make(4, 5))
        yield* Stream.runDrain(Stream.take(concatPrefetched(streams, { ahead: 2, buffered: 1 }), count))
        expect(yield* Effect.scope).toBe(before)
      })
  )
})

describe("order", () => {
  it.effect.prop(
    "O-11: the elements are those of the streams one after the other, and no more streams are open than may be",
    [FastCheck.record({
      lengths: FastCheck.array(FastCheck.nat({ max: 12 }), { maxLength: 20 }),
      delays: FastCheck.array(FastCheck.nat({ max: 20 }), { minLength: 1, maxLength: 4 }),
      ahead: FastCheck.integer({ min: 1, max: 6 }),
      buffered: FastCheck.integer({ min: 1, max: 5 })
    })],
    ([{ ahead, buffered, delays, lengths }]) =>
      Effect.gen(function*() {
        const { counts, of, open } = observed()
        const streams = lengths.map((length, index) =>
          of(
            index,
            Stream.fromIterable(upTo(length)).pipe(
              Stream.map((element) => [index, element]),
              Stream.tap(() => aWhile(delays[index % delays.length] ?? 0))
            )
          )
        )
        expect(yield* collect(concatPrefetched(Stream.fromIterable(streams), { ahead, buffered })))
          .toEqual(lengths.flatMap((length, index) => upTo(length).map((element) => [index, element])))
        expect(counts.most).toBeLessThanOrEqual(ahead)
        expect(open.size).toBe(0)
      }),
    { fastCheck: { numRuns: 50, seed: 1 } }
  )
})

describe("bounds", () => {
  it.effect("O-11: while the first is read slowly, the next ones are open and have their elements ready", () =>
    Effect.gen(function*() {
      const { counts, of, open } = observed()
      const gate = yield* Effect.makeLatch(false)
      const streams = upTo(10).map((index) => of(index, Stream.range(0, 99)))
      const reading = yield* Effect.fork(
        Stream.runForEach(
          concatPrefetched(Stream.fromIterable(streams), { ahead: 3, buffered: 4 }),
          () => gate.await
        )
      )
      yield* everybodyElse
      expect([...open]).toEqual([0, 1, 2])
      // Four wait in each, one more is in the hand of whoever offers it, and the first stream's reader has taken some.
      expect(counts.pulled).toBeGreaterThanOrEqual(3 * 4)
      expect(counts.pulled).toBeLessThanOrEqual(3 * (4 + 1) + 4 + 1)
      yield* gate.open
      yield* Fiber.join(reading)
      expect(counts.pulled).toBe(1_000)
      expect(counts.most).toBe(3)
    }))
})

describe("ends", () => {
  it.effect("O-11: one stream at a time goes on to the next", () =>
    Effect.gen(function*() {
      const { events, of } = observed()
      const streams = upTo(3).map((index) => of(index, Stream.make(`${index}a`, `${index}b`)))
      expect(yield* collect(concatPrefetched(Stream.fromIterable(streams), { ahead: 1, buffered: 1 })))
        .toEqual(["0a", "0b", "1a", "1b", "2a", "2b"])
      expect(events).toEqual(["open 0", "close 0", "open 1", "close 1", "open 2", "close 2"])
    }))

  it.effect("O-8: whoever has enough closes all that is open", () =>
    Effect.gen(function*() {
      const { open, of } = observed()
      const streams = upTo(10).map((index) => of(index, Stream.concat(Stream.make(index), Stream.never)))
      const first = yield* collect(
        Stream.take(concatPrefetched(Stream.fromIterable(streams), { ahead: 4, buffered: 2 }), 1)
      )
      expect(first).toEqual([0])
      expect(open.size).toBe(0)
    }))

  it.effect("O-8: a failure comes after the elements before it, and closes all that is open", () =>
    Effect.gen(function*() {
      const { events, of, open } = observed()
      const streams = upTo(6).map((index) =>
        of(
          index,
          index === 2 ? Stream.concat(Stream.make("2a"), Stream.fail("cut")) : Stream.make(`${index}a`, `${index}b`)
        )
      )
      const seen: Array<string> = []
      const failed = yield* Effect.flip(
        Stream.runForEach(
          concatPrefetched(Stream.fromIterable(streams), { ahead: 3, buffered: 1 }),
          (element) => Effect.sync(() => seen.push(element))
        )
      )
      expect(failed).toBe("cut")
      expect(seen).toEqual(["0a", "0b", "1a", "1b", "2a"])
      expect(open.size).toBe(0)
      expect(events.filter((event) => event.startsWith("open")).length)
        .toBe(events.filter((event) => event.startsWith("close")).length)
    }))

  it.effect("O-8: a failure of the reader closes all that is open", () =>
    Effect.gen(function*() {
      const { of, open } = observed()
      const streams = upTo(6).map((index) => of(index, Stream.concat(Stream.make(index), Stream.never)))
      const failed = yield* Effect.flip(
        Stream.runForEach(concatPrefetched(Stream.fromIterable(streams), { ahead: 3, buffered: 1 }), () =>
          Effect.fail("enough"))
      )
      expect(failed).toBe("enough")
      expect(open.size).toBe(0)
    }))

  it.effect("a failure of the stream of streams comes after what was opened", () =>
    Effect.gen(function*() {
      const { of, open } = observed()
      const streams = Stream.concat(Stream.make(of(0, Stream.make("a"))), Stream.fail("no more"))
      const seen: Array<string> = []
      const failed = yield* Effect.flip(
        Stream.runForEach(concatPrefetched(streams, { ahead: 3, buffered: 1 }), (each) =>
          Effect.sync(() => seen.push(each)))
      )
      expect([failed, seen]).toEqual(["no more", ["a"]])
      expect(open.size).toBe(0)
    }))

  for (const ahead of [1, 3]) {
    it.effect(`O-8: an interruption reaches streams that hang, ${ahead} open`, () =>
      Effect.gen(function*() {
        const { of, open } = observed()
        const streams = upTo(6).map((index) => of(index, Stream.never))
        const reading = yield* Effect.fork(
          Stream.runDrain(concatPrefetched(Stream.fromIterable(streams), { ahead, buffered: 1 }))
        )
        yield* everybodyElse
        expect(open.size).toBe(ahead)
        const exit = yield* Fiber.interrupt(reading)
        expect(Exit.isInterrupted(exit)).toBe(true)
        expect(open.size).toBe(0)
      }))
  }

  it.effect("O-8: an interruption reaches a stream that hangs while it is opened", () =>
    Effect.gen(function*() {
      let interrupted = 0
      const hanging = Stream.fromEffect(Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)))
      const reading = yield* Effect.fork(
        Stream.runDrain(concatPrefetched(Stream.make(hanging, hanging), { ahead: 2, buffered: 1 }))
      )
      yield* everybodyElse
      yield* Fiber.interrupt(reading)
      expect(interrupted).toBe(2)
    }))
})
