/**
 * Deletes the backups that a policy does not keep ({@link RetentionPlan}).
 *
 * The order makes sure that a crash leaves only whole backups in the storage:
 *
 * 1. Entries that stay, and share a file with an entry that goes, are saved in files of their own.
 * 2. A timestamps file names the files that go. Caches that have those files do not take the storage for a shrunken one.
 * 3. The files that go are moved aside.
 * 4. The metadata are read again: they must name all that stays and nothing that goes.
 * 5. Manifests are deleted, then the files that no other backup needs.
 *
 * The next run finishes a run that was cut short.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { InvalidBackup } from "../base/EngineError.ts"
import * as Retries from "../base/Retries.ts"
import { type References, referencesOf } from "../catalogue/filesOfBackups.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import { type MetadataFile, readMetadataFile, readMetadataFiles } from "../catalogue/readMetadata.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Metadata from "../format/Metadata.ts"
import { deleteFiles } from "./Cleanup.ts"
import { keyOf, lettingGo } from "./CompactionPlan.ts"
import { readSideFiles } from "./repairedMetadata.ts"
import * as RetentionPlan from "./RetentionPlan.ts"
import { notListed, type SortedFiles, sortFiles } from "./unneededFiles.ts"

export interface RetentionOptions {
  readonly policy: RetentionPlan.RetentionPolicy
  /** Carry the plan out, instead of planning only. */
  readonly delete: boolean
  /** Files that are read or deleted at a time. */
  readonly concurrency: number
  readonly retries: Retries.RetryPolicy
}

/** The plan, and what became of it. */
export interface RetentionResult {
  readonly plan: RetentionPlan.RetentionPlan
  /** Backups that an earlier run took out of the metadata but did not delete. */
  readonly unfinished: number
  /** Files that only backups which go need. */
  readonly files: number
  /** The bytes of these files; `undefined` where the storage cannot list its files. */
  readonly bytes: number | undefined
  readonly deleted: number
}

/**
 * Plans, and carries the plan out where the options say so. Fails with `InvalidBackup` where metadata or a manifest cannot
 * be read, before anything changes, or where the storage does not list what it should; and with `StorageError`.
 */
export const retain = (
  options: RetentionOptions
): Effect.Effect<RetentionResult, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const { capabilities, description } = storage
    const deleteFile = options.delete ? yield* capabilities.deleteFile : undefined
    const metadata = yield* readMetadataFiles(options.concurrency)
    yield* failFirst(metadata.flatMap(({ problems }) => problems))
    const plan = RetentionPlan.make(MetadataView.make(metadata), options.policy)
    const going = plan.verdicts.filter(({ kept }) => !kept)
    const staying = plan.verdicts.filter(({ kept }) => kept)
    const gone = yield* referencesOf(going, options.concurrency)
    const kept = yield* referencesOf(staying, options.concurrency)
    yield* failFirst([...gone.doubts, ...kept.doubts])
    const live = new Set([...allOf(gone), ...allOf(kept)])
    const needed = new Set(allOf(kept))

    const sorted = Either.isLeft(capabilities.listFiles) ? undefined : yield* sortFiles(storage, live)
    const missing = sorted?.missing.filter((file) => needed.has(file)) ?? []
    if (missing.length > 0) return yield* notListed(missing, description)
    const unfinished = sorted === undefined ? none : yield* unfinishedOf(metadata, sorted, options)
    for (const file of unfinished.needed) needed.add(file)
    const files = [...new Set([...allOf(gone), ...unfinished.files])].filter((file) => !needed.has(file))
    const bytesOf = (file: string): number => (sorted?.needed.get(file) ?? sorted?.candidates.get(file))?.bytes ?? 0
    const result = {
      plan,
      unfinished: unfinished.backups,
      files: files.length,
      bytes: sorted === undefined ? undefined : files.reduce((sum, file) => sum + bytesOf(file), 0),
      deleted: 0
    }
    if (deleteFile === undefined || files.length === 0) return result

    const goingKeys = new Set(going.map(({ entry }) => keyOf(entry)))
    yield* forget(metadata, goingKeys, options)
    yield* confirm(staying.map(({ entry }) => keyOf(entry)), goingKeys, options)
    yield* deleteFiles(files, deleteFile, options)
    return { ...result, deleted: files.length }
  }).pipe(Effect.withSpan("Retention.retain"))

const allOf = ({ files }: References): ReadonlyArray<string> => [...files.values()].flat()

