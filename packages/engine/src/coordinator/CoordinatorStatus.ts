/**
 * The status of a coordinator: for programs that watch the coordinator, for logs and for metrics.
 */
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as SubscriptionRef from "effect/SubscriptionRef"

/** The three loops of a coordinator, each of which takes one kind of backup. */
export const loops = ["epochEndings", "stateSnapshots", "transactions"] as const

export type Loop = (typeof loops)[number]

/**
 * What a loop is doing. Times are milliseconds since 1970.
 *
 * - `Waiting`: nothing is due.
 * - `Running`: a backup is under way.
 * - `BackingOff`: the last attempt failed; the next one comes then.
 */
export type Activity =
  | { readonly _tag: "Waiting" }
  | { readonly _tag: "Running"; readonly what: string; readonly since: number }
  | { readonly _tag: "BackingOff"; readonly until: number }

export interface LoopStatus {
  readonly activity: Activity
  /** The first failure after the last success; milliseconds since 1970. */
  readonly stalledSince: number | undefined
  /** Failures after the last success. */
  readonly failures: number
  /** Why the last attempt failed. Stays until an attempt succeeds. */
  readonly lastError: string | undefined
  /** When its last backup was complete; milliseconds since 1970. */
  readonly lastSuccess: number | undefined
}

export interface NodeStatus {
  /** The newest state of the node. */
  readonly state: LedgerInfo.DbState | undefined
  /** When the node last answered; milliseconds since 1970. */
  readonly heartbeat: number | undefined
  /** The first poll without an answer; milliseconds since 1970. */
  readonly silentSince: number | undefined
}

/**
 * The lease of the storage, as this coordinator sees it. Times are milliseconds since 1970.
 *
 * - `None`: this coordinator holds no lease; perhaps it asks for none.
 * - `Waiting`: another coordinator holds the lease, until then unless it renews the lease. Nothing is backed up.
 * - `Held`: this coordinator holds the lease, until then unless it renews the lease.
 */
export type LeaseStatus =
  | { readonly _tag: "None" }
  | { readonly _tag: "Waiting"; readonly host: string; readonly pid: number; readonly until: number }
  | { readonly _tag: "Held"; readonly until: number }

export type Status =
  & { readonly node: NodeStatus; readonly lease: LeaseStatus }
  & { readonly [L in Loop]: LoopStatus }

/** A reference to the status, which tells its changes. */
export interface Service extends SubscriptionRef.SubscriptionRef<Status> {}

/** The status of the coordinator that runs in this program: to be read, or to be watched for changes. */
export class CoordinatorStatus
  extends Context.Tag("@holdfast/engine/CoordinatorStatus")<CoordinatorStatus, Service>()
{}

const idle: LoopStatus = {
  activity: { _tag: "Waiting" },
  stalledSince: undefined,
  failures: 0,
  lastError: undefined,
  lastSuccess: undefined
}

/** Before anything has been done. */
export const initial: Status = {
  node: { state: undefined, heartbeat: undefined, silentSince: undefined },
  lease: { _tag: "None" },
  epochEndings: idle,
  stateSnapshots: idle,
  transactions: idle
}

export const layer: Layer.Layer<CoordinatorStatus> = Layer.effect(CoordinatorStatus, SubscriptionRef.make(initial))

const coordinatorGauge = (name: string, description: string) =>
  Metric.gauge(`aptos_db_backup_coordinator_${name}`, { description })

/**
 * The gauges of today's tool, by its names, and our own: two with a label `worker`, and those of the lease.
 *
 * Source: the operations page of the specification.
 */
export const metrics = {
  heartbeat: coordinatorGauge("heartbeat_timestamp_s", "When the node last answered, in seconds since 1970"),
  epochEndingEpoch: coordinatorGauge("epoch_ending_epoch", "Epochs are in the storage up to this one"),
  stateSnapshotEpoch: coordinatorGauge("state_snapshot_epoch", "Epoch of the newest state snapshot in the storage"),
  transactionVersion: coordinatorGauge("transaction_version", "Transactions are in the storage up to this version"),
  compactedVersion: coordinatorGauge(
    "compacted_version",
    "Transactions are in compacted metadata files up to this version; set by a compaction"
  ),
  leaseHeldUntil: Metric.gauge("holdfast_backup_coordinator_lease_held_until_timestamp_s", {
    description: "Until when this coordinator holds the lease of the storage, in seconds since 1970; 0 without"
  }),
  leaseAwaitedUntil: Metric.gauge("holdfast_backup_coordinator_lease_awaited_until_timestamp_s", {
    description:
      "Until when this coordinator waits for the lease of another one, in seconds since 1970; 0 if it does not"
  }),
  failures: Metric.gauge("holdfast_backup_coordinator_failures", {
    description: "Failures of a loop without a success in between"
  }),
  stalledSince: Metric.gauge("holdfast_backup_coordinator_stalled_since_timestamp_s", {
    description: "Since when a loop has failed without a success in between, in seconds since 1970; 0 while it works"
  }),
  runningSince: Metric.gauge("holdfast_backup_coordinator_running_since_timestamp_s", {
    description: "Since when a loop takes the backup that is under way, in seconds since 1970; 0 while none is"
  }),
  backingOffUntil: Metric.gauge("holdfast_backup_coordinator_backing_off_until_timestamp_s", {
    description: "When a loop tries again what failed, in seconds since 1970; 0 while nothing waits for that"
  })
}

/** Updates the status of a loop, and its metrics. Returns the status before. */
export const updateLoop = (
  loop: Loop,
  change: (before: LoopStatus) => LoopStatus
): Effect.Effect<LoopStatus, never, CoordinatorStatus> =>
  Effect.gen(function*() {
    const ref = yield* CoordinatorStatus
    const { before, now } = yield* SubscriptionRef.modify(ref, (status) => {
      const changed = change(status[loop])
      return [{ before: status[loop], now: changed }, { ...status, [loop]: changed }]
    })
    const { activity } = now
    const set = (gauge: Metric.Metric.Gauge<number>, value: number) =>
      Metric.set(Metric.tagged(gauge, "worker", loop), value)
    yield* set(metrics.failures, now.failures)
    yield* set(metrics.stalledSince, (now.stalledSince ?? 0) / 1000)
    yield* set(metrics.runningSince, activity._tag === "Running" ? activity.since / 1000 : 0)
    yield* set(metrics.backingOffUntil, activity._tag === "BackingOff" ? activity.until / 1000 : 0)
    return before
  })

/** Updates the status of the node. */
export const updateNode = (
  change: (before: NodeStatus) => NodeStatus
): Effect.Effect<NodeStatus, never, CoordinatorStatus> =>
  Effect.flatMap(CoordinatorStatus, (ref) =>
    Effect.map(
      SubscriptionRef.updateAndGet(ref, (status) => ({ ...status, node: change(status.node) })),
      ({ node }) => node
    ))

/** Updates the status of the lease, and its metrics. */
export const updateLease = (lease: LeaseStatus): Effect.Effect<void, never, CoordinatorStatus> =>
  Effect.gen(function*() {
    yield* SubscriptionRef.update(yield* CoordinatorStatus, (status) => ({ ...status, lease }))
    yield* Metric.set(metrics.leaseHeldUntil, lease._tag === "Held" ? lease.until / 1000 : 0)
    yield* Metric.set(metrics.leaseAwaitedUntil, lease._tag === "Waiting" ? lease.until / 1000 : 0)
  })
