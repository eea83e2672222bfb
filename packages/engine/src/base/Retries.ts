/**
 * What is tried again, when, and how often: the one place that decides it.
 *
 * A node that restarts and a storage that is out of order for a moment pass by themselves; a command that does not
 * exist or a name that is refused does not. A write is tried again under a fresh file name, since the command may have
 * published something under the first.
 */
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import type * as Resumption from "@holdfast/records/Resumption"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** How long to wait before something is tried again. */
export interface Delays {
  /** Before the first retry; doubled for each further one, with jitter. */
  readonly firstDelay: Duration.DurationInput
  /** No delay is longer. */
  readonly longestDelay: Duration.DurationInput
}

export interface RetryPolicy extends Delays {
  /** How often something that failed is tried again; 0: never. */
  readonly retries: number
}

/** Nothing is tried again. */
export const never: RetryPolicy = { retries: 0, firstDelay: 0, longestDelay: 0 }

/** Three times, after about half a second, one and two seconds. */
export const standard: RetryPolicy = { retries: 3, firstDelay: "500 millis", longestDelay: "30 seconds" }

/**
 * What is tried again of reads from a storage: listing metadata, and reading files, also in the middle of them. Nothing,
 * unless provided otherwise.
 */
export class Reading extends Context.Reference<Reading>()("@holdfast/engine/Retries/Reading", {
  defaultValue: (): RetryPolicy => never
}) {}

/** The delays, without an end. */
export const delays = ({ firstDelay, longestDelay }: Delays) =>
  Schedule.exponential(firstDelay).pipe(
    Schedule.jittered,
    Schedule.modifyDelay((_, delay) => Duration.min(delay, longestDelay))
  )

/** The delays of a policy. */
export const schedule = (policy: RetryPolicy) => Schedule.intersect(delays(policy), Schedule.recurs(policy.retries))

/** Can it help to try again? A node that has fewer records than asked for will not have more in a moment. */
export const isTransient = (error: unknown): boolean =>
  error instanceof StorageError.StorageError
    ? StorageError.isRetryable(error)
    : error instanceof BackupServiceError.BackupServiceError
    ? BackupServiceError.isRetryable(error) && error.reason !== "ShortCount"
    : false

/**
 * Runs something until it succeeds or the policy gives up; it is told how many attempts were made before. Each failure
 * that is tried again is logged.
 */
export const attempts = <A, E extends { readonly message: string }, R>(
  policy: RetryPolicy,
  run: (attempt: number) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let attempt = 0
    return Effect.suspend(() => run(attempt++)).pipe(
      Effect.tapError((error) =>
        isTransient(error) && attempt <= policy.retries ? willRetry(error.message) : Effect.void
      ),
      Effect.retry({ schedule: schedule(policy), while: isTransient })
    )
  })

/** Streams that break off go on as the policy says: as often as that without an element in between. */
export const resuming = <E extends { readonly message: string }>(
  policy: RetryPolicy
): Resumption.ResumptionPolicy<E> => ({
  schedule: schedule(policy),
  isTransient,
  onRetry: ({ message }) => willRetry(message)
})

/** Runs a read from a storage until it succeeds or {@link Reading} gives up. */
export const reading = <A, E extends { readonly message: string }, R>(
  read: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => Effect.flatMap(Reading, (policy) => attempts(policy, () => read))

/** Says that something failed and is tried again. */
export const willRetry = (message: string): Effect.Effect<void> => Effect.logWarning(`trying again: ${message}`)
