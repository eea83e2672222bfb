/**
 * The status of the coordinator of this machine, for other programs: a small entry of the local state that the coordinator
 * replaces every ten seconds and removes when it stops. A killed coordinator leaves the entry, with the time when the
 * coordinator was last active.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { LocalState } from "../base/LocalState.ts"
import { CoordinatorStatus } from "./CoordinatorStatus.ts"

const Millis = Schema.Number
const Unknown = <A>(schema: Schema.Schema<A>) => Schema.UndefinedOr(schema).pipe(Schema.optional)

const LoopStatus = Schema.Struct({
  activity: Schema.Union(
    Schema.TaggedStruct("Waiting", {}),
    Schema.TaggedStruct("Running", { what: Schema.String, since: Millis }),
    Schema.TaggedStruct("BackingOff", { until: Millis })
  ),
  stalledSince: Unknown(Millis),
  failures: Schema.Int,
  lastError: Unknown(Schema.String),
  lastSuccess: Unknown(Millis)
})

/**
 * What is said of a coordinator: `CoordinatorStatus.Status`, as of when and by whom. Times are milliseconds since 1970.
 */
export const CoordinatorRecord = Schema.Struct({
  host: Schema.String,
  pid: Schema.Int,
  at: Millis,
  status: Schema.Struct({
    node: Schema.Struct({
      state: Unknown(Schema.Struct({ epoch: Schema.Int, committedVersion: Schema.Int })),
      heartbeat: Unknown(Millis),
      silentSince: Unknown(Millis)
    }),
    lease: Schema.Union(
      Schema.TaggedStruct("None", {}),
      Schema.TaggedStruct("Waiting", { host: Schema.String, pid: Schema.Int, until: Millis }),
      Schema.TaggedStruct("Held", { until: Millis })
    ),
    epochEndings: LoopStatus,
    stateSnapshots: LoopStatus,
    transactions: LoopStatus
  })
})

export type CoordinatorRecord = typeof CoordinatorRecord.Type

/** The process that a coordinator runs in. */
export type Owner = Pick<CoordinatorRecord, "host" | "pid">

const name = "coordinator"

/** Between two replacements of the entry. */
export const interval: Duration.Duration = Duration.seconds(10)

const encode = Schema.encodeSync(Schema.parseJson(CoordinatorRecord))
const decode = Schema.decodeUnknownOption(Schema.parseJson(CoordinatorRecord))

/** Keeps the entry up to date while the layer lives. The first failure to write is a warning in the log. */
export const layer = (
  { host, pid }: Owner
): Layer.Layer<never, never, CoordinatorStatus | LocalState> =>
  Layer.scopedDiscard(Effect.gen(function*() {
    const kept = yield* LocalState
    const ref = yield* CoordinatorStatus
    let isTold = false
    const save = Effect.gen(function*() {
      const status = yield* SubscriptionRef.get(ref)
      yield* kept.replace(name, `${encode({ host, pid, at: yield* Clock.currentTimeMillis, status })}\n`)
    }).pipe(Effect.catchAll(({ message }) => {
      if (isTold) return Effect.void
      isTold = true
      return Effect.logWarning(`other programs cannot see the status of this coordinator: ${message}`)
    }))
    yield* Effect.addFinalizer(() => Effect.ignore(kept.remove(name)))
    yield* Effect.forkScoped(Effect.repeat(save, Schedule.spaced(interval)))
  }))

/** The status of the last coordinator here. None if the coordinator stopped, or if the entry cannot be read. */
export const read: Effect.Effect<Option.Option<CoordinatorRecord>, never, LocalState> = Effect.flatMap(
  LocalState,
  (kept) => kept.read(name)
).pipe(
  Effect.map((text) => text === undefined ? Option.none() : decode(text)),
  Effect.catchAll(() => Effect.succeedNone)
)
