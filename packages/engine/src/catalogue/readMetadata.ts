import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Retries from "../base/Retries.ts"
import * as Metadata from "../format/Metadata.ts"
import { unreadable } from "../reading/backupFiles.ts"
import { readText } from "../reading/smallFiles.ts"

/** An entry, and the line that it was read from as it stands: it may have fields that this version does not know. */
export interface MetadataLine {
  readonly entry: Metadata.Entry
  readonly text: string
}

/** A metadata file that was read, as far as it can be. */
export interface MetadataFile {
  readonly file: string
  readonly lines: ReadonlyArray<MetadataLine>
  readonly entries: ReadonlyArray<Metadata.Entry>
  readonly problems: ReadonlyArray<InvalidBackup>
}

/** A metadata file is a few lines; a compacted one some thousands. A larger one is refused. Bytes. */
export const maxMetadataBytes = 64 * 1024 * 1024

/** Often enough for any compaction: each further pass needs a file that vanished since the pass before. */
const maxPasses = 4

/** Reads one metadata file. One that the storage cannot deliver, or that is no text, is a problem of the file. */
export const readMetadataFile = (
  file: string
): Effect.Effect<MetadataFile, StorageError.StorageError, BackupStorage.BackupStorage> =>
  readText(file, maxMetadataBytes).pipe(
    Effect.map((text) => parse(file, text)),
    Effect.mapError((error) => error._tag === "StorageError" ? unreadable(file)(error) : error),
    Effect.catchTag("InvalidBackup", (problem) => Effect.succeed({ file, lines: [], entries: [], problems: [problem] }))
  )

/**
 * Lists and reads all metadata files, `concurrency` at a time. A file that was moved aside since it was listed is no
 * problem: then everything is listed and read again, with what replaced it.
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

const parse = (file: string, text: string): MetadataFile => {
  const texts = text.split("\n")
  if (texts.at(-1) === "") texts.pop()
  const lines: Array<MetadataLine> = []
  const problems: Array<InvalidBackup> = []
  for (const [index, line] of texts.entries()) {
    const parsed = Metadata.parseLine(file, index + 1, line)
    if (Either.isRight(parsed)) lines.push({ entry: parsed.right, text: line })
    else problems.push(parsed.left)
  }
  return { file, lines, entries: lines.map(({ entry }) => entry), problems }
}
