/**
 * What backups, verifications and restores tell of themselves: by the names of today's tool where it has them. They are
 * set where a chunk ends, never for each record. {@link CoordinatorStatus} and {@link CachedMetadata} have more.
 *
 * Source: the operations page of the specification.
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

/** How far a verification or a restore has come. */
export type ProgressMetrics = ReturnType<typeof reached>

const reached = (prefix: string, done: string) => ({
  epochEndingEpoch: gauge(`${prefix}_epoch_ending_epoch`, `Epoch of the last epoch ending that was ${done}`),
  epochEndingVersion: gauge(`${prefix}_epoch_ending_version`, `Version of the last epoch ending that was ${done}`),
  stateSnapshotVersion: gauge(`${prefix}_state_snapshot_version`, `Version of the state snapshot that is ${done}`),
  stateSnapshotTargetLeafIndex: gauge(
    `${prefix}_state_snapshot_target_leaf_index`,
    `Index of the last item of the state snapshot that is ${done}`
  ),
  stateSnapshotLeafIndex: gauge(
    `${prefix}_state_snapshot_leaf_index`,
    `Index of the last item that was ${done} of that snapshot`
  ),
  transactionVersion: gauge(`${prefix}_transaction_version`, `The last transaction that was ${done}`),
  start: gauge(`${prefix}_coordinator_start_timestamp_s`, "When the last run began, in seconds since 1970"),
  succeed: gauge(
    `${prefix}_coordinator_succeed_timestamp_s`,
    "When a run last succeeded, in seconds since 1970; 0 if none has"
  ),
  fail: gauge(`${prefix}_coordinator_fail_timestamp_s`, "When a run last failed, in seconds since 1970; 0 if none has")
})

export const verify: ProgressMetrics = reached("aptos_db_backup_verify", "verified")

export const restore: ProgressMetrics = reached("aptos_db_restore", "restored")

export const verifyResult = {
  errors: gauge("holdfast_backup_verify_errors", "What the last verification found to be wrong"),
  unverified: gauge("holdfast_backup_verify_unverified", "What the last verification could not verify")
}

export const backup = {
  /** With a label `name`: what was timed. */
  timers: Metric.histogram(
    "aptos_db_backup_timers_seconds",
    // 10 ms to about 45 minutes.
    MetricBoundaries.exponential({ start: 0.01, factor: 4, count: 10 }),
    "What the steps of backups took, in seconds, by name"
  ),
  /** With a label `kind`. */
  succeeded: gauge("holdfast_backup_succeeded_timestamp_s", "When a backup was last complete, in seconds since 1970")
}
