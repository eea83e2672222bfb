/** Sets the metrics that say how far a verification or a restore has come. Without metrics nothing happens. */
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import type { ProgressMetrics } from "../base/EngineMetrics.ts"
import type * as Manifest from "../format/Manifest.ts"

type Metrics = ProgressMetrics | undefined

export const reachedEpoch = (metrics: Metrics, history: EpochHistory.EpochHistory): Effect.Effect<void> =>
  Effect.suspend(() =>
    metrics === undefined || history.nextEpoch === 0 ? Effect.void : Effect.zipRight(
      Metric.set(metrics.epochEndingEpoch, history.nextEpoch - 1),
      Metric.set(metrics.epochEndingVersion, history.lastVersion)
    )
  )

/** A snapshot begins; `items` of its items were done before. */
export const beganState = (
  metrics: Metrics,
  { chunks, version }: Manifest.StateSnapshotManifest,
  items: number
): Effect.Effect<void> =>
  metrics === undefined ? Effect.void : Effect.all([
    Metric.set(metrics.stateSnapshotVersion, version),
    Metric.set(metrics.stateSnapshotTargetLeafIndex, chunks.at(-1)?.lastIndex ?? 0),
    Metric.set(metrics.stateSnapshotLeafIndex, Math.max(items - 1, 0))
  ], { discard: true })

export const reachedItem = (metrics: Metrics, index: number): Effect.Effect<void> =>
  metrics === undefined ? Effect.void : Metric.set(metrics.stateSnapshotLeafIndex, index)

export const reachedTransaction = (metrics: Metrics, version: number): Effect.Effect<void> =>
  metrics === undefined ? Effect.void : Metric.set(metrics.transactionVersion, version)

const now = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)

/** Sets the times when a run begins, and when it succeeds or fails. An interrupted run has neither succeeded nor failed. */
export const timestamped = <A, E, R>(
  metrics: ProgressMetrics,
  run: Effect.Effect<A, E, R>,
  succeeded: (result: A) => boolean
): Effect.Effect<A, E, R> => {
  const stamp = (metric: Metric.Metric.Gauge<number>) => Effect.flatMap(now, (time) => Metric.set(metric, time))
  // Reading a metric registers it: both exist from the start, so that queries can compare them.
  const begin = Effect.all([stamp(metrics.start), Metric.value(metrics.succeed), Metric.value(metrics.fail)])
  return Effect.zipRight(begin, run).pipe(
    Effect.onExit((exit) =>
      Exit.isInterrupted(exit)
        ? Effect.void
        : stamp(Exit.match(exit, { onFailure: () => false, onSuccess: succeeded }) ? metrics.succeed : metrics.fail)
    )
  )
}
