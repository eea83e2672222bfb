/**
 * The machine's own clock, whatever clock the program runs on.
 *
 * Deadlines belong to Effect's `Clock`, so that a `TestClock` can drive them. Watching a process end does not: processes
 * live in real time, and a release that slept on a `TestClock` would never wake up, since nobody advances that clock
 * while a scope closes.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const clock = Clock.make()

export const onLiveClock = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withClock(effect, clock)
