/**
 * Brings what is cached of a storage's metadata up to date, and makes the view of them. Only files that the cache lacks
 * are downloaded; what is gone is dropped. A storage that is up to date costs one listing.
 *
 * **An empty listing is no empty storage**: many commands hide that they were denied. If the cache has seen backups there
 * that are not listed any more, and neither are others that hold the same, the storage is refused (`StorageChanged`) and
 * the cache stays as it is. So is a storage with another identity.
 *
 * Source: the backup page of the specification, section 3, "Sync".
 *
 * @since 0.1.0
 */
import { BackupStorage, type StorageError } from "@holdfast/storage"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type InvalidBackup, type LocalStateError, StorageChanged } from "./EngineError.ts"
import { unreadable } from "./internal/backupFiles.ts"
import { readText } from "./internal/readFile.ts"
import { unaccounted } from "./internal/vanishedBackups.ts"
import * as Metadata from "./Metadata.ts"
import { type CachedFiles, MetadataCache } from "./MetadataCache.ts"
import * as MetadataView from "./MetadataView.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface SyncOptions {
  /** Files that are downloaded at a time. */
  readonly concurrency: number
  /** Forget what was seen before: whatever the storage holds now is what it holds. */
  readonly newStorage: boolean
}

const gauge = (name: string, description: string) => Metric.gauge(`aptos_backup_metadata_${name}`, { description })

/**
 * What the last sync found. Names are those of today's tool.
 *
 * @since 0.1.0
 * @category metrics
 */
export const metrics = {
  files: gauge("num_files", "Metadata files in the storage"),
  misses: gauge("num_file_cache_misses", "Of these, files that were not in the cache"),
  downloads: gauge("num_file_downloads", "Metadata files that were downloaded")
}

/** A metadata file that was read, or why it could not be. */
interface ReadFile {
  readonly file: string
  /** `undefined`: unreadable. */
  readonly text: string | undefined
  readonly entries: ReadonlyArray<Metadata.Entry>
  readonly problems: ReadonlyArray<InvalidBackup>
}

/** Often enough for any compaction: each further pass needs a file that vanished since the pass before. */
const maxPasses = 4

/**
 * Syncs and returns the view, the same that `MetadataView.load` makes without a cache.
 *
 * A file that was moved aside since it was listed is a warning, since compaction saves first what replaces it. A file that
 * is torn or foreign is a problem of the view; it is not cached, and so read anew the next time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sync = (
  options: SyncOptions
): Effect.Effect<
  MetadataView.MetadataView,
  LocalStateError | StorageChanged | StorageError.StorageError,
  BackupStorage.BackupStorage | MetadataCache
> =>
  Effect.gen(function*() {
    const cache = yield* MetadataCache
    const { description } = yield* BackupStorage.BackupStorage
    const before = options.newStorage ? new Map<string, string>() : yield* cache.load
    const known = new Map(before)
    let files = yield* readListed(known, options.concurrency, maxPasses)
    if (!options.newStorage && isSame(files, before)) return viewOf(files)

    let fault = changeOf(before, files)
    if (fault !== undefined) {
      // A file may have been cached while it was being written: only what the storage says now counts.
      files = yield* readListed(new Map(), options.concurrency, maxPasses)
      fault = changeOf(before, files)
    }
    if (fault !== undefined) return yield* new StorageChanged({ storage: description, ...fault })
    const view = viewOf(files)
    // Without a backup there is nothing to miss; and two that begin at once may still write over each other's identity.
    if (options.newStorage || MetadataView.size(view) > 0) yield* cache.save(cacheable(files))
    return view
  }).pipe(Effect.withSpan("MetadataSync.sync"))

/** Reads what is listed, from `known` where it is there. Identities are read anew as soon as anything is. */
const readListed = (
  known: Map<string, string>,
  concurrency: number,
  passes: number
): Effect.Effect<ReadonlyArray<ReadFile>, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const listed = [...new Set(yield* storage.listMetadataFiles)].sort()
    const misses = listed.filter((file) => !known.has(file))
    const changed = misses.length > 0 || known.size !== listed.length
    const wanted = changed ? listed.filter((file) => !known.has(file) || isIdentity(file)) : misses
    const downloaded = new Map(
      (yield* Effect.forEach(wanted, download, { concurrency })).map((read) => [read.file, read] as const)
    )
    yield* Metric.set(metrics.files, listed.length)
    yield* Metric.set(metrics.misses, misses.length)
    yield* Metric.set(metrics.downloads, downloaded.size)
    const lost = wanted.filter((file) => downloaded.get(file)?.text === undefined)
    if (lost.length > 0 && passes > 1) {
      const listedNow = new Set(yield* storage.listMetadataFiles)
      const moved = lost.filter((file) => !listedNow.has(file))
      if (moved.length > 0) {
        yield* Effect.logWarning(
          `${moved.length} metadata files were moved aside since they were listed, ${moved[0]} first; listing again`
        )
        for (const { file, text } of downloaded.values()) if (text !== undefined) known.set(file, text)
        return yield* readListed(known, concurrency, passes - 1)
      }
    }
    return listed.map((file) => downloaded.get(file) ?? parsed(file, known.get(file) ?? ""))
  })

