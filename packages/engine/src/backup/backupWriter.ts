import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as Retries from "../base/Retries.ts"
import * as FileNames from "../format/FileNames.ts"
import { timed } from "./backupMetrics.ts"

/** What a file is written from. */
export interface Content<E, R> {
  readonly bytes: (attempt: number) => Stream.Stream<Uint8Array, E, R>
  /** Runs after each attempt, before the next one waits for anything. */
  readonly letGo: Effect.Effect<void>
}

/** Writes the files of one folder, each until the storage confirms the file. */
export interface BackupWriter {
  readonly write: <E extends { readonly message: string }, R>(
    name: string,
    content: Content<E, R>
  ) => Effect.Effect<StorageFiles.FileHandle, StorageError.StorageError | E, R>
  readonly writeBytes: (
    name: string,
    bytes: Uint8Array
  ) => Effect.Effect<StorageFiles.FileHandle, StorageError.StorageError>
}

/** Announces a folder to the storage: each attempt has one of its own. */
export const makeWriter = (
  folder: FileNames.Folder,
  retries: Retries.RetryPolicy
): Effect.Effect<BackupWriter, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage: BackupStorage.Service = yield* BackupStorage.BackupStorage
    const backup = yield* Retries.attempts(retries, () =>
      Effect.flatMap(Random.nextIntBetween(0, 0x10000), (random) =>
        storage.createBackup(FileNames.folder(folder, random))))
    const write: BackupWriter["write"] = (file, { bytes, letGo }) =>
      timed(
        `write_${FileNames.extensionOf(file)}`,
        Retries.attempts(retries, (attempt) =>
          Effect.ensuring(storage.write(backup, FileNames.rewritten(file, attempt), bytes(attempt)), letGo))
      )
    return {
      write,
      writeBytes: (file, bytes) =>
        write(file, {
          bytes: () =>
            Stream.make(bytes),
          letGo: Effect.void
        })
    }
  })
