/**
 * Progress as data: where the tasks under way stand, and a stream of what happens to them. What a terminal shows is drawn
 * from the same.
 *
 * The trackers of {@link Progress} count on hot paths; here they are looked at, so many times a second, never for each
 * record. A subscriber that does not keep up loses the oldest events; nobody waits for it, and each event says all that
 * there is to say of its task.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Progress from "./Progress.ts"

const standing = {
  /** Tells tasks apart that are under way at a time; counts from 1. */
  task: Schema.Int,
  /** `state snapshot of epoch 12` */
  what: Schema.String,
  /** What is counted, in the plural: `items`. */
  unit: Schema.String,
  /** How many there will be; `null` where that is not known. */
  total: Schema.NullOr(Schema.Number),
  /** How many are done, with those of earlier runs. */
  done: Schema.Number,
  bytes: Schema.Number,
  /** Seconds since the task began. */
  elapsed: Schema.Number,
  /** Units a second, of this run. */
  rate: Schema.Number,
  /** An estimate of the rest; `null` where there is nothing to go by. */
  secondsLeft: Schema.NullOr(Schema.Number)
}

/** Where a task stands. */
export const Standing = Schema.Struct(standing)

export type Standing = typeof Standing.Type

export class Began extends Schema.TaggedClass<Began>("@holdfast/engine/ProgressEvents/Began")("Began", standing) {}

/** It has come further since the event before. */
export class Advanced
  extends Schema.TaggedClass<Advanced>("@holdfast/engine/ProgressEvents/Advanced")("Advanced", standing)
{}

/** It is over: whole, or as far as it came before it failed or was interrupted. */
export class Ended extends Schema.TaggedClass<Ended>("@holdfast/engine/ProgressEvents/Ended")("Ended", {
  ...standing,
  how: Schema.Literal("complete", "failed", "interrupted")
}) {}

export const Event = Schema.Union(Began, Advanced, Ended)

export type Event = typeof Event.Type

/** The tasks under way, and what is to happen when one begins and ends. */
export interface Board {
  /** As {@link Progress} wants it. */
  readonly begin: (task: Progress.Task) => Effect.Effect<Progress.Tracker, never, Scope.Scope>
  /** Those under way, the oldest first. */
  readonly standings: Effect.Effect<ReadonlyArray<Standing>>
}

/**
 * A board without tasks. `told` hears of each beginning and end, and how many tasks are under way then; it must not wait for
 * anybody.
 */
export const board = (told: (event: Began | Ended, underWay: number) => Effect.Effect<unknown>): Board => {
  const running = new Set<Running>()
  let begun = 0
  return {
    begin: (task) =>
      Effect.acquireRelease(
        Effect.gen(function*() {
          const started = yield* Clock.currentTimeMillis
          const entry = { id: ++begun, task, tracker: Progress.track(task), started }
          running.add(entry)
          yield* told(new Began(standingOf(entry, started)), running.size)
          return entry
        }),
        (entry, exit) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            running.delete(entry)
            const how = Exit.isSuccess(exit) ? "complete" : Exit.isInterrupted(exit) ? "interrupted" : "failed"
            return told(new Ended({ ...standingOf(entry, now), how }), running.size)
          })
      ).pipe(Effect.map(({ tracker }) => tracker)),
    standings: Effect.map(Clock.currentTimeMillis, (now) => Array.from(running, (entry) => standingOf(entry, now)))
  }
}

interface Running {
  readonly id: number
  readonly task: Progress.Task
  readonly tracker: Progress.Tracker
  /** Milliseconds. */
  readonly started: number
}

/** Before that an estimate is worth nothing. Seconds. */
const estimateAfter = 2

const standingOf = ({ id, started, task, tracker }: Running, now: number): Standing => {
  const { before = 0, total, unit, what } = task
  const { bytes, done } = tracker
  const elapsed = (now - started) / 1000
  const rate = (done - before) / Math.max(elapsed, 0.001)
  const isGuess = total === undefined || total <= done || rate <= 0 || elapsed < estimateAfter
  const secondsLeft = isGuess ? null : Math.ceil((total - done) / rate)
  return { task: id, what, unit, total: total ?? null, done, bytes, elapsed, rate, secondsLeft }
}

export interface Options {
  /** How often the trackers are looked at; a second if not given. */
  readonly interval?: Duration.DurationInput
  /** Events that wait for a subscriber, at most; 64 if not given. */
  readonly waiting?: number
}

const standard = { interval: Duration.seconds(1), waiting: 64 }

/** What the events are offered by. */
export interface Service {
  /**
   * The events from now on; those under way begin for whoever subscribes. Ends with the layer. Any number of subscribers.
   */
  readonly events: Stream.Stream<Event>
  readonly standings: Effect.Effect<ReadonlyArray<Standing>>
}

/** What happens to the tasks of a program. */
export class ProgressEvents extends Context.Tag("@holdfast/engine/ProgressEvents")<ProgressEvents, Service>() {}

/** The events of all tasks that begin while the layer lives. */
export const layer = ({ interval, waiting }: Options = {}): Layer.Layer<ProgressEvents> =>
  Layer.scopedContext(Effect.gen(function*() {
    const told = yield* Effect.acquireRelease(
      PubSub.sliding<Event>(waiting ?? standard.waiting),
      (pubsub) => PubSub.shutdown(pubsub)
    )
    // A task may end after the layer.
    const tell = (event: Event) => Effect.unlessEffect(PubSub.publish(told, event), PubSub.isShutdown(told))
    const { begin, standings } = board(tell)
    yield* Effect.forkScoped(sample(standings, interval ?? standard.interval, tell))
    const events = Stream.unwrapScoped(Effect.gen(function*() {
      const queue = yield* PubSub.subscribe(told)
      const underWay = yield* standings
      const begun = new Set(underWay.map(({ task }) => task))
      return Stream.fromIterable(underWay.map((each): Event => new Began(each))).pipe(
        Stream.concat(
          Stream.filter(Stream.fromQueue(queue), (event) => event._tag !== "Began" || !begun.has(event.task))
        )
      )
    }))
    return Context.make(ProgressEvents, { events, standings }).pipe(Context.add(Progress.Progress, { begin }))
  }))

/** Looks at the tasks again and again, and tells of those that have come further. */
export const sample = (
  standings: Board["standings"],
  interval: Duration.DurationInput,
  tell: (event: Advanced) => Effect.Effect<unknown>
): Effect.Effect<void> => {
  let before = new Map<number, Standing>()
  const look = Effect.flatMap(standings, (all) => {
    const further = all.filter(({ bytes, done, rate, task }) => {
      const seen = before.get(task)
      return seen === undefined ? rate > 0 || bytes > 0 : seen.done !== done || seen.bytes !== bytes
    })
    before = new Map(all.map((each) => [each.task, each]))
    return Effect.forEach(further, (each) => tell(new Advanced(each)), { discard: true })
  })
  return Effect.asVoid(Effect.schedule(look, Schedule.spaced(interval)))
}
