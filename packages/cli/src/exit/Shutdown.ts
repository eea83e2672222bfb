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

/** How soon the program has ended once a signal asks for it. A command may set a deadline of its own with {@link within}. */
export class Deadline extends Context.Tag("@holdfast/cli/Shutdown/Deadline")<Deadline, Ref.Ref<Duration.Duration>>() {}

/**
 * The deadline of a command that sets none: storage commands have 5 seconds to end by themselves, and up to 20 where their
 * configuration says so.
 */
export const defaultDeadline: Duration.Duration = Duration.seconds(30)

/**
 * How a deadline is divided. A stop lets a line of metadata be saved, ends storage commands, and gives a lease back, one
 * after the other. A tenth is left to end commands by KILL and to exit, whatever hangs.
 */
export interface Shares {
  /** For a line of metadata that is being saved. */
  readonly saveGrace: Duration.Duration
  /** Between TERM and KILL of a storage command. */
  readonly killGrace: Duration.Duration
  /** After this long the program waits for nothing any more. */
  readonly patience: Duration.Duration
}

/** The shares of a deadline. */
export const sharesOf = (deadline: Duration.Duration): Shares => ({
  saveGrace: Duration.min(Duration.seconds(1), Duration.times(deadline, 0.2)),
  killGrace: Duration.times(deadline, 0.3),
  patience: Duration.times(deadline, 0.9)
})

/** Sets the deadline for as long as the program runs. */
export const within = (deadline: Duration.Duration) =>
<A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Deadline> => Effect.zipRight(Effect.flatMap(Deadline, Ref.set(deadline)), effect)

/**
 * Keeps interruptions of the fibers that are forked afterwards from being lost.
 *
 * In the pinned version of Effect, the finalizer of `Effect.acquireRelease` restores the references of its fiber to what
 * they were when the finalizer began. If another finalizer ran in between, an interruption that arrived meanwhile is
 * forgotten, and the interrupted fiber goes on; each end of a storage command opens such a window of some milliseconds. A
 * reference that is set from the start is not restored.
 */
export const keepInterruptions: Effect.Effect<void> = FiberRef.set(FiberRef.interruptedCause, Cause.empty)

/** A second signal within this time counts as the first: a terminal signals npm and us, and npm passes the signal on. */
const sameSignal = Duration.millis(500)

/**
 * Interrupts a fiber and waits until everything that the fiber started has ended: true. Gives up and returns false when
 * another signal comes, or in time for the program to meet the deadline.
 */
export const interrupt = <A, E>(
  running: Fiber.RuntimeFiber<A, E>,
  signals: Queue.Dequeue<Signal>
): Effect.Effect<boolean, never, Deadline> =>
  Effect.gen(function*() {
    const { patience } = sharesOf(yield* Ref.get(yield* Deadline))
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
