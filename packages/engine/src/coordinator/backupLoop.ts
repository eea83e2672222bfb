import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as Retries from "../base/Retries.ts"
import { CoordinatorStatus, type Loop, updateLoop } from "./CoordinatorStatus.ts"

/** A backup that is due: in words, and the effect that takes the backup. */
export interface Due<E, R> {
  readonly what: string
  readonly take: Effect.Effect<void, E, R>
}

export interface LoopOptions<S, E, R> {
  readonly loop: Loop
  /** The newest state that the loop has not seen. */
  readonly states: Queue.Dequeue<S>
  /** The backup that is due at that state, if any. */
  readonly due: (state: S) => Effect.Effect<Due<E, R> | undefined, E, R>
  /** Runs once nothing is due any more at that state. */
  readonly done: (state: S) => Effect.Effect<void>
  /** Runs after each failure, before the retry. */
  readonly failed: Effect.Effect<void>
  readonly backoff: Retries.Delays
}

/**
 * Runs for ever: takes the newest state, takes the backups that are due one after the other, and waits for a newer state. A
 * failure is logged and retried after a while, with the newest state by then. No failure ends the loop, not even a defect.
 * An interruption sets the activity back to waiting. A failure stays visible until a later attempt succeeds, even across
 * restarts of the loop.
 */
export const backupLoop = <S, E extends { readonly message: string }, R>(
  { backoff, done, due, failed, states, loop }: LoopOptions<S, E, R>
): Effect.Effect<never, never, R | CoordinatorStatus> =>
  Effect.gen(function*() {
    const delays = yield* Schedule.driver(Schedule.onDecision(Retries.delays(backoff), (_, decision) =>
      Effect.gen(function*() {
        if (!ScheduleDecision.isContinue(decision)) return
        const until = ScheduleIntervals.start(decision.intervals)
        const { failures, lastError, stalledSince = until } = yield* updateLoop(loop, (before) => ({
          ...before,
          activity: { _tag: "BackingOff", until }
        }))
        const often = failures > 1 ? `, failing since ${shown(stalledSince)} (${failures} times)` : ""
        yield* Effect.annotateLogs(
          Effect.logWarning(`will be tried again at ${shown(until)}${often}: ${lastError}`),
          { worker: loop }
        )
      })))

    const recovered = (lastSuccess: number | undefined) =>
      Effect.gen(function*() {
        yield* delays.reset
        const { failures, stalledSince } = yield* updateLoop(loop, (before) => ({
          activity: { _tag: "Waiting" },
          stalledSince: undefined,
          failures: 0,
          lastError: undefined,
          lastSuccess: lastSuccess ?? before.lastSuccess
        }))
        if (stalledSince === undefined) {
          return
        }
        yield* Effect.annotateLogs(
          Effect.logInfo(`works again; it had failed since ${shown(stalledSince)} (${failures} times)`),
          { worker: loop }
        )
      })

    const failing = Effect.flatMap(
      CoordinatorStatus,
      (ref) =>
        Effect.map(SubscriptionRef.get(ref), ({ [loop]: { failures } }) => failures > 0)
    )

    const work = (state: S): Effect.Effect<void, E, R | CoordinatorStatus> =>
      Effect.gen(function*() {
        for (let next = yield* due(state); next !== undefined; next = yield* due(state)) {
          const { what, take } = next
          const since = yield* Clock.currentTimeMillis
          yield* updateLoop(loop, (before) => ({ ...before, activity: { _tag: "Running", what, since } }))
          yield* take
          yield* recovered(yield* Clock.currentTimeMillis)
        }
        yield* done(state)
      })

    const backOff = (cause: Cause.Cause<E>) =>
      Effect.gen(function*() {
        yield* failed
        const now = yield* Clock.currentTimeMillis
        const lastError = messageOf(cause)
        yield* updateLoop(loop, (before) => ({
          ...before,
          stalledSince: before.stalledSince ?? now,
          failures: before.failures + 1,
          lastError
        }))
        yield* Effect.orDie(delays.next(undefined))
      })

    let unfinished: S | undefined
    return yield* Effect.forever(Effect.gen(function*() {
      const newest = Option.getOrUndefined(yield* Queue.poll(states))
      const state = newest ?? unfinished ?? (yield* Queue.take(states))
      unfinished = state
      yield* work(state).pipe(
        Effect.zipRight(Effect.suspend(() => {
          unfinished = undefined
          return Effect.whenEffect(recovered(undefined), failing)
        })),
        Effect.catchAllCause(backOff)
      )
    }))
  }).pipe(
    Effect.ensuring(updateLoop(loop, (before) => ({ ...before, activity: { _tag: "Waiting" } }))),
    Effect.withSpan("Coordinator.worker", { attributes: { worker: loop } })
  )

const shown = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

/** What the operator reads: the first error, or the defect of this program. */
const messageOf = (cause: Cause.Cause<{ readonly message: string }>): string =>
  Option.match(Chunk.head(Cause.failures(cause)), {
    onNone: () => `a mistake in this program, please report it: ${Cause.pretty(cause)}`,
    onSome: ({ message }) => message
  })
