import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Retries from "../base/Retries.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Metadata from "../format/Metadata.ts"
import { readText } from "../reading/smallFiles.ts"

/** An entry that says that a backup exists. */
export type BackupEntry = Extract<Metadata.Entry, { readonly value: { readonly manifest: string } }>

/** Where a backup is listed. */
export interface Listed {
  /** Handle of the metadata file. */
  readonly file: StorageFiles.FileHandle
  /** Name of the metadata file. */
  readonly metadata: string
  /** The manifest that it names: another one where the storage keeps the line of an earlier backup of the same range. */
  readonly manifest: StorageFiles.FileHandle
}

/** A file of one line; what is much longer is something else. */
const maxLineBytes = 64 * 1024

/** A name is taken by what is no entry only where a program was killed between the handle and the data. */
const mostNames = 5

/**
 * Saves the entry of a backup, and reads it back: a storage may keep a file of the same name and report it as saved, and
 * that file may be anything, such as the empty one that a killed program left. What holds no entry of this range is left
 * alone, and the line is saved under the next name beside it (`NAME.1.meta`). An earlier entry of the same range stays:
 * two lines of one range are an overlap, which today's tool refuses to restore from.
 *
 * Fails with `StorageError` where the line cannot be saved, or cannot be read back: then nothing is known to be listed.
 */
export const saveEntry = (
  entry: BackupEntry,
  retries: Retries.RetryPolicy,
  grace: Duration.DurationInput
): Effect.Effect<Listed, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const line = Metadata.printLine(entry)
    const name = FileNames.metadata(entry)
    let metadata = name
    for (let number = 1; number <= mostNames; number++) {
      const file = yield* Retries.attempts(retries, () => finishing(storage.saveMetadataLines(metadata, [line]), grace))
      const manifest = yield* listedIn(file, entry, retries)
      if (manifest === entry.value.manifest) return { file, metadata, manifest }
      if (manifest !== undefined) {
        yield* Effect.logWarning(
          `the storage keeps ${metadata}, which lists an earlier backup of this range, ${manifest}; `
            + `${entry.value.manifest} is complete but not listed`
        )
        return { file, metadata, manifest }
      }
      const taken = metadata
      metadata = FileNames.metadataBeside(name, number)
      if (number < mostNames) {
        yield* Effect.logWarning(
          `the storage keeps another ${taken}, which does not list this backup; its line is saved as ${metadata}`
        )
      }
    }
    return yield* new StorageError.StorageError({
      operation: "saveMetadataLines",
      reason: "BadOutput",
      subject: name,
      detail: `it was reported as saved under ${mostNames} names, but no file holds the line that was saved; `
        + "see that the command saves what it reads on stdin"
    })
  })

/** The manifest that a metadata file lists for the range of an entry, that of the entry itself first of all. */
const listedIn = (
  file: StorageFiles.FileHandle,
  entry: BackupEntry,
  retries: Retries.RetryPolicy
): Effect.Effect<string | undefined, StorageError.StorageError, BackupStorage.BackupStorage> =>
  readText(file, maxLineBytes).pipe(
    Effect.provideService(Retries.Reading, retries),
    Effect.map((text) => {
      const manifests = Metadata.parseFile(file, text).entries.flatMap((found) =>
        "manifest" in found.value && found._tag === entry._tag &&
          FileNames.metadata(found) === FileNames.metadata(entry)
          ? [found.value.manifest]
          : []
      )
      return manifests.find((manifest) => manifest === entry.value.manifest) ?? manifests[0]
    }),
    Effect.catchTag("InvalidBackup", () => Effect.succeed(undefined)),
    Effect.mapError((error) => {
      const detail = `the line of a backup was reported as saved, but cannot be read back: ${error.detail}`
      return new StorageError.StorageError(Object.assign({}, error, { detail }))
    })
  )

/** Under way, an interruption waits for this as long as the grace is, since it is about to end. */
const finishing = <A, E, R>(effect: Effect.Effect<A, E, R>, grace: Duration.DurationInput): Effect.Effect<A, E, R> =>
  Effect.scopedWith((scope) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.forkIn(Effect.interruptible(effect), scope), (fiber) =>
        Effect.onInterrupt(
          restore(Fiber.join(fiber)),
          () =>
            Effect.raceFirst(
              Effect.interruptible(Fiber.await(fiber)),
              Effect.interruptible(Effect.sleep(grace))
            )
        ))
    )
  )
