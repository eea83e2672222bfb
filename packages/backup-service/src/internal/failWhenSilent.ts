import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as Take from "effect/Take"

/** Pieces that may wait between the one who receives and the one who uses them. */
const readAhead = 2

/**
 * The same stream, failing where it keeps its reader waiting for longer than `limit`. The time that the reader takes
 * does not count.
 *
 * A timer and a race for every piece would cost more than receiving it: so one fiber receives, and another looks at the
 * clock as rarely as can be.
 */
export const failWhenSilent = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  limit: Duration.Duration,
  onSilence: () => E
): Stream.Stream<A, E, R> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const clock = yield* Effect.clock
    const pull = yield* Stream.toPull(stream)
    const pieces = yield* Effect.acquireRelease(Queue.bounded<Take.Take<A, E>>(readAhead), Queue.shutdown)
    /** When the wait for the next piece began, in milliseconds; undefined while there is none. */
    let waitingSince: number | undefined

    const receive = Effect.suspend(() => {
      waitingSince = clock.unsafeCurrentTimeMillis()
      return Effect.flatMap(Take.fromPull(pull), (piece) => {
        waitingSince = undefined
        return Effect.as(Queue.offer(pieces, piece), Exit.isFailure(piece.exit))
      })
    })
    /** How long it is until the wait could be too long. */
    const untilSilent = (): number => {
      const waited = waitingSince === undefined ? 0 : clock.unsafeCurrentTimeMillis() - waitingSince
      return Duration.toMillis(limit) - waited
    }
    const watch = Effect.suspend(() => Effect.sleep(untilSilent()))

    yield* Effect.forkScoped(Effect.repeat(receive, { until: (isLast) => isLast }))
    yield* Effect.forkScoped(
      Effect.repeat(watch, { until: () => untilSilent() <= 0 }).pipe(
        Effect.zipRight(Effect.suspend(() => Queue.offer(pieces, Take.fail(onSilence()))))
      )
    )
    return Stream.flattenTake(Stream.fromQueue(pieces, { maxChunkSize: 1 }))
  }))
