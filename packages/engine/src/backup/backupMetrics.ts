/** Tells how long the steps of backups take, and when a backup is complete. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as EngineMetrics from "../base/EngineMetrics.ts"
import type * as Metadata from "../format/Metadata.ts"

/** Times what succeeds, with all its attempts. */
export const timed = <A, E, R>(name: string, step: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  // `Effect.timed` counts nanoseconds, which the clock of tests cannot tell where a delay was no whole millisecond.
  Effect.clockWith((clock) => {
    const started = clock.unsafeCurrentTimeMillis()
    return Effect.tap(step, () =>
      Metric.update(
        Metric.tagged(EngineMetrics.backup.timers, "name", name),
        (clock.unsafeCurrentTimeMillis() - started) / 1000
      ))
  })

/** What the metrics call the kinds of backups. */
const kinds = {
  EpochEndingBackup: "epoch_ending",
  StateSnapshotBackup: "state_snapshot",
  TransactionBackup: "transaction"
} as const

/** A backup is complete with this line. */
export const completed = ({ _tag }: Metadata.Entry): Effect.Effect<void> =>
  _tag === "Identity" || _tag === "CompactionTimestamps" ? Effect.void : Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => Metric.set(Metric.tagged(EngineMetrics.backup.succeeded, "kind", kinds[_tag]), now / 1000)
  )
