/**
 * Lets go of backups that a policy does not keep ({@link RetentionPlan}).
 *
 * The order is such that a crash leaves a storage whose backups are all whole: entries that stay are saved on their own
 * where they share a file with one that goes; then a timestamps file says which files go, so that who has seen them does
 * not take the storage for one that lost them; then these are moved aside; then it is made sure that the metadata name all
 * that stays and nothing that goes; then manifests are deleted, and the files that no backup that stays needs. A run that
 * was cut short is finished by the next one.
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
import { notListed, type Stock, takeStock } from "./unneededFiles.ts"

export interface RetentionOptions {
  readonly policy: RetentionPlan.RetentionPolicy
  /** Otherwise nothing is changed. */
  readonly delete: boolean
  /** Files that are read or deleted at a time. */
  readonly concurrency: number
  readonly retries: Retries.RetryPolicy
}

/** What came of a plan. */
export interface RetentionResult {
  readonly plan: RetentionPlan.RetentionPlan
  /** Backups that an earlier run let go of, but did not get to delete. */
  readonly unfinished: number
  /** Files that only backups which go consist of. */
  readonly files: number
  /** What they take in the storage; `undefined` where it cannot list its files. */
  readonly bytes: number | undefined
  readonly deleted: number
}

/**
 * Plans, and carries the plan out where that is asked for. Fails with `InvalidBackup` where metadata or a manifest cannot
 * be read, before anything is changed, or where the storage does not list what it should; and with `StorageError`.
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

    const stock = Either.isLeft(capabilities.listFiles) ? undefined : yield* takeStock(storage, live)
    const missing = stock?.missing.filter((file) => needed.has(file)) ?? []
    if (missing.length > 0) return yield* notListed(missing, description)
    const unfinished = stock === undefined ? none : yield* unfinishedOf(metadata, stock, options)
    for (const file of unfinished.needed) needed.add(file)
    const files = [...new Set([...allOf(gone), ...unfinished.files])].filter((file) => !needed.has(file))
    const bytesOf = (file: string): number => (stock?.needed.get(file) ?? stock?.candidates.get(file))?.bytes ?? 0
    const result = {
      plan,
      unfinished: unfinished.backups,
      files: files.length,
      bytes: stock === undefined ? undefined : files.reduce((sum, file) => sum + bytesOf(file), 0),
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
 * Backups that only metadata in the side folder name, though their manifests are there: what an earlier run did not get to.
 * Those that the policy would keep stay; they may have been lost by mistake.
 */
const unfinishedOf = (metadata: ReadonlyArray<MetadataFile>, { candidates, side }: Stock, options: RetentionOptions) =>
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
 * Moves the files aside that name what goes, after what else they say was saved on its own, and after it was recorded which
 * files these are.
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

/** Reads the metadata again: only what they say now counts. */
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
