/**
 * Compacts the metadata of a storage: many small files become few, so that a refresh years later is still quick.
 *
 * The order makes compaction safe: compacted files are saved and read back, then the timestamps file says which files they
 * replace, and a later run moves those aside. A crash between any two steps leaves every entry in the storage; the next run
 * resumes. Readers that listed a file before the move find its entries when they list again.
 *
 * Source: the backup page of the specification, section 5, "Compact".
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Retries from "../base/Retries.ts"
import { type MetadataFile, readMetadataFile, readMetadataFiles } from "../catalogue/readMetadata.ts"
import { metrics } from "../coordinator/CoordinatorStatus.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Metadata from "../format/Metadata.ts"
import * as CompactionPlan from "./CompactionPlan.ts"

export interface CompactionOptions {
  readonly factors: CompactionPlan.Factors
  /** How long a replaced file stays where it is. A run that takes longer than this may have to repair what it did. */
  readonly retentionSeconds: number
  /** Files that are read and saved at a time. */
  readonly concurrency: number
  readonly retries: Retries.RetryPolicy
}

/** One entry a file, replaced files moved after a day: what today's tool does. */
export const defaultOptions: CompactionOptions = {
  factors: { epochEndings: 1, stateSnapshots: 1, transactions: 1 },
  retentionSeconds: 86_400,
  concurrency: 4,
  retries: Retries.standard
}

/** The result of a compaction. Files are named by their handles, or by their names before the storage gave a handle. */
export interface CompactionResult {
  /** Metadata files that were there. */
  readonly files: number
  /** Compacted files that hold all entries. */
  readonly compacted: number
  /** Those of them that were saved now. */
  readonly saved: ReadonlyArray<string>
  /** Replaced files that were moved aside now. */
  readonly moved: ReadonlyArray<string>
  /** Replaced files that will be moved by a later run. */
  readonly waiting: number
  /** Files with lines that cannot be read: they stay where they are. */
  readonly problems: ReadonlyArray<InvalidBackup>
  /** Steps that failed; the next run retries them. */
  readonly warnings: ReadonlyArray<string>
}

/**
 * Compacts. Fails with `InvalidBackup` where there are metadata of an unknown kind, or no metadata at all, before anything
 * changes; and with `StorageError`.
 */
export const compact = (
  changes: Partial<CompactionOptions> = {}
): Effect.Effect<CompactionResult, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const options = { ...defaultOptions, ...changes }
    const storage = yield* BackupStorage.BackupStorage
    const files = yield* readMetadataFiles(options.concurrency)
    const problems = files.flatMap((file) => file.problems)
    yield* refuseUnknown(problems)
    if (files.every(({ entries }) => entries.length === 0)) {
      return yield* new InvalidBackup({
        file: "metadata",
        reason: "Gap",
        detail: `no backup is listed in ${storage.description}; is it the right storage, and may it be listed?`
      })
    }
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const warnings: Array<string> = []

    const moved = new Set<string>()
    yield* Progress.forEach(
      "replaced metadata to move aside",
      "files",
      CompactionPlan.movable(files, now, options.retentionSeconds),
      (file) =>
        Retries.attempts(
          options.retries,
          () => Capabilities.backupMetadataFile(storage, file)
        ).pipe(
          Effect.match({
            onSuccess: () => moved.add(file),
            onFailure: (error) => warnings.push(`${file} was not moved aside: ${error.message}`)
          })
        ),
      options.concurrency
    )

    const planned = CompactionPlan.compactedFiles(files, options.factors)
    const confirmed = yield* Progress.forEach(
      "compacted metadata",
      "files",
      planned,
      (file) =>
        save(file, options.retries).pipe(
          Effect.map((handle) => [handle, file] as const),
          Effect.catchTag("InvalidBackup", (error) =>
            Effect.as(Effect.sync(() => warnings.push(error.message)), undefined))
        ),
      options.concurrency
    )
    const compacted = confirmed.filter((each) => each !== undefined)
    const version = compactedVersion(files, new Set(compacted.flatMap(([, { keys }]) => keys)))
    if (version !== undefined) yield* Metric.set(metrics.compactedVersion, version)
    const remaining = files.filter(({ file }) => !moved.has(file))
    const next = CompactionPlan.nextTimestamps(
      remaining,
      new Map(compacted.map(([handle, file]) => [handle, file.keys])),
      now
    )
    if (next !== undefined) yield* saveEntry(next, options.retries)
    if (moved.size > 0) yield* repair(files, compacted, options, warnings)
    const marks = next?._tag === "CompactionTimestamps"
      ? next.value.compactionTimestamps
      : CompactionPlan.newestTimestamps(remaining)?.since ?? {}
    return {
      files: files.length,
      compacted: planned.length,
      saved: compacted.flatMap(([handle, file]) => file.present === undefined ? [handle] : []),
      moved: [...moved],
      waiting: remaining.filter(({ file }) => Object.hasOwn(marks, file)).length,
      problems,
      warnings
    }
  }).pipe(Effect.withSpan("Compaction.compact"))

