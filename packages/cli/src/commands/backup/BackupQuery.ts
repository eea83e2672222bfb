/**
 * `backup query …`: how far the node and the backups are. The lines of text are those of today's tool.
 */
import * as Client from "@holdfast/backup-service/Client"
import * as Routes from "@holdfast/backup-service/Routes"
import * as CachedMetadata from "@holdfast/engine/CachedMetadata"
import * as EngineError from "@holdfast/engine/EngineError"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Retries from "@holdfast/engine/Retries"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { toFailure } from "../../exit/CliError.ts"
import { group, leaf } from "../../flags/Command.ts"
import * as Flags from "../../flags/Flags.ts"
import * as MetadataFolder from "../../machine/MetadataFolder.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"

const nodeState = leaf(
  "node-state",
  "Print the epoch and the version of the node's newest ledger info",
  Flags.node,
  ({ backupServiceAddress: address }) =>
    Effect.gen(function*() {
      const client = yield* Client.make({ address })
      const state = yield* client.dbState
      if (Option.isNone(state)) {
        return yield* new EngineError.SourceMismatch({
          request: Routes.dbState.print(),
          reason: "NotBootstrapped",
          detail: "its database is not bootstrapped yet; wait until it is"
        })
      }
      const { committedVersion, epoch } = state.value
      yield* Output.result({
        json: { ok: true, epoch, committedVersion },
        text: () => `epoch: ${epoch}, committed_version: ${committedVersion}`
      })
    })
)

const storageState = leaf(
  "backup-storage-state",
  "Print how far the backups in the storage reach",
  {
    ...Flags.storage,
    concurrentDownloads: Flags.concurrentDownloads,
    newStorage: Flags.newStorage,
    retries: Flags.readRetries
  },
  ({ concurrentDownloads, newStorage, retries, ...flags }) =>
    Effect.gen(function*() {
      const view = yield* CachedMetadata.refresh({ concurrency: concurrentDownloads, newStorage })
      const state = MetadataView.storageState(view)
      const ok = view.problems.length === 0
      for (const problem of view.problems) yield* Effect.logError(problem.message)
      yield* Output.result({
        json: {
          ok,
          latestEpochEndingEpoch: state.latestEpochEndingEpoch ?? null,
          latestStateSnapshotEpoch: state.latestStateSnapshotEpoch ?? null,
          latestStateSnapshotVersion: state.latestStateSnapshotVersion ?? null,
          latestTransactionVersion: state.latestTransactionVersion ?? null,
          ...(ok ? {} : { errors: view.problems.map(toFailure) })
        },
        text: () => storageStateLine(state)
      })
    }).pipe(
      Effect.provideService(Retries.Reading, { ...Retries.standard, retries }),
      Effect.provide(Layer.merge(Storage.layer(flags, concurrentDownloads), MetadataFolder.metadata(flags)))
    )
)

/** The line that today's tool prints. */
export const storageStateLine = (state: MetadataView.StorageState): string =>
  ([
    ["latest_epoch_ending_epoch", state.latestEpochEndingEpoch],
    ["latest_state_snapshot_epoch", state.latestStateSnapshotEpoch],
    ["latest_state_snapshot_version", state.latestStateSnapshotVersion],
    ["latest_transaction_version", state.latestTransactionVersion]
  ] as const).map(([name, value]) => `${name}: ${value ?? "none"}`).join(", ")

export const backupQuery = group("query", "Ask how far the node or the backups are", [nodeState, storageState])
