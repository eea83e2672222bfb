/**
 * Syncing the metadata of a storage whose files are new to the cache.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as CachedMetadata from "@holdfast/engine/CachedMetadata"
import type * as EngineError from "@holdfast/engine/EngineError"
import * as LocalState from "@holdfast/engine/LocalState"
import * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataCache from "@holdfast/engine/MetadataCache"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Task } from "./task.ts"

/** As compaction may leave them. */
const epochsPerFile = 333

const versionsPerEpoch = 1_000

const entriesOf = (epoch: number): ReadonlyArray<Metadata.Entry> => {
  const first = epoch * versionsPerEpoch
  const last = first + versionsPerEpoch - 1
  return [
    {
      _tag: "EpochEndingBackup",
      value: {
        firstEpoch: epoch,
        lastEpoch: epoch,
        firstVersion: last,
        lastVersion: last,
        manifest: `epoch_ending_${epoch}-.0a1b/epoch_ending.manifest`
      }
    },
    {
      _tag: "StateSnapshotBackup",
      value: { epoch, version: last, manifest: `state_epoch_${epoch}_ver_${last}.0a1b/state.manifest` }
    },
    {
      _tag: "TransactionBackup",
      value: { firstVersion: first, lastVersion: last, manifest: `transaction_${first}-.0a1b/transaction.manifest` }
    }
  ]
}

/** How many entries there were, and what syncing them took. */
export const syncMetadata = (
  { directory, entries }: Extract<Task, { readonly _tag: "SyncMetadata" }>
): Effect.Effect<
  { readonly amount: number; readonly per: number; readonly seconds: number; readonly cpuSeconds: number },
  EngineError.LocalStateError | EngineError.StorageChanged | StorageError.StorageError,
  FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* Effect.orDie(Effect.gen(function*() {
      yield* fs.makeDirectory(`${directory}/metadata`, { recursive: true })
      for (let epoch = 0; 3 * epoch < entries; epoch += epochsPerFile) {
        const lines = Array.from({ length: epochsPerFile }, (_, index) => entriesOf(epoch + index)).flat()
        const text = lines.map((entry) => `${Metadata.printLine(entry)}\n`).join("")
        yield* fs.writeFileString(`${directory}/metadata/compacted_${epoch}.meta`, text)
      }
    }))
    const cpuBefore = process.cpuUsage()
    const [took, view] = yield* Effect.timed(CachedMetadata.refresh({ concurrency: 4, newStorage: false }))
    const { system, user } = process.cpuUsage(cpuBefore)
    const seconds = Duration.toSeconds(took)
    return { amount: MetadataView.size(view), per: seconds, seconds, cpuSeconds: (system + user) / 1e6 }
  }).pipe(
    Effect.provide(
      Layer.merge(
        LocalFolder.layer({ directory }),
        Layer.provide(MetadataCache.layer, LocalState.layer({ directory: `${directory}/cache` }))
      )
    )
  )
