/**
 * Finds files of backups that nothing refers to, the leftovers of failed attempts, and deletes them on demand.
 *
 * No mistake of this program, of a storage command or of another program may cost a file that is needed:
 *
 * - Clean-up deletes only files in folders with the name of a backup, and incomplete files of a local folder. Other files
 *   stay.
 * - A folder is as young as its youngest file, so a backup in flight is young.
 * - Metadata in the side folder protect their backups, too.
 * - If metadata or a manifest cannot be read, if a kind is unknown, or if the listing lacks a file that a backup needs, then
 *   nothing is deleted and the result says why.
 * - The metadata are read once more after the listing, right before the first file is deleted.
 *
 * Source: the backup page of the specification, section 5, "Clean up".
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Retries from "../base/Retries.ts"
import { type NamedBackup, referencesOf } from "../catalogue/filesOfBackups.ts"
import { type MetadataFile, readMetadataFiles } from "../catalogue/readMetadata.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Metadata from "../format/Metadata.ts"
import { keyOf } from "./CompactionPlan.ts"
import { readSideFiles } from "./repairedMetadata.ts"
import { notListed, sortFiles } from "./unneededFiles.ts"

export interface CleanupOptions {
  /** Younger files stay. */
  readonly olderThanSeconds: number
  /** Delete the files, instead of finding them only. */
  readonly delete: boolean
  /** Files that are read or deleted at a time. */
  readonly concurrency: number
  readonly retries: Retries.RetryPolicy
}

/** A week: longer than any backup takes, and than a journal of one that was given up is of use. */
export const defaultOptions: CleanupOptions = {
  olderThanSeconds: 7 * 86_400,
  delete: false,
  concurrency: 4,
  retries: Retries.standard
}

export interface UnreferencedFile {
  readonly file: StorageFiles.FileHandle
  readonly bytes: number
  readonly ageSeconds: number
}

/** The result of a clean-up. */
export interface CleanupResult {
  /** Old enough to go, manifests first. */
  readonly unreferenced: ReadonlyArray<UnreferencedFile>
  /** Unreferenced files that are too young. */
  readonly younger: number
  /** Files that are no files of backups: never touched. */
  readonly foreign: number
  /** Files that only metadata in the side folder name. */
  readonly namedAside: number
  readonly deleted: number
  /** Why nobody knows which files may go. Then none may. */
  readonly doubts: ReadonlyArray<InvalidBackup>
}

/**
 * Finds unreferenced files, and deletes them where the options say so. Fails with `StorageError`, `Unsupported` where the storage cannot list its
 * files or delete them.
 */
export const cleanUp = (
  changes: Partial<CleanupOptions> = {}
): Effect.Effect<CleanupResult, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const options = { ...defaultOptions, ...changes }
    const storage = yield* BackupStorage.BackupStorage
    const { capabilities } = storage
    const deleteFile = options.delete ? yield* capabilities.deleteFile : undefined
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const live = yield* liveFiles(options.concurrency)
    if (live.doubts.length > 0) return keptAll(live.doubts)
    const { candidates, foreign, missing, side, youngest } = yield* sortFiles(storage, live.files)
    if (missing.length > 0) return keptAll([notListed(missing, storage.description)])
    const aside = yield* filesNamedAside(side, live, candidates, options.concurrency)
    if (aside.doubts.length > 0) return keptAll(aside.doubts)

    const unnamed = [...candidates.values()].filter(({ file }) => !aside.files.has(file))
    const since = ({ file, modified }: StorageFiles.StoredFile): number =>
      FileNames.isIncomplete(file) ? modified : youngest.get(FileNames.folderOf(file)) ?? now
    const old = unnamed.filter((file) => since(file) <= now - options.olderThanSeconds)
    const found = {
      unreferenced: old.map(({ bytes, file, modified }) => ({ file, bytes, ageSeconds: now - modified })).sort(byOrder),
      younger: unnamed.length - old.length,
      foreign,
      namedAside: candidates.size - unnamed.length,
      doubts: []
    }
    if (deleteFile === undefined || old.length === 0) return { ...found, deleted: 0 }

    const again = yield* liveFiles(options.concurrency)
    if (again.doubts.length > 0) return keptAll(again.doubts)
    const unreferenced = found.unreferenced.filter(({ file }) => !again.files.has(file))
    yield* deleteFiles(unreferenced.map(({ file }) => file), deleteFile, options)
    return { ...found, unreferenced, deleted: unreferenced.length }
  }).pipe(Effect.withSpan("Cleanup.cleanUp"))

/** Manifests go first: one that is there names files that are there. */
const byOrder = (a: UnreferencedFile, b: UnreferencedFile): number =>
  Number(FileNames.isManifest(b.file)) - Number(FileNames.isManifest(a.file)) || (a.file < b.file ? -1 : 1)

const keptAll = (doubts: ReadonlyArray<InvalidBackup>): CleanupResult => ({
  unreferenced: [],
  younger: 0,
  foreign: 0,
  namedAside: 0,
  deleted: 0,
  doubts
})

/** All files that the metadata lead to, these themselves among them. */
const liveFiles = (concurrency: number) =>
  Effect.gen(function*() {
    const metadata = yield* readMetadataFiles(concurrency)
    const backups = backupsIn(metadata)
    const problems = metadata.flatMap((file) => file.problems)
    const { doubts, files } = yield* referencesOf(backups, concurrency)
    const empty = new InvalidBackup({
      file: "metadata",
      reason: "Gap",
      detail: "no backup is listed; is it the right storage, and may its metadata be listed?"
    })
    return {
      files: new Set([...[...files.values()].flat(), ...metadata.map(({ file }) => file)]),
      keys: new Set(backups.map(({ entry }) => keyOf(entry))),
      doubts: [...problems, ...doubts, ...(backups.length === 0 && problems.length === 0 ? [empty] : [])]
    }
  })

const backupsIn = (metadata: ReadonlyArray<MetadataFile>): ReadonlyArray<NamedBackup> =>
  metadata.flatMap(({ entries, file }) => entries.filter(Metadata.isBackup).map((entry) => ({ file, entry })))

/**
 * Files of backups that only metadata in the side folder name. Whose manifest is gone is no backup any more: manifests are
 * deleted first.
 */
const filesNamedAside = (
  side: ReadonlyArray<string>,
  live: { readonly files: ReadonlySet<string>; readonly keys: ReadonlySet<string> },
  candidates: ReadonlyMap<string, StorageFiles.StoredFile>,
  concurrency: number
) =>
  Effect.gen(function*() {
    const metadata = yield* readSideFiles(side, live.files, concurrency)
    const backups = backupsIn(metadata).filter(({ entry }) =>
      !live.keys.has(keyOf(entry)) && candidates.has(entry.value.manifest)
    )
    const { doubts, files } = yield* referencesOf(backups, concurrency)
    return {
      files: new Set([...files.values()].flat()),
      doubts: [...metadata.flatMap(({ problems }) => problems), ...doubts]
    }
  })

/** Deletes files, those first that stand first. */
export const deleteFiles = (
  files: ReadonlyArray<string>,
  deleteFile: (file: string) => Effect.Effect<void, StorageError.StorageError>,
  { concurrency, retries }: Pick<CleanupOptions, "concurrency" | "retries">
): Effect.Effect<void, StorageError.StorageError> =>
  Effect.forEach(
    [files.filter(FileNames.isManifest), files.filter((file) => !FileNames.isManifest(file))],
    (some) =>
      Progress.forEach("deletion", "files", some, (file) =>
        Retries.attempts(retries, () =>
          deleteFile(file)), concurrency),
    { discard: true }
  )
