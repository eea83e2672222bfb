/**
 * Time that jumps from one sleep to the next, as soon as everybody has done what they can: the test clock, but without its
 * waits of a few real milliseconds at each sleep. Nothing here depends on how fast the machine is.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"
import { setImmediate } from "node:timers"

export interface JumpingTime {
  readonly clock: Clock.Clock
  /** Lets so many milliseconds pass. */
  readonly pass: (millis: number) => Effect.Effect<void>
  /** Lets so many milliseconds pass at once, as when the machine was asleep: whoever slept wakes up at their end. */
  readonly leap: (millis: number) => Effect.Effect<void>
  /** How many sleep now. */
  readonly sleeping: Effect.Effect<number>
}

interface Sleep {
  readonly until: number
  readonly wake: () => void
}

/** Comes back when nobody else can go on: all that does not sleep is done in microtasks. */
const everybodyElse: Effect.Effect<void> = Effect.async((resume) => void setImmediate(() => resume(Effect.void)))

export const make = (startMillis: number): JumpingTime => {
  let now = startMillis
  const sleeps = new Set<Sleep>()

  /** Of two that end at the same time, the one that began first. */
  const first = (end: number): Sleep | undefined => {
    let found: Sleep | undefined
    for (const sleep of sleeps) {
      if (sleep.until <= end && (found === undefined || sleep.until < found.until)) found = sleep
    }
    return found
  }

  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    currentTimeMillis: Effect.sync(() => now),
    unsafeCurrentTimeNanos: () => BigInt(Math.round(now * 1e6)),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(now * 1e6))),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const sleep = { until: now + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        sleeps.add(sleep)
        return Effect.sync(() => void sleeps.delete(sleep))
      })
  }
  return {
    clock,
    pass: (millis) =>
      Effect.gen(function*() {
        const end = now + millis
        yield* everybodyElse
        for (let next = first(end); next !== undefined; next = first(end)) {
          now = Math.max(now, next.until)
          sleeps.delete(next)
          next.wake()
          yield* everybodyElse
        }
        now = end
      }),
    leap: (millis) =>
      Effect.gen(function*() {
        yield* everybodyElse
        now += millis
        for (const sleep of [...sleeps].sort((a, b) => a.until - b.until)) {
          if (sleep.until > now) continue
          sleeps.delete(sleep)
          sleep.wake()
        }
        yield* everybodyElse
      }),
    sleeping: Effect.sync(() => sleeps.size)
  }
}

/** Runs all fibers in microtasks alone, so that in which order they run follows from what they do. */
export const inMicrotasks = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withScheduler(effect, new Scheduler.MixedScheduler(Number.POSITIVE_INFINITY))
