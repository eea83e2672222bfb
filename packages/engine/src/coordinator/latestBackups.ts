import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import type { BackupResult } from "../backup/BackupResult.ts"
import { type LocalStateError, StorageChanged } from "../base/EngineError.ts"
import * as Retries from "../base/Retries.ts"
import * as CachedMetadata from "../catalogue/CachedMetadata.ts"
import { MetadataCache } from "../catalogue/MetadataCache.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Metadata from "../format/Metadata.ts"
import { metrics } from "./CoordinatorStatus.ts"

/** The newest backup of each kind. */
export interface Reach {
  /** All epochs up to this one have their endings in the storage. */
  readonly epoch: number | undefined
  readonly snapshotEpoch: number | undefined
  readonly version: number | undefined
}

type Failure = LocalStateError | StorageChanged | StorageError.StorageError
type Services = BackupStorage.BackupStorage | MetadataCache

/** The newest backups in the storage, as the coordinator saw them there and saved them since. */
export interface LatestBackups {
  /** By what is known. */
  readonly reach: Effect.Effect<Reach>
  /** The metadata of the last look at the storage. */
  readonly view: Effect.Effect<MetadataView.MetadataView>
  /** Looks at the storage again, if the interval is over or the knowledge is stale. */
  readonly refresh: Effect.Effect<void, Failure, Services>
  /** Marks the knowledge as stale: after a failure the storage may hold more than is known. */
  readonly markStale: Effect.Effect<void>
  /** Notes a backup that was taken. */
  readonly saved: (backup: BackupResult) => Effect.Effect<void, LocalStateError, MetadataCache>
}

export interface KnowledgeOptions extends CachedMetadata.RefreshOptions {
  /** After this long the coordinator looks at the storage again before a backup: others may back up there, too. */
  readonly syncInterval: Duration.DurationInput
  readonly backoff: Retries.Delays
}

/**
 * Looks at the storage for the first time. Transient errors are retried without limit; a changed storage is an error. An
 * empty storage gets an identity, which proves that the storage accepts writes and that its listing works.
 */
export const latestBackups = (options: KnowledgeOptions): Effect.Effect<LatestBackups, Failure, Services> =>
  Effect.gen(function*() {
    const interval = Duration.toMillis(options.syncInterval)
    const one = yield* Effect.makeSemaphore(1)
    let current: Reach = { epoch: undefined, snapshotEpoch: undefined, version: undefined }
    let seen = MetadataView.make([])
    let lookAgainAt = 0

    const learn = (found: Reach) =>
      Effect.suspend(() => {
        // A listing may lag: saved backups count although they are not listed.
        current = {
          epoch: newer(current.epoch, found.epoch),
          snapshotEpoch: newer(current.snapshotEpoch, found.snapshotEpoch),
          version: newer(current.version, found.version)
        }
        return showReach(current)
      })

    const look = (newStorage: boolean) =>
      Effect.gen(function*() {
        const view = yield* CachedMetadata.refresh({ concurrency: options.concurrency, newStorage })
        for (const { message } of view.problems) yield* Effect.logWarning(`skipped: ${message}`)
        seen = view
        yield* learn(reachOf(view))
        lookAgainAt = (yield* Clock.currentTimeMillis) + interval
        return view
      })

    const first = yield* waitingFor(options.backoff, firstLook(look(options.newStorage)))
    if (first.files === 0) {
      yield* waitingFor(options.backoff, writeIdentity)
      yield* Effect.filterOrFail(look(false), ({ files }) => files > 0, blindListing).pipe(
        Effect.retry({ schedule: Retries.schedule({ ...options.backoff, retries: looksForIdentity }) })
      )
    }
    return {
      reach: Effect.sync(() => current),
      view: Effect.sync(() => seen),
      refresh: one.withPermits(1)(Effect.gen(function*() {
        if ((yield* Clock.currentTimeMillis) >= lookAgainAt) yield* look(false)
      })),
      markStale: Effect.sync(() => void (lookAgainAt = 0)),
      saved: ({ entry, listed, metadataFile }) =>
        Effect.gen(function*() {
          yield* learn(reachWith(current, entry))
          // The backup closed a gap: later backups count again.
          if ((MetadataView.storageState(seen).latestEpochEndingEpoch ?? 0) > (current.epoch ?? 0)) lookAgainAt = 0
          // The file may list an earlier backup of the range: then its text is not this entry.
          if (!("manifest" in entry.value) || entry.value.manifest !== listed) return
          const { add } = yield* MetadataCache
          const savedAt = yield* Clock.currentTimeMillis
          yield* add(metadataFile, { text: `${Metadata.printLine(entry)}\n`, savedAt })
        })
    }
  })

