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
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as os from "node:os"
import { UsageError } from "../../exit/CliError.ts"
import * as Stop from "../../exit/Stop.ts"
import { flags as flagsOf, leaf } from "../../flags/CommandTree.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as MetadataFolder from "../../machine/MetadataFolder.ts"
import * as MetricsEndpoint from "../../machine/MetricsEndpoint.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Kept from "../../terminal/InterruptedText.ts"
import { backupSettings, expectAdoptable, filesPerChunk } from "./BackupOneoff.ts"

const standard = Coordinator.defaultSettings

/** Who this is, for others. */
const owner: CoordinatorRecord.Owner = { host: os.hostname(), pid: process.pid }

const standardStopSeconds = 5

const count = (name: string, value: number, description: string) =>
  Flag.standard({ name, placeholder: "N", description, parse: Values.integer(1) }, value)

export const backupContinuously = leaf(
  "continuously",
  "Back up a node until stopped: epoch endings, state snapshots and transactions as they become due",
  flagsOf({
    stateSnapshotIntervalEpochs: count(
      "state-snapshot-interval-epochs",
      standard.stateSnapshotInterval,
      "Take a state snapshot of every so many epochs"
    ),
    transactionBatchSize: count(
      "transaction-batch-size",
      standard.transactionBatchSize,
      "A backup of transactions ends at a multiple of this"
    ),
    concurrentDownloads: Flags.concurrentDownloads,
    trustedWaypoints: Flags.trust.trustedWaypoints,
    stopWithin: Flag.standard({
      name: "stop-within",
      placeholder: "SECONDS",
      description: "How long stopping may take: storage commands have three tenths of it to end by themselves",
      parse: Values.integer(1)
    }, standardStopSeconds),
    lease: Flag.optional({
      name: "lease",
      placeholder: "SECONDS",
      description: "Wait while another coordinator with a lease works on the storage; one that is killed lasts so long",
      parse: Values.integer(Duration.toSeconds(CoordinatorLease.shortest))
    }),
    adopt: Flags.adopt,
    newStorage: Flags.newStorage,
    ...Flags.storage,
    ...Flags.node,
    ...Flags.backup,
    metricsAddress: Flags.metricsAddress,
    output: Flags.output
  }),
  (flags) =>
    Effect.gen(function*() {
      const { capabilities, description } = yield* BackupStorage.BackupStorage
      yield* expectAdoptable(flags)
      const lease = Option.getOrUndefined(flags.lease)
      if (lease !== undefined && (Option.isNone(capabilities.listFiles) || Option.isNone(capabilities.deleteFile))) {
        return yield* new UsageError({
          detail: `--lease needs a storage that can list and delete its files, which ${description} cannot: `
            + "add 'list_files' and 'delete_file' to its commands, or go without a lease"
        })
      }
      yield* Effect.logInfo(`backing up ${flags.backupServiceAddress} to ${description}`)
      return yield* Coordinator.run({
        ...standard,
        stateSnapshotInterval: flags.stateSnapshotIntervalEpochs,
        transactionBatchSize: flags.transactionBatchSize,
        backup: { ...backupSettings(flags), saveGrace: sharesOf(flags).saveGrace },
        trustedWaypoints: flags.trustedWaypoints,
        concurrentDownloads: flags.concurrentDownloads,
        newStorage: flags.newStorage,
        lease: lease === undefined
          ? undefined
          : { duration: Duration.seconds(lease), ...owner }
      })
    }).pipe(
      Kept.whenInterrupted(Kept.ofCoordinator),
      Effect.provide(
        Layer.mergeAll(
          // Each of the three workers may write as many files as a backup by itself.
          Storage.layer(
            flags,
            CoordinatorStatus.workers.length * filesPerChunk * flags.concurrentWrites,
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
      Stop.within(Duration.seconds(flags.stopWithin))
    )
)

const sharesOf = ({ stopWithin }: { readonly stopWithin: number }) => Stop.sharesOf(Duration.seconds(stopWithin))

/** Ready while the node answers and every worker works. */
const isBackingUp: MetricsServer.Readiness<CoordinatorStatus.CoordinatorStatus> = Effect.flatMap(
  CoordinatorStatus.CoordinatorStatus,
  (ref) =>
    Effect.map(SubscriptionRef.get(ref), ({ node, ...workers }) => {
      if (node.heartbeat === undefined) return Option.some("the node has not answered yet")
      if (node.silentSince !== undefined) return Option.some("the node does not answer")
      const failing = CoordinatorStatus.workers.filter((worker) => workers[worker].stalledSince !== undefined)
      return failing.length === 0 ? Option.none() : Option.some(`failing: ${failing.join(", ")}`)
    })
)
