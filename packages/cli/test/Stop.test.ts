import { describe, expect, it } from "@effect/vitest"
import type { ExitCode } from "@holdfast/cli"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/TestClock"
import { stop } from "../src/Stop.ts"

/** Stops something that takes so long to stop. */
const stopping = (cleanUp: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const signals = yield* Queue.unbounded<ExitCode.Signal>()
    const started = yield* Deferred.make<void>()
    const running = yield* Effect.forkDaemon(
      Deferred.succeed(started, undefined).pipe(Effect.zipRight(Effect.never), Effect.ensuring(cleanUp))
    )
    yield* Deferred.await(started)
    const stopped = yield* Effect.fork(stop(running, signals))
    yield* Effect.yieldNow()
    return { signals, stopped }
  })

describe("stop", () => {
  it.effect("waits until everything has ended", () =>
    Effect.gen(function*() {
      const { stopped } = yield* stopping(Effect.sleep("20 seconds"))
      yield* TestClock.adjust("19 seconds")
      expect(stopped.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 seconds")
      expect(yield* Fiber.join(stopped)).toBe(true)
    }))

  it.effect("gives up after 30 seconds", () =>
    Effect.gen(function*() {
      const { stopped } = yield* stopping(Effect.never)
      yield* TestClock.adjust("29 seconds")
      expect(stopped.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 seconds")
      expect(yield* Fiber.join(stopped)).toBe(false)
    }))

  it.effect("takes a second signal for another one only after a moment", () =>
    Effect.gen(function*() {
      const { signals, stopped } = yield* stopping(Effect.never)
      yield* Queue.offer(signals, "SIGINT")
      yield* TestClock.adjust("1 seconds")
      expect(stopped.unsafePoll()).toBeNull()
      yield* Queue.offer(signals, "SIGINT")
      expect(yield* Fiber.join(stopped)).toBe(false)
    }))
})
