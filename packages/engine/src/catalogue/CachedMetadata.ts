/**
 * The metadata of a storage, by way of the cache: refreshes the cache, and detects a storage that is not the one of before.
 * Only files that the cache lacks are downloaded; files that are no longer listed leave the cache. A refresh without news
 * costs one listing.
 *
 * **An empty listing does not prove an empty storage**: many commands hide a denied access. If backups of the cache are no
 * longer listed, and no other backups hold the same ranges, the refresh fails (`StorageChanged`) and the cache stays as it
 * is. A storage with another identity fails the refresh in the same way.
 *
 * Source: the backup page of the specification, section 3, "Sync".
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type LocalStateError, StorageChanged } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Retries from "../base/Retries.ts"
import * as FileNames from "../format/FileNames.ts"
import { MetadataCache, type Remembered } from "./MetadataCache.ts"
import * as MetadataView from "./MetadataView.ts"
import { type MetadataFile, parsed, readMetadataFile } from "./readMetadata.ts"
import { lostFiles, replacedFiles } from "./shrunkenListing.ts"

export interface RefreshOptions {
  /** Files that are downloaded at a time. */
  readonly concurrency: number
  /** Forget the cache: the storage is a new one, or its change is intended. */
  readonly newStorage: boolean
}

const gauge = (name: string, description: string) => Metric.gauge(`aptos_backup_metadata_${name}`, { description })

/** What the last refresh found. The names are those of today's tool. */
export const metrics = {
  files: gauge("num_files", "Metadata files in the storage"),
  misses: gauge("num_file_cache_misses", "Of these, files that were not in the cache"),
  downloads: gauge("num_file_downloads", "Metadata files that were downloaded")
}

/** Enough for any compaction: each further pass needs a file that vanished since the pass before. */
const maxPasses = 4

/**
 * Refreshes the cache and returns the view, the same that `MetadataView.load` makes without a cache.
 *
 * A file that was moved aside since the listing is a warning: compaction saves the replacement first. A torn or foreign
 * file is a problem of the view and does not enter the cache, so the next refresh reads the file again. Files that this
 * program saved are in the view before the storage lists them. After ten minutes without a listing, or if the storage lists
 * nothing at all, such a file counts as lost.
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
      // The cache may have a file from the middle of its writing: only the storage of now counts.
      now = withSaved(yield* readListed(new Map(), options.concurrency, maxPasses), before, oldest)
      view = MetadataView.make([...now.files, ...now.lagging])
      fault = changeOf(before, now, view)
    }
    if (fault !== undefined) return yield* new StorageChanged({ storage: description, ...fault })
    // Without a backup there is nothing to lose; and two programs that start at once may overwrite each other's identity.
    if (options.newStorage || MetadataView.size(view) > 0) yield* cache.replace(rememberedOf(now))
    return view
  }).pipe(Effect.withSpan("CachedMetadata.refresh"))

/** The storage must list a saved file within this time. */
const longestLag = Duration.minutes(10)

/** The files that are listed, and those that this program saved just now and that are not listed yet. */
interface Found {
  readonly files: ReadonlyArray<MetadataFile>
  readonly lagging: ReadonlyArray<MetadataFile & { readonly savedAt: number }>
}

const withSaved = (files: ReadonlyArray<MetadataFile>, before: Remembered, oldest: number): Found => {
  // A listing may lag, but is not empty: an identity at least was listed before a backup was saved.
  if (before.saved.size === 0 || files.length === 0) return { files, lagging: [] }
  const listed = new Set(files.map(({ file }) => file))
  const replaced = replacedFiles(files)
  const lagging = Array.from(before.saved).flatMap(([file, { savedAt, text }]) =>
    savedAt < oldest || listed.has(file) || replaced.has(file) ? [] : [{ ...parsed(file, text), savedAt }]
  )
  return { files, lagging }
}

/** Reads the listed files, from `known` where they are there. As soon as any file is new, identities are read again. */
const readListed = (
  known: Map<string, string>,
  concurrency: number,
  passes: number
): Effect.Effect<ReadonlyArray<MetadataFile>, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const listed = [...new Set(yield* Retries.reading(storage.listMetadataFiles))].sort()
    const misses = listed.filter((file) => !known.has(file))
    const changed = misses.length > 0 || known.size !== listed.length
    const wanted = changed ? listed.filter((file) => !known.has(file) || FileNames.isIdentity(file)) : misses
    const downloaded = new Map(
      (yield* Progress.forEach("metadata", "files", wanted, readMetadataFile, concurrency)).map((read) =>
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

/** What enters the cache: files with entries, and without torn lines. */
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

/** How the storage differs from the one of before, where it must not. `undefined`: it is the same storage. */
const changeOf = (
  before: Remembered,
  now: Found,
  view: MetadataView.MetadataView
): Pick<StorageChanged, "detail" | "hint" | "reason"> | undefined => {
  const savedTexts = Array.from(before.saved, ([file, { text }]) => [file, text] as const)
  const seen = [...before.files, ...savedTexts].map(([file, text]) => parsed(file, text))
  const found = [...now.files, ...now.lagging]
  const lost = lostFiles(seen, found, view)
  if (lost.length > 0) {
    const [first] = lost
    return {
      reason: "Shrunken",
      detail: `${lost.length} of the ${seen.length} metadata files that were seen there are gone, with backups that no `
        + `other file names (${first} is the first; ${now.files.length} are listed now). A denied access often looks like `
        + `an empty listing: check the credentials and the path`,
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