const parsed = (file: string, text: string): ReadFile => ({ file, text, ...Metadata.parseFile(file, text) })

const isIdentity = (file: string): boolean => file.endsWith("identity.meta")

const download = (file: string) =>
  readText(file, MetadataView.maxMetadataBytes).pipe(
    Effect.map((text) => parsed(file, text)),
    Effect.mapError((error) => error._tag === "StorageError" ? unreadable(file)(error) : error),
    Effect.catchTag("InvalidBackup", (problem): Effect.Effect<ReadFile> =>
      Effect.succeed({ file, text: undefined, entries: [], problems: [problem] }))
  )

const viewOf = (files: ReadonlyArray<ReadFile>): MetadataView.MetadataView => MetadataView.make(files)

/** What may be kept: files that say something, and all of it in order. */
const cacheable = (files: ReadonlyArray<ReadFile>): CachedFiles =>
  new Map(
    files.flatMap(({ entries, file, problems, text }) =>
      text === undefined || entries.length === 0 || problems.length > 0 ? [] : [[file, text] as const]
    )
  )

const isSame = (files: ReadonlyArray<ReadFile>, before: CachedFiles): boolean =>
  files.length === before.size && files.every(({ file, text }) => before.get(file) === text)

/** What of the storage is not as it was, if that must not be. */
const changeOf = (
  before: CachedFiles,
  files: ReadonlyArray<ReadFile>
): Pick<StorageChanged, "detail" | "reason"> | undefined => {
  const cached = Array.from(before, ([file, text]) => parsed(file, text))
  const view = viewOf(files)
  const seen = viewOf(cached)
  const lost = unaccounted(cached, files, view)
  const undo = "if this is meant to be, say so with --new-storage"
  if (lost.length > 0) {
    const [first] = lost
    return {
      reason: "Shrunken",
      detail: `${lost.length} of the ${before.size} metadata files that were seen there are gone, with backups that no `
        + `other file names (${first} is the first; ${files.length} are listed now). An access that is denied often `
        + `looks like an empty listing: check the credentials and the path; ${undo}`
    }
  }
  const [was] = seen.identities
  const [is] = view.identities
  const kept = MetadataView.size(seen) > 0 && cached.every(({ file }) => files.some((now) => now.file === file))
  if (was !== undefined && is !== undefined && !view.identities.includes(was) && !kept) {
    return {
      reason: "OtherIdentity",
      detail: `its identity is ${is}, the one that was seen there before ${was}. Is it the storage of another network? `
        + undo
    }
  }
  return undefined
}
