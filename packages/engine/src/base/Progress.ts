/**
 * How far long work has come. Whoever works begins a task and counts up its tracker, a batch at a time; whoever shows
 * progress looks at the trackers when it likes. Without anybody to show it, nothing happens.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What is being done. */
export interface Task {
  /** `state snapshot of epoch 12` */
  readonly what: string
  /** What is counted, in the plural: `items`. */
  readonly unit: string
  /** How many there will be, where that is known. */
  readonly total: number | undefined
  /** How many of them were done before, by an earlier run; none if not given. */
  readonly before?: number
}

/** The counters of a task. Plain numbers, since they are raised on hot paths. */
export interface Tracker {
  done: number
  bytes: number
}

/** Shows tasks while their scope is open. */
export class Progress extends Context.Reference<Progress>()("@holdfast/engine/Progress", {
  defaultValue: () => ({
    begin: (task: Task): Effect.Effect<Tracker, never, Scope.Scope> => Effect.sync(() => track(task))
  })
}) {}

/** The counters of a task that begins. */
export const track = ({ before = 0 }: Task): Tracker => ({ done: before, bytes: 0 })

/** Begins a task that is shown until the scope closes. */
export const begin = (task: Task): Effect.Effect<Tracker, never, Scope.Scope> =>
  Effect.flatMap(Progress, (progress) => progress.begin(task))

/** Runs an effect for each of many, `concurrency` at a time, as a task. `unit` is what they are, in the plural. None is no task. */
export const forEach = <A, B, E, R>(
  what: string,
  unit: string,
  many: Iterable<A>,
  run: (each: A) => Effect.Effect<B, E, R>,
  concurrency: number
): Effect.Effect<ReadonlyArray<B>, E, R> =>
  Effect.suspend(() => {
    const all = Array.from(many)
    if (all.length === 0) return Effect.succeed([])
    return Effect.flatMap(begin({ what, unit, total: all.length }), (tracker) => {
      const counted = (each: A) => Effect.tap(run(each), () => Effect.sync(() => void tracker.done++))
      return Effect.forEach(all, counted, { concurrency })
    })
  }).pipe(Effect.scoped)
