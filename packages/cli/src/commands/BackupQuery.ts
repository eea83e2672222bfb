/**
 * `backup query …`: how far the node and the storage are. The lines of text are those of today's tool.
 *
 * @since 0.1.0
 */
import { Client, Routes } from "@holdfast/backup-service"
import { EngineError, MetadataSync, MetadataView, Retries } from "@holdfast/engine"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { toFailure } from "../CliError.ts"
import { flags as flagsOf, group, leaf } from "../CommandTree.ts"
import * as Flags from "../Flags.ts"
import * as MetadataFolder from "../MetadataFolder.ts"
import * as Output from "../Output.ts"
import * as Storage from "../Storage.ts"

const nodeState = leaf(
  "node-state",
  "Print the epoch and the version of the node's newest ledger info",
  flagsOf({ ...Flags.node, output: Flags.output }),
  ({ backupServiceAddress: address }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
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
      yield* output.result({
        json: { ok: true, epoch, committedVersion },
        text: () => `epoch: ${epoch}, committed_version: ${committedVersion}`
      })
    })
)

const storageState = leaf(
  "backup-storage-state",
  "Print how far the backups in the storage reach",
  flagsOf({
    ...Flags.storage,
    concurrentDownloads: Flags.concurrentDownloads,
    newStorage: Flags.newStorage,
    retries: Flags.readRetries,
    output: Flags.output
  }),
  ({ concurrentDownloads, newStorage, retries, ...flags }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
      const view = yield* MetadataSync.sync({ concurrency: concurrentDownloads, newStorage })
      const state = MetadataView.storageState(view)
      const ok = view.problems.length === 0
      for (const problem of view.problems) yield* Effect.logError(problem.message)
      yield* output.result({
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

/**
 * The line that today's tool prints.
 *
 * @since 0.1.0
 * @category formatting
 */
export const storageStateLine = (state: MetadataView.StorageState): string =>
  ([
    ["latest_epoch_ending_epoch", state.latestEpochEndingEpoch],
    ["latest_state_snapshot_epoch", state.latestStateSnapshotEpoch],
    ["latest_state_snapshot_version", state.latestStateSnapshotVersion],
    ["latest_transaction_version", state.latestTransactionVersion]
  ] as const).map(([name, value]) => `${name}: ${value ?? "none"}`).join(", ")

/**
 * @since 0.1.0
 * @category commands
 */
export const backupQuery = group("query", "Ask how far the node or the storage is", [nodeState, storageState])
