/**
 * Whatever may take long says how far it is.
 */
import { expect, layer } from "@effect/vitest"
import * as CachedMetadata from "@holdfast/engine/CachedMetadata"
import * as Cleanup from "@holdfast/engine/Cleanup"
import * as Compaction from "@holdfast/engine/Compaction"
import * as Coverage from "@holdfast/engine/Coverage"
import * as EarlierVerifications from "@holdfast/engine/EarlierVerifications"
import * as IncrementalVerify from "@holdfast/engine/IncrementalVerify"
import * as MetadataCache from "@holdfast/engine/MetadataCache"
import * as Progress from "@holdfast/engine/Progress"
import * as ProgressEvents from "@holdfast/engine/ProgressEvents"
import * as RestorePreview from "@holdfast/engine/RestorePreview"
import * as Retention from "@holdfast/engine/Retention"
import * as Retries from "@holdfast/engine/Retries"
import * as Status from "@holdfast/engine/Status"
import * as Verify from "@holdfast/engine/Verify"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import { makeStorage } from "../support/memoryStorage.ts"
import { layerStored, StoredBackups } from "../support/storedBackups.ts"

const concurrency = 2

const emptyStore = { nextEpoch: 0, state: Option.none(), firstVersion: 0, nextVersion: 0 }

type Operation = Effect.Effect<unknown, { readonly message: string }, BackupStorage.BackupStorage>

const operations = {
  "sync of the metadata": Effect.provide(
    CachedMetadata.refresh({ concurrency, newStorage: false }),
    MetadataCache.layerMemory
  ),
  verify: Verify.verify({ allSnapshots: true }),
  "incremental verify": Effect.provide(
    IncrementalVerify.verify({}, { share: 0, seed: 0 }),
    EarlierVerifications.layerMemory
  ),
  "preview of a restore": RestorePreview.make(
    { historyStartVersion: 0 },
    emptyStore,
    concurrency
  ),
  status: Status.look({ concurrency, node: undefined, verification: undefined }),
  coverage: Coverage.find({ _tag: "Epoch", epoch: 2 }, { concurrency }),
  compaction: Compaction.compact({
    ...Compaction.defaultOptions,
    factors: { epochEndings: 10, stateSnapshots: 10, transactions: 10 },
    concurrency
  }),
  "clean-up": Cleanup.cleanUp({ olderThanSeconds: 0, delete: true, concurrency, retries: Retries.never }),
  retention: Retention.retain({
    policy: { keepSnapshots: 1, keepEvery: undefined, keepHistorySince: undefined },
    delete: false,
    concurrency,
    retries: Retries.never
  })
} satisfies Readonly<Record<string, Operation>>

/** Tasks in the order of their ends, as `what: done/total unit`; a task that is over is in nobody's way. */
const tasksOf = (operation: Operation) =>
  Effect.gen(function*() {
    const stored = yield* StoredBackups
    const { storage } = makeStorage({}, [...stored.files, ["transaction_0-.f00d/0-.chunk", new Uint8Array(10)]])
    const ended: Array<string> = []
    const { begin } = ProgressEvents.board(({ _tag, done, total, unit, what }) =>
      Effect.sync(() => {
        if (_tag === "Ended") ended.push(`${what}: ${done}/${total ?? "?"} ${unit}`)
      })
    )
    yield* operation.pipe(
      Effect.provideService(Progress.Progress, { begin }),
      Effect.provideService(BackupStorage.BackupStorage, storage)
    )
    return ended.map((each) => each.replace(` ${stored.files.size + 1}/`, " all/"))
  })

const metadata = "metadata: 6/6 files"
const listing = "listing of the storage: all/? files"

const expected: { readonly [name in keyof typeof operations]: ReadonlyArray<string> } = {
  "sync of the metadata": [metadata],
  verify: [
    metadata,
    "epoch endings 0 to 4: 5/5 epochs",
    "state snapshot of version 41: 160/160 items",
    "state snapshot of version 78: 174/174 items",
    "transactions 0 to 90: 91/91 transactions"
  ],
  "incremental verify": [
    listing,
    metadata,
    "epoch endings 0 to 4: 5/5 epochs",
    "state snapshot of version 78: 174/174 items",
    "transactions 0 to 90: 91/91 transactions"
  ],
  "preview of a restore": [metadata, "manifests: 2/2 files", "manifests: 2/2 files", listing],
  status: [metadata, "what can be restored: 1/1 intervals", listing],
  coverage: [metadata, "manifests of epoch endings: 1/1 files", "manifests of transactions: 1/1 files"],
  compaction: [metadata, "compacted metadata: 3/3 files"],
  "clean-up": [metadata, "manifests: 6/6 files", listing, metadata, "manifests: 6/6 files", "deletion: 1/1 files"],
  retention: [metadata, "manifests: 1/1 files", "manifests: 5/5 files", listing]
}

layer(layerStored)("progress", (it) => {
  it.effect.each(Record.toEntries(expected))("of %s", ([name, tasks]) =>
    Effect.gen(function*() {
      expect(yield* tasksOf(operations[name])).toEqual(tasks)
    }))
})
