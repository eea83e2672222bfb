/**
 * `backup continuously`: backs up a node until it is stopped.
 */
import * as Client from "@holdfast/backup-service/Client"
import * as Coordinator from "@holdfast/engine/Coordinator"
import * as CoordinatorLease from "@holdfast/engine/CoordinatorLease"
import type * as CoordinatorRecord from "@holdfast/engine/CoordinatorRecord"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import type * as MetricsServer from "@holdfast/observe/MetricsServer"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as os from "node:os"
import { UsageError } from "../../exit/CliError.ts"
import * as Shutdown from "../../exit/Shutdown.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as MetadataFolder from "../../machine/MetadataFolder.ts"
import * as MetricsEndpoint from "../../machine/MetricsEndpoint.ts"
import * as Storage from "../../machine/Storage.ts"
import * as InterruptionReport from "../../terminal/InterruptionReport.ts"
import * as BackupFlags from "./BackupFlags.ts"

const defaults = Coordinator.defaultSettings

/** This process, for other coordinators. */
const owner: CoordinatorRecord.Owner = { host: os.hostname(), pid: process.pid }

const defaultStopSeconds = 5

export const backupContinuously = leaf(
  "continuously",
  "Back up a node until stopped: epoch endings, state snapshots and transactions, as they become due",
  {
    stateSnapshotIntervalEpochs: Flag.withDefault(
      "state-snapshot-interval-epochs",
      Values.count,
      "Epochs from one state snapshot to the next",
      defaults.stateSnapshotInterval
    ),
    transactionBatchSize: Flag.withDefault(
      "transaction-batch-size",
      Values.count,
      "Transactions of a backup, at most; a backup ends at a multiple of this version",
      defaults.transactionBatchSize
    ),
    concurrentDownloads: Flags.concurrentDownloads,
    trustedWaypoints: Flags.trust.trustedWaypoints,
    stopWithin: Flag.withDefault(
      "stop-within",
      Values.integer("SECONDS", 1),
      "How long a stop may take, in seconds; storage commands get three tenths of that time to end by themselves",
      defaultStopSeconds
    ),
    lease: Flag.optional(
      "lease",
      Values.integer("SECONDS", Duration.toSeconds(CoordinatorLease.shortest)),
      "Take turns with other coordinators on the storage: hold a lease that expires so many seconds after a kill"
    ),
    adopt: Flags.adopt,
    newStorage: Flags.newStorage,
    ...Flags.storage,
    ...Flags.node,
    ...Flags.backup,
    metricsAddress: Flags.metricsAddress
  },
  (flags) =>
    Effect.gen(function*() {
      const { capabilities, description } = yield* BackupStorage.BackupStorage
      yield* BackupFlags.expectAdoptable(flags)
      const lease = Option.getOrUndefined(flags.lease)
      const missing = [
        ...Option.toArray(Either.getLeft(capabilities.listFiles)),
        ...Option.toArray(Either.getLeft(capabilities.deleteFile))
      ].map(({ detail }) => detail)
      if (lease !== undefined && missing.length > 0) {
        return yield* new UsageError({
          detail: `--lease lists and deletes files of the storage, which ${description} cannot: ${missing.join("; ")}; `
            + "or leave --lease out"
        })
      }
      yield* Effect.logInfo(`backing up ${flags.backupServiceAddress} to ${description}`)
      return yield* Coordinator.run({
        ...defaults,
        stateSnapshotInterval: flags.stateSnapshotIntervalEpochs,
        transactionBatchSize: flags.transactionBatchSize,
        backup: { ...BackupFlags.settings(flags), saveGrace: sharesOf(flags).saveGrace },
        trustedWaypoints: flags.trustedWaypoints,
        concurrentDownloads: flags.concurrentDownloads,
        newStorage: flags.newStorage,
        lease: lease === undefined
          ? undefined
          : { duration: Duration.seconds(lease), ...owner }
      })
    }).pipe(
      InterruptionReport.whenInterrupted(InterruptionReport.ofCoordinator),
      Effect.provide(
        Layer.mergeAll(
          // Each of the three loops may write as many files as a one-off backup.
          Storage.layer(
            flags,
            CoordinatorStatus.loops.length * BackupFlags.filesPerChunk * flags.concurrentWrites,
            sharesOf(flags).killGrace
          ),
          Client.layer({ address: flags.backupServiceAddress }),
          MetadataFolder.metadata(flags),
          MetadataFolder.journal(flags),
          MetadataFolder.telling(flags, owner)
        ).pipe(
          Layer.provide(MetricsEndpoint.layer(flags.metricsAddress, isBackingUp)),
          Layer.provideMerge(CoordinatorStatus.layer)
        )
      ),
      Shutdown.within(Duration.seconds(flags.stopWithin))
    )
)

const sharesOf = ({ stopWithin }: { readonly stopWithin: number }) => Shutdown.sharesOf(Duration.seconds(stopWithin))

/** Ready while the node answers and no loop is stalled. */
const isBackingUp: MetricsServer.Readiness<CoordinatorStatus.CoordinatorStatus> = Effect.flatMap(
  CoordinatorStatus.CoordinatorStatus,
  (ref) =>
    Effect.map(SubscriptionRef.get(ref), ({ node, ...status }) => {
      if (node.heartbeat === undefined) return Option.some("the node has not answered yet")
      if (node.silentSince !== undefined) return Option.some("the node does not answer")
      const failing = CoordinatorStatus.loops.filter((loop) => status[loop].stalledSince !== undefined)
      return failing.length === 0 ? Option.none() : Option.some(`failing: ${failing.join(", ")}`)
    })
)
