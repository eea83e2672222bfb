/**
 * Streams that go on where they broke off.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

/** Which failures to resume after, and when. */
export interface ResumptionPolicy<E> {
  /** The delays before further attempts. An element that arrives resets the schedule. */
  readonly schedule: Schedule.Schedule<unknown, E>
  /** Can a further attempt help? */
  readonly isTransient: (error: E) => boolean
  /** Runs before each further attempt. */
  readonly onRetry: (error: E) => Effect.Effect<void>
}

/** A stream that can be opened in the middle. */
export interface Resumable<S, A, E, R> {
  /** Where the stream begins. */
  readonly start: S
  /** The stream from a position on. */
  readonly open: (position: S) => Stream.Stream<A, E, R>
  /** The position behind an element. */
  readonly advance: (position: S, element: A) => S
  /** Nothing is left to open at the end: a stream that breaks off there is complete. */
  readonly isEnd?: (position: S) => boolean
}

/**
 * The elements of a stream, each once. Where the stream breaks off for a transient reason, it is opened again behind the
 * last element. Fails with the last error where the schedule ends before another element arrives.
 */
export const resumed = <S, A, E, R>(
  { advance, isEnd, open, start }: Resumable<S, A, E, R>,
  { isTransient, onRetry, schedule }: ResumptionPolicy<E>
): Stream.Stream<A, E, R> =>
  Stream.unwrap(Effect.map(Schedule.driver(schedule), (delays) => {
    let position = start
    let isRetry = false
    const rest: Stream.Stream<A, E, R> = Stream.suspend(() => open(position)).pipe(
      Stream.tap((element) => {
        position = advance(position, element)
        if (!isRetry) return Effect.void
        isRetry = false
        return delays.reset
      }),
      Stream.catchAll((error) => {
        if (!isTransient(error)) return Stream.fail(error)
        if (isEnd?.(position) === true) return Stream.empty
        isRetry = true
        return Stream.unwrap(Effect.matchEffect(delays.next(error), {
          onFailure: () => Effect.fail(error),
          onSuccess: () => Effect.as(onRetry(error), rest)
        }))
      })
    )
    return rest
  }))