const none = { backups: 0, files: [], needed: [] }

/**
 * Backups that only metadata in the side folder name, and whose manifests still exist: the rest of an earlier run. Backups
 * that the policy would keep stay, since they may have got lost by mistake.
 */
const unfinishedOf = (
  metadata: ReadonlyArray<MetadataFile>,
  { candidates, side }: SortedFiles,
  options: RetentionOptions
) =>
  Effect.gen(function*() {
    const live = new Set(metadata.flatMap(({ entries }) => entries.map(keyOf)))
    const aside = yield* readSideFiles(side, metadata.map(({ file }) => file), options.concurrency)
    yield* failFirst(aside.flatMap(({ problems }) => problems))
    const whole = aside.map((file) => ({
      ...file,
      entries: file.entries.filter((entry) => Metadata.isBackup(entry) && candidates.has(entry.value.manifest))
    }))
    const { verdicts } = RetentionPlan.make(MetadataView.make([...metadata, ...whole]), options.policy)
    const others = verdicts.filter(({ entry }) => !live.has(keyOf(entry)))
    const gone = yield* referencesOf(others.filter(({ kept }) => !kept), options.concurrency)
    const kept = yield* referencesOf(others.filter((each) => each.kept), options.concurrency)
    yield* failFirst([...gone.doubts, ...kept.doubts])
    return { backups: gone.files.size, files: allOf(gone), needed: allOf(kept) }
  })

const failFirst = ([first]: ReadonlyArray<InvalidBackup>): Effect.Effect<void, InvalidBackup> =>
  first === undefined ? Effect.void : Effect.fail(first)

/**
 * Moves the files aside that name backups which go, after their other entries were saved in files of their own and the
 * timestamps file names the moved files.
 */
const forget = (metadata: ReadonlyArray<MetadataFile>, going: ReadonlySet<string>, { retries }: RetentionOptions) =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const goes = ({ entry }: Metadata.MetadataLine): boolean => going.has(keyOf(entry))
    const named = new Set(metadata.filter(({ lines }) => lines.some(goes)))
    const elsewhere = new Set(
      metadata.filter((file) => !named.has(file)).flatMap(({ entries }) => entries.map(keyOf))
    )
    const alone: Array<MetadataFile> = []
    for (const line of [...named].flatMap(({ lines }) => lines)) {
      const key = keyOf(line.entry)
      if (goes(line) || elsewhere.has(key)) continue
      elsewhere.add(key)
      alone.push(yield* saveAlone(line, retries))
    }
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const record = lettingGo([...metadata, ...alone], [...named].map(({ file }) => file), now)
    if (record !== undefined) yield* saveAlone({ entry: record, text: Metadata.printLine(record) }, retries)
    for (const { file } of named) {
      yield* Retries.attempts(
        retries,
        () => Capabilities.backupMetadataFile(storage, file)
      )
    }
  })

const saveAlone = ({ entry, text }: Metadata.MetadataLine, retries: Retries.RetryPolicy) =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const handle = yield* Retries.attempts(retries, () => storage.saveMetadataLines(FileNames.metadata(entry), [text]))
    const saved = yield* readMetadataFile(handle)
    if (saved.entries.length === 1 && saved.entries.every((found) => keyOf(found) === keyOf(entry))) return saved
    return yield* new InvalidBackup({
      file: handle,
      reason: "Inconsistent",
      detail: "it holds something else than was saved, so nothing was deleted; compact the metadata and try again"
    })
  })

/** Reads the metadata again: only their present text counts. */
const confirm = (staying: ReadonlyArray<string>, going: ReadonlySet<string>, { concurrency }: RetentionOptions) =>
  Effect.gen(function*() {
    const files = yield* readMetadataFiles(concurrency)
    yield* failFirst(files.flatMap(({ problems }) => problems))
    const named = new Map(files.flatMap(({ entries, file }) => entries.map((entry) => [keyOf(entry), file] as const)))
    const lost = staying.find((key) => !named.has(key))
    const back = [...going].find((key) => named.has(key))
    if (lost === undefined && back === undefined) return
    return yield* new InvalidBackup({
      file: named.get(back ?? "") ?? "metadata",
      reason: "Inconsistent",
      detail: back === undefined
        ? `a backup that stays is not listed any more, so nothing was deleted: ${lost}`
        : `it names a backup that should go, so nothing was deleted; is somebody else at work? ${back}`
    })
  })
