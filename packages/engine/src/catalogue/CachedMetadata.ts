/**
 * Brings what is cached of a storage's metadata up to date, and makes the view of them. Only files that the cache lacks
 * are downloaded; what is gone is dropped. A storage that is up to date costs one listing.
 *
 * **An empty listing is no empty storage**: many commands hide that they were denied. If the cache has seen backups there
 * that are not listed any more, and neither are others that hold the same, the storage is refused (`StorageChanged`) and
 * the cache stays as it is. So is a storage with another identity.
 *
 * Source: the backup page of the specification, section 3, "Sync".
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type InvalidBackup, type LocalStateError, StorageChanged } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Retries from "../base/Retries.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Metadata from "../format/Metadata.ts"
import { unreadable } from "../reading/backupFiles.ts"
import { readText } from "../reading/smallFiles.ts"
import { MetadataCache, type Remembered } from "./MetadataCache.ts"
import * as MetadataView from "./MetadataView.ts"
import { maxMetadataBytes } from "./readMetadata.ts"
import { replacedFiles, unaccounted } from "./shrunkenListing.ts"

export interface RefreshOptions {
  /** Files that are downloaded at a time. */
  readonly concurrency: number
  /** Forget what was seen before: whatever the storage holds now is what it holds. */
  readonly newStorage: boolean
}

const gauge = (name: string, description: string) => Metric.gauge(`aptos_backup_metadata_${name}`, { description })

/** What the last sync found. Names are those of today's tool. */
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
 * is torn or foreign is a problem of the view; it is not cached, and so read anew the next time. What this program saved
 * is in the view also where the listing lags behind; after ten minutes, or if nothing is listed, it counts as lost.
 */
export const refresh = (
  options: RefreshOptions
): Effect.Effect<
  MetadataView.MetadataView,
  LocalStateError | StorageChanged | StorageError.StorageError,
  BackupStorage.BackupStorage | MetadataCache
> =>
  Effect.gen(function*() {
    const cache = yield* MetadataCache
    const { description } = yield* BackupStorage.BackupStorage
    const before: Remembered = options.newStorage ? { files: new Map(), saved: new Map() } : yield* cache.load
    const oldest = (yield* Clock.currentTimeMillis) - Duration.toMillis(longestLag)
    let now = withSaved(yield* readListed(new Map(before.files), options.concurrency, maxPasses), before, oldest)
    let view = MetadataView.make([...now.files, ...now.lagging])
    if (!options.newStorage && isSame(now, before)) return view

    let fault = changeOf(before, now, view)
    if (fault !== undefined) {
      // A file may have been cached while it was being written: only what the storage says now counts.
      now = withSaved(yield* readListed(new Map(), options.concurrency, maxPasses), before, oldest)
      view = MetadataView.make([...now.files, ...now.lagging])
      fault = changeOf(before, now, view)
    }
    if (fault !== undefined) return yield* new StorageChanged({ storage: description, ...fault })
    // Without a backup there is nothing to miss; and two that begin at once may still write over each other's identity.
    if (options.newStorage || MetadataView.size(view) > 0) yield* cache.replace(rememberedOf(now))
    return view
  }).pipe(Effect.withSpan("CachedMetadata.refresh"))

/** A file that was saved must be listed within this time. */
const longestLag = Duration.minutes(10)

/** What was found: the files that are listed, and those that were saved just now and are not. */
interface Found {
  readonly files: ReadonlyArray<ReadFile>
  readonly lagging: ReadonlyArray<ReadFile & { readonly savedAt: number }>
}

const withSaved = (files: ReadonlyArray<ReadFile>, before: Remembered, oldest: number): Found => {
  // A listing may lag behind, but not without anything: an identity at least was listed before a backup was saved.
  if (before.saved.size === 0 || files.length === 0) return { files, lagging: [] }
  const listed = new Set(files.map(({ file }) => file))
  const replaced = replacedFiles(files)
  const lagging = Array.from(before.saved).flatMap(([file, { savedAt, text }]) =>
    savedAt < oldest || listed.has(file) || replaced.has(file) ? [] : [{ ...parsed(file, text), savedAt }]
  )
  return { files, lagging }
}

