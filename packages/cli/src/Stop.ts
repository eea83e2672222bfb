/**
 * Stops a command that a signal asked to stop.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type { Signal } from "./ExitCode.ts"

/** How long a command may take to stop: storage commands have 5 seconds to end by themselves. */
const stopWithin = Duration.seconds(30)

/** A signal so soon after the first is the same one again: a terminal signals npm and us, and npm passes it on. */
const sameSignal = Duration.millis(500)

/**
 * Interrupts a fiber and waits until everything that it started has ended: true. Gives up, and returns false, after 30
 * seconds, or when another signal comes.
 *
 * @since 0.1.0
 * @category running
 */
export const stop = <A, E>(
  running: Fiber.RuntimeFiber<A, E>,
  signals: Queue.Dequeue<Signal>
): Effect.Effect<boolean> =>
  Effect.raceFirst(
    Fiber.interruptFork(running).pipe(
      Effect.zipRight(Fiber.await(running)),
      Effect.as(true),
      Effect.raceFirst(Effect.as(Effect.sleep(stopWithin), false))
    ),
    Effect.sleep(sameSignal).pipe(
      Effect.zipRight(Queue.takeAll(signals)),
      Effect.zipRight(Queue.take(signals)),
      Effect.as(false)
    )
  )