const waitingFor = <A, E extends { readonly message: string }, R>(
  backoff: Retries.Delays,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  effect.pipe(
    Effect.tapError((error) => Retries.isTransient(error) ? Retries.willRetry(error.message) : Effect.void),
    Effect.retry({ schedule: Retries.delays(backoff), while: Retries.isTransient })
  )

/** A missing folder is an empty storage, unless the cache has backups of the storage. */
const firstLook = <R>(look: Effect.Effect<MetadataView.MetadataView, Failure, R>) =>
  Effect.catchIf(
    look,
    (error) => error instanceof StorageError.StorageError && error.reason === "NotFound",
    (error) =>
      Effect.gen(function*() {
        const { load } = yield* MetadataCache
        const { files, saved } = yield* load
        if (files.size + saved.size === 0) return MetadataView.make([])
        const { description } = yield* BackupStorage.BackupStorage
        return yield* new StorageChanged({ storage: description, reason: "Shrunken", detail: error.message })
      })
  )

const writeIdentity = Effect.gen(function*() {
  const storage = yield* BackupStorage.BackupStorage
  const words = yield* Effect.replicateEffect(Random.nextIntBetween(0, 2 ** 32), 8)
  const id = words.map((word) => word.toString(16).padStart(8, "0")).join("")
  const entry: Metadata.Entry = { _tag: "Identity", value: { id } }
  yield* Effect.logInfo(`${storage.description} is empty: it gets the identity ${id}`)
  yield* storage.saveMetadataLines(FileNames.metadata(entry), [Metadata.printLine(entry)])
})

/** A listing may lag a little. */
const looksForIdentity = 5

const blindListing = () =>
  new StorageError.StorageError({
    operation: "listMetadataFiles",
    reason: "Io",
    subject: "all metadata",
    detail: "a file that was just saved is not listed: is the listing denied, or does it look elsewhere?"
  })

const newer = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b)

const reachOf = (view: MetadataView.MetadataView): Reach => {
  const state = MetadataView.storageState(view)
  const { backups } = MetadataView.coveringEpochEndings(view, 0, state.latestEpochEndingEpoch ?? 0)
  return {
    epoch: backups.at(-1)?.value.lastEpoch,
    snapshotEpoch: state.latestStateSnapshotEpoch,
    version: state.latestTransactionVersion
  }
}

const reachWith = (reach: Reach, entry: Metadata.Entry): Reach => {
  switch (entry._tag) {
    case "EpochEndingBackup":
      return { ...reach, epoch: newer(reach.epoch, entry.value.lastEpoch) }
    case "StateSnapshotBackup":
      return { ...reach, snapshotEpoch: newer(reach.snapshotEpoch, entry.value.epoch) }
    case "TransactionBackup":
      return { ...reach, version: newer(reach.version, entry.value.lastVersion) }
    case "CompactionTimestamps":
    case "Identity":
      return reach
  }
}

const showReach = ({ epoch, snapshotEpoch, version }: Reach): Effect.Effect<void> =>
  Effect.all([
    epoch === undefined ? Effect.void : Metric.set(metrics.epochEndingEpoch, epoch),
    snapshotEpoch === undefined ? Effect.void : Metric.set(metrics.stateSnapshotEpoch, snapshotEpoch),
    version === undefined ? Effect.void : Metric.set(metrics.transactionVersion, version)
  ], { discard: true })
