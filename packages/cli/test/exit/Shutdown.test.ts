import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import type * as ExitCode from "../../src/exit/ExitCode.ts"
import * as Shutdown from "../../src/exit/Shutdown.ts"

/** Stops something that takes so long to stop. */
const stopping = (cleanUp: Effect.Effect<void>, bound = Shutdown.defaultDeadline) =>
  Effect.gen(function*() {
    const signals = yield* Queue.unbounded<ExitCode.Signal>()
    const started = yield* Deferred.make<void>()
    const running = yield* Effect.forkDaemon(
      Deferred.succeed(started, undefined).pipe(Effect.zipRight(Effect.never), Effect.ensuring(cleanUp))
    )
    yield* Deferred.await(started)
    const stopped = yield* Shutdown.interrupt(running, signals).pipe(
      Shutdown.within(bound),
      Effect.provideServiceEffect(Shutdown.Deadline, Ref.make(Shutdown.defaultDeadline)),
      Effect.fork
    )
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

  for (const seconds of [30, 5, 1]) {
    it.effect(`C-8: gives up in time to end within a bound of ${seconds} seconds`, () =>
      Effect.gen(function*() {
        const { stopped } = yield* stopping(Effect.never, Duration.seconds(seconds))
        yield* TestClock.adjust(Duration.seconds(0.8 * seconds))
        expect(stopped.unsafePoll()).toBeNull()
        yield* TestClock.adjust(Duration.seconds(0.15 * seconds))
        expect(yield* Fiber.join(stopped)).toBe(false)
      }))
  }

  it("C-8: has time for a line of metadata, the storage commands and the lease, one after the other", () => {
    for (const seconds of [5, 15, 60]) {
      const { killGrace, patience, saveGrace } = Shutdown.sharesOf(Duration.seconds(seconds))
      const lease = Duration.seconds(1)
      expect(Duration.lessThan(Duration.sum(Duration.sum(saveGrace, killGrace), lease), patience)).toBe(true)
    }
  })

  it.effect("C-8: keeps an interruption that comes while something ends that was begun before something else", () =>
    Effect.gen(function*() {
      yield* Shutdown.keepInterruptions
      const ending = (cleanUp: Effect.Effect<void>) => Effect.acquireRelease(Effect.void, () => cleanUp)
      const slow = Effect.scoped(Effect.zipRight(ending(Effect.sleep("1 second")), Effect.scoped(ending(Effect.void))))
      const running = yield* Effect.forkDaemon(
        Effect.all([slow, slow], { concurrency: "unbounded" }).pipe(Effect.zipRight(Effect.never))
      )
      yield* TestClock.adjust("500 millis")
      const interrupted = yield* Effect.fork(Fiber.interrupt(running))
      yield* TestClock.adjust("500 millis")
      expect(Exit.isInterrupted(yield* Fiber.join(interrupted))).toBe(true)
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
