import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/**
 * The same stream, which fails where its reader waits for longer than `limit`. The time that the reader itself takes does
 * not count. `cut` must end a stream that waits, in whatever way: closing its connection does.
 *
 * A timer and a race for every piece would cost more than the piece. So one fiber watches the clock, and wakes only when
 * the current wait could be over.
 */
export const failWhenSilent = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  limit: Duration.Duration,
  onSilence: () => E,
  cut: Effect.Effect<void>
): Stream.Stream<A, E, R> =>
  Stream.fromPull(Effect.flatMap(Effect.all([Effect.clock, Stream.toPull(stream)]), ([clock, pull]) => {
    /** When the wait for the next piece began, in milliseconds; undefined while nobody waits. */
    let waitingSince: number | undefined
    let isSilent = false

    const left = (): number => {
      const waited = waitingSince === undefined ? 0 : clock.unsafeCurrentTimeMillis() - waitingSince
      return Duration.toMillis(limit) - waited
    }
    const watch = Effect.suspend(() => Effect.sleep(left()))
    const guard = Effect.repeat(watch, { until: () => left() <= 0 }).pipe(
      Effect.zipRight(Effect.sync(() => {
        isSilent = true
      })),
      Effect.zipRight(cut)
    )
    const guarded = Effect.suspend(() => {
      waitingSince = clock.unsafeCurrentTimeMillis()
      return Effect.onExit(pull, () =>
        Effect.sync(() => {
          waitingSince = undefined
        }))
    }).pipe(
      // After the cut, whatever ends the wait is the silence.
      Effect.mapError((end) => isSilent ? Option.some(onSilence()) : end)
    )
    return Effect.as(Effect.forkScoped(guard), guarded)
  }))