/** The last version of the transactions whose entries stand in compacted files. */
const compactedVersion = (files: ReadonlyArray<MetadataFile>, keys: ReadonlySet<string>): number | undefined => {
  let last: number | undefined
  for (const entry of files.flatMap(({ entries }) => entries)) {
    if (entry._tag !== "TransactionBackup" || !keys.has(CompactionPlan.keyOf(entry))) continue
    last = Math.max(last ?? 0, entry.value.lastVersion)
  }
  return last
}

const refuseUnknown = (problems: ReadonlyArray<InvalidBackup>): Effect.Effect<void, InvalidBackup> => {
  const unknown = problems.find(({ reason }) => reason === "UnknownFormat")
  return unknown === undefined ? Effect.void : Effect.fail(unknown)
}

const saveEntry = (entry: Metadata.Entry, retries: Retries.RetryPolicy) =>
  Effect.flatMap(
    BackupStorage.BackupStorage,
    (storage) =>
      Retries.attempts(retries, () => storage.saveMetadataLines(FileNames.metadata(entry), [Metadata.printLine(entry)]))
  )

/** Saves a compacted file and reads it back: a storage may keep a file of that name, or cut a new one short. */
const save = (file: CompactionPlan.CompactedFile, retries: Retries.RetryPolicy) =>
  Effect.gen(function*() {
    if (file.present !== undefined) return file.present
    const storage = yield* BackupStorage.BackupStorage
    const handle = yield* Retries.attempts(retries, () => storage.saveMetadataLines(file.name, file.lines))
    const { lines } = yield* readMetadataFile(handle)
    if (lines.length === file.lines.length && lines.every(({ text }, index) => text === file.lines[index])) {
      return handle
    }
    return yield* new InvalidBackup({
      file: handle,
      reason: "Inconsistent",
      detail: `it holds something else than was saved; what it should replace stays`
    })
  })

/**
 * Looks whether every entry is still there, and saves again what is not: somebody else may have moved what this run
 * relied on, if the two were under way for longer than the retention.
 */
const repair = (
  files: ReadonlyArray<MetadataFile>,
  compacted: ReadonlyArray<readonly [string, CompactionPlan.CompactedFile]>,
  { concurrency, retries }: CompactionOptions,
  warnings: Array<string>
) =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const listed = yield* storage.listMetadataFiles
    const known = new Map([
      ...files.map(({ entries, file }) => [file, entries.map(CompactionPlan.keyOf)] as const),
      ...compacted.map(([handle, { keys }]) => [handle, keys] as const)
    ])
    const others = yield* Effect.forEach(listed.filter((file) => !known.has(file)), readMetadataFile, { concurrency })
    const there = new Set([
      ...listed.flatMap((file) => known.get(file) ?? []),
      ...others.flatMap(({ entries }) => entries.map(CompactionPlan.keyOf))
    ])
    for (const { entry, text } of files.flatMap(({ lines }) => lines)) {
      const key = CompactionPlan.keyOf(entry)
      if (entry._tag === "CompactionTimestamps" || there.has(key)) continue
      there.add(key)
      const lost = { name: FileNames.metadata(entry), lines: [text], keys: [key], present: undefined }
      yield* save(lost, retries).pipe(
        Effect.match({
          onSuccess: (file) => `${file} was saved again: another compaction had moved aside what holds it`,
          onFailure: (error) =>
            `an entry is gone, and could not be saved again; it is in the side folder: ${text}: ${error.message}`
        }),
        Effect.map((warning) => warnings.push(warning))
      )
    }
  })
