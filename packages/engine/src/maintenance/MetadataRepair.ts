/**
 * Sets metadata files aside that have lines which cannot be read, after the lines that can be were saved in a file of their
 * own. A writer that died leaves such a file; as long as it lies among the metadata it is not certain what is needed, so
 * nothing is cleaned up, and today's tool stops at it.
 *
 * What a line named that cannot be read is no backup any more. That is for people to decide, so without files by name
 * nothing is changed:
 *
 * - The lines that can be read are saved as they stand, and read back, before the file is touched.
 * - The file is read once more right before it is moved to the side folder: it must be what it was.
 * - A kind of metadata that is not known is no torn line, and a file that is no text may hold lines that could be read:
 *   both stay where they are.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { ImpossibleRequest, InvalidBackup } from "../base/EngineError.ts"
import * as Retries from "../base/Retries.ts"
import { maxMetadataBytes, readMetadataFile, readMetadataFiles } from "../catalogue/readMetadata.ts"
import * as Metadata from "../format/Metadata.ts"
import { readText } from "../reading/smallFiles.ts"
import { repairedNames } from "./repairedMetadata.ts"

export interface RepairOptions {
  /** Handles of the files to repair. Without any, nothing is changed. */
  readonly files: ReadonlyArray<string>
  /** Files that are read at a time. */
  readonly concurrency: number
  readonly retries: Retries.RetryPolicy
}

/** A metadata file with lines that cannot be read. */
export interface TornFile {
  readonly file: StorageFiles.FileHandle
  /** The lines that can be read, as they stand. */
  readonly kept: ReadonlyArray<string>
  /** Those that cannot be, and why. */
  readonly lost: ReadonlyArray<Metadata.TornLine>
}

export interface RepairResult {
  readonly torn: ReadonlyArray<TornFile>
  /** What else cannot be read, and is left alone. */
  readonly others: ReadonlyArray<InvalidBackup>
  /** Files that were set aside, and the one that has their lines. */
  readonly repaired: ReadonlyArray<{ readonly file: string; readonly savedAs: StorageFiles.FileHandle }>
}

/**
 * Finds torn files, and repairs those that are named. Fails with `ImpossibleRequest` where one that is named has no such lines,
 * before anything is changed; with `InvalidBackup` where what was saved is not what is read back, or the file changed
 * meanwhile; and with `StorageError`. Run again, it finishes.
 */
export const repair = (
  { concurrency, files, retries }: RepairOptions
): Effect.Effect<
  RepairResult,
  InvalidBackup | ImpossibleRequest | StorageError.StorageError,
  BackupStorage.BackupStorage
> =>
  Effect.gen(function*() {
    const broken = (yield* readMetadataFiles(concurrency)).filter(({ problems }) => problems.length > 0)
    const read = yield* Effect.forEach(broken, ({ file }) => Effect.either(readTorn(file)), { concurrency })
    const torn = read.filter(Either.isRight).map(({ right }) => right)
    const others = read.filter(Either.isLeft).map(({ left }) => left)
    const wanted = yield* Effect.forEach(new Set(files), (file) => {
      const found = torn.find((each) => each.file === file)
      return found === undefined
        ? new ImpossibleRequest({
          detail: others.find((each) => each.file === file)?.message
            ?? `${file} is no metadata file with lines that cannot be read: name one that a run without files lists`
        })
        : Effect.succeed(found)
    })
    const repaired = yield* Effect.forEach(wanted, (file) => setAside(file, retries))
    return { torn, others, repaired }
  }).pipe(Effect.withSpan("MetadataRepair.repair"))

/** Fails where it is not a matter of torn lines. */
const readTorn = (file: string): Effect.Effect<TornFile, InvalidBackup, BackupStorage.BackupStorage> =>
  readText(file, maxMetadataBytes).pipe(
    Effect.catchTag(
      "StorageError",
      ({ message }) => new InvalidBackup({ file, reason: "Unreadable", detail: `cannot be read: ${message}` })
    ),
    Effect.flatMap((text) => {
      const { lines, torn } = Metadata.parseFile(file, text)
      const unknown = torn.find(({ problem }) => problem.reason === "UnknownFormat")
      return unknown === undefined
        ? Effect.succeed({ file, kept: lines.map((line) => line.text), lost: torn })
        : Effect.fail(unknown.problem)
    })
  )

const setAside = (torn: TornFile, retries: Retries.RetryPolicy) =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const savedAs = yield* saveKept(torn, retries)
    const now = yield* readTorn(torn.file)
    if (!isSame(now.kept, torn.kept) || !isSame(now.lost.map(({ text }) => text), torn.lost.map(({ text }) => text))) {
      return yield* new InvalidBackup({
        file: torn.file,
        reason: "Inconsistent",
        detail: "it is not what it was a moment ago, so it stays: somebody is writing it"
      })
    }
    yield* Retries.attempts(retries, () => Capabilities.backupMetadataFile(storage, torn.file))
    return { file: torn.file, savedAs }
  })

const isSame = (some: ReadonlyArray<string>, others: ReadonlyArray<string>): boolean =>
  some.length === others.length && some.every((text, index) => text === others[index])

/** Saves the lines and reads them back. Under another name where there is one that says something else. */
const saveKept = ({ file, kept }: TornFile, retries: Retries.RetryPolicy) =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    for (const name of repairedNames(file)) {
      const saved = yield* Retries.attempts(retries, () => storage.saveMetadataLines(name, kept))
      const { lines, problems } = yield* readMetadataFile(saved)
      if (problems.length === 0 && isSame(lines.map(({ text }) => text), kept)) return saved
    }
    return yield* new InvalidBackup({
      file,
      reason: "Inconsistent",
      detail:
        "its lines were saved, but are not what is read back, so it stays; does the storage keep what it is given?"
    })
  })
