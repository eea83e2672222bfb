/**
 * Stops a command that a signal asked to stop.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import type { Signal } from "./ExitCode.ts"

/**
 * Within which time the program has ended once a signal asked for it. A command that has a bound of its own sets it.
 */
export class StopBound extends Context.Tag("@holdfast/cli/StopBound")<StopBound, Ref.Ref<Duration.Duration>>() {}

/**
 * The bound of a command that has none of its own: storage commands have 5 seconds to end by themselves, and up to 20
 * where their configuration says so.
 */
export const standardBound: Duration.Duration = Duration.seconds(30)

/**
 * How a bound is divided. Stopping in turn lets a line of metadata end, ends storage commands, and gives a lease back;
 * whatever hangs, a tenth is left to end commands by KILL and to exit.
 */
export interface Shares {
  /** For a line of metadata that is being saved. */
  readonly saveGrace: Duration.Duration
  /** Between TERM and KILL of a storage command. */
  readonly killGrace: Duration.Duration
  /** After this long nothing is waited for any more. */
  readonly patience: Duration.Duration
}

export const sharesOf = (bound: Duration.Duration): Shares => ({
  saveGrace: Duration.min(Duration.seconds(1), Duration.times(bound, 0.2)),
  killGrace: Duration.times(bound, 0.3),
  patience: Duration.times(bound, 0.9)
})

/** Sets the bound for as long as the program runs. */
export const within = (bound: Duration.Duration) =>
<A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | StopBound> => Effect.zipRight(Effect.flatMap(StopBound, Ref.set(bound)), effect)

/**
 * Run before a fiber is forked, it keeps interruptions of that one, and of all that it forks, from being lost.
 *
 * In the version of Effect that this project pins, the finalizer that `Effect.acquireRelease` and its kin add puts back
 * what the fiber's references were as it began. If another one ran between its acquisition and it, that takes an
 * interruption that has come meanwhile for never made, and what was told to stop goes on: at each end of a storage
 * command there are some milliseconds for that. A reference that is set from the first on is not put back.
 */
export const keepInterruptions: Effect.Effect<void> = FiberRef.set(FiberRef.interruptedCause, Cause.empty)

/** A signal so soon after the first is the same one again: a terminal signals npm and us, and npm passes it on. */
const sameSignal = Duration.millis(500)

/**
 * Interrupts a fiber and waits until everything that it started has ended: true. Gives up, and returns false, in time for
 * the program to end within the bound, or when another signal comes.
 */
export const stop = <A, E>(
  running: Fiber.RuntimeFiber<A, E>,
  signals: Queue.Dequeue<Signal>
): Effect.Effect<boolean, never, StopBound> =>
  Effect.gen(function*() {
    const { patience } = sharesOf(yield* Ref.get(yield* StopBound))
    return yield* Effect.raceFirst(
      Fiber.interruptFork(running).pipe(
        Effect.zipRight(Fiber.await(running)),
        Effect.as(true),
        Effect.raceFirst(Effect.as(Effect.sleep(patience), false))
      ),
      Effect.sleep(sameSignal).pipe(
        Effect.zipRight(Queue.takeAll(signals)),
        Effect.zipRight(Queue.take(signals)),
        Effect.as(false)
      )
    )
  })