/** Reads what is listed, from `known` where it is there. Identities are read anew as soon as anything is. */
const readListed = (
  known: Map<string, string>,
  concurrency: number,
  passes: number
): Effect.Effect<ReadonlyArray<ReadFile>, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const listed = [...new Set(yield* Retries.reading(storage.listMetadataFiles))].sort()
    const misses = listed.filter((file) => !known.has(file))
    const changed = misses.length > 0 || known.size !== listed.length
    const wanted = changed ? listed.filter((file) => !known.has(file) || FileNames.isIdentity(file)) : misses
    const downloaded = new Map(
      (yield* Progress.forEach("metadata", "files", wanted, download, concurrency)).map((read) =>
        [read.file, read] as const
      )
    )
    yield* Metric.set(metrics.files, listed.length)
    yield* Metric.set(metrics.misses, misses.length)
    yield* Metric.set(metrics.downloads, downloaded.size)
    const lost = wanted.filter((file) => downloaded.get(file)?.text === undefined)
    if (lost.length > 0 && passes > 1) {
      const listedNow = new Set(yield* Retries.reading(storage.listMetadataFiles))
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

const download = (file: string) =>
  readText(file, maxMetadataBytes).pipe(
    Effect.map((text) => parsed(file, text)),
    Effect.mapError((error) => error._tag === "StorageError" ? unreadable(file)(error) : error),
    Effect.catchTag("InvalidBackup", (problem): Effect.Effect<ReadFile> =>
      Effect.succeed({ file, text: undefined, entries: [], problems: [problem] }))
  )

/** What may be kept: files that say something, and all of it in order. */
const rememberedOf = ({ files, lagging }: Found): Remembered => ({
  files: new Map(
    files.flatMap(({ entries, file, problems, text }) =>
      text === undefined || entries.length === 0 || problems.length > 0 ? [] : [[file, text] as const]
    )
  ),
  saved: new Map(lagging.map(({ file, savedAt, text = "" }) => [file, { text, savedAt }]))
})

const isSame = ({ files }: Found, before: Remembered): boolean =>
  before.saved.size === 0 && files.length === before.files.size &&
  files.every(({ file, text }) => before.files.get(file) === text)

/** What of the storage is not as it was, if that must not be. */
const changeOf = (
  before: Remembered,
  now: Found,
  view: MetadataView.MetadataView
): Pick<StorageChanged, "detail" | "hint" | "reason"> | undefined => {
  const savedTexts = Array.from(before.saved, ([file, { text }]) => [file, text] as const)
  const seen = [...before.files, ...savedTexts].map(([file, text]) => parsed(file, text))
  const found = [...now.files, ...now.lagging]
  const lost = unaccounted(seen, found, view)
  if (lost.length > 0) {
    const [first] = lost
    return {
      reason: "Shrunken",
      detail: `${lost.length} of the ${seen.length} metadata files that were seen there are gone, with backups that no `
        + `other file names (${first} is the first; ${now.files.length} are listed now). An access that is denied often `
        + `looks like an empty listing: check the credentials and the path`,
      hint: "AcceptNewStorage"
    }
  }
  const earlier = MetadataView.make(seen)
  const [was] = earlier.identities
  const [is] = view.identities
  const listed = new Set(found.map(({ file }) => file))
  const kept = MetadataView.size(earlier) > 0 && seen.every(({ file }) => listed.has(file))
  if (was !== undefined && is !== undefined && !view.identities.includes(was) && !kept) {
    return {
      reason: "OtherIdentity",
      detail: `its identity is ${is}, the one that was seen there before ${was}. Is it the storage of another network?`,
      hint: "AcceptNewStorage"
    }
  }
  return undefined
}
