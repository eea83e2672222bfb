import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Progress from "../base/Progress.ts"
import * as Retries from "../base/Retries.ts"
import * as Metadata from "../format/Metadata.ts"
import { unreadable } from "../reading/backupFiles.ts"
import { readText } from "../reading/smallFiles.ts"

/** A metadata file that was read, as far as it can be. */
export interface MetadataFile extends Omit<Metadata.ParsedFile, "torn"> {
  readonly file: string
  /** Missing where the storage cannot deliver the file, or the file is no text. */
  readonly text?: string
}

/** A metadata file is a few lines; a compacted one some thousands. A larger one is refused. Bytes. */
export const maxMetadataBytes = 64 * 1024 * 1024

/** Enough for any compaction: each further pass needs a file that vanished since the pass before. */
const maxPasses = 4

/** A metadata file of this text. */
export const parsed = (file: string, text: string): MetadataFile => ({ file, text, ...Metadata.parseFile(file, text) })

/** Reads one metadata file. A file that the storage cannot deliver, or that is no text, has a problem and no lines. */
export const readMetadataFile = (
  file: string
): Effect.Effect<MetadataFile, StorageError.StorageError, BackupStorage.BackupStorage> =>
  readText(file, maxMetadataBytes).pipe(
    Effect.map((text) => parsed(file, text)),
    Effect.mapError((error) => error._tag === "StorageError" ? unreadable(file)(error) : error),
    Effect.catchTag(
      "InvalidBackup",
      (problem) => Effect.succeed({ file, lines: [], entries: [], problems: [problem] })
    )
  )

/**
 * Lists and reads all metadata files, `concurrency` at a time. Compaction may move a file aside after the listing: then all
 * files are listed and read again, with the file that replaced it.
 */
export const readMetadataFiles = (
  concurrency: number,
  passes = maxPasses
): Effect.Effect<ReadonlyArray<MetadataFile>, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const handles = yield* Retries.reading(storage.listMetadataFiles)
    const files = yield* Progress.forEach("metadata", "files", [...handles].sort(), readMetadataFile, concurrency)
    const lost = files.filter(({ problems }) => problems.some(({ reason }) => reason === "Unreadable"))
    if (lost.length > 0 && passes > 1) {
      const listed = new Set(yield* Retries.reading(storage.listMetadataFiles))
      if (lost.some(({ file }) => !listed.has(file))) return yield* readMetadataFiles(concurrency, passes - 1)
    }
    return files
  })
