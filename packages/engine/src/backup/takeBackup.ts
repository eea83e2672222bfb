import type * as Frames from "@holdfast/ledger/Frames"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import type { Tracker } from "../base/Progress.ts"
import * as Retries from "../base/Retries.ts"
import type { BackupSettings } from "../base/Settings.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Manifest from "../format/Manifest.ts"
import { completed, timed } from "./backupMetrics.ts"
import type { BackupResult, ReusedChunks } from "./BackupResult.ts"
import { type BackupEntry, saveEntry } from "./saveEntry.ts"

type Storage = BackupStorage.Service

/** What a file is written from. */
export interface Content<E, R> {
  readonly bytes: (attempt: number) => Stream.Stream<Uint8Array, E, R>
  /** Run after each attempt, before the next one waits for anything. */
  readonly letGo: Effect.Effect<void>
}

/** One backup that is being written. */
export interface BackupWriter {
  readonly write: <E extends { readonly message: string }, R>(
    name: string,
    content: Content<E, R>
  ) => Effect.Effect<BackupStorage.FileHandle, StorageError.StorageError | E, R>
  readonly writeBytes: (
    name: string,
    bytes: Uint8Array
  ) => Effect.Effect<BackupStorage.FileHandle, StorageError.StorageError>
}

/** Announces a folder to the storage: each attempt has one of its own. */
export const beginBackup = (
  folder: FileNames.Folder,
  retries: Retries.RetryPolicy
): Effect.Effect<BackupWriter, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage: Storage = yield* BackupStorage.BackupStorage
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

/** Saves the manifest, then the metadata line, and sees that it is listed: from then on the backup exists. */
export const finishBackup = (
  writer: BackupWriter,
  kind: BackupEntry["_tag"],
  manifest: Parameters<typeof Manifest.print>[0],
  entry: (manifest: BackupStorage.FileHandle) => BackupEntry,
  tracker: Tracker,
  reused: ReusedChunks,
  { retries, saveGrace }: BackupSettings
): Effect.Effect<BackupResult, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const handle = yield* writer.writeBytes(
      FileNames.manifests[kind],
      new TextEncoder().encode(Manifest.print(manifest))
    )
    const saved = entry(handle)
    const listed = yield* saveEntry(saved, retries, saveGrace)
    return {
      manifest: handle,
      metadata: listed.metadata,
      metadataFile: listed.file,
      listed: listed.manifest,
      entry: saved,
      chunks: manifest.chunks.length,
      reused,
      records: tracker.done,
      bytes: tracker.bytes
    }
  }).pipe(Effect.tap((result) => completed(result.entry)))

/** Counts the records that pass. */
export const counted = <E, R>(
  source: Stream.Stream<Frames.RecordBatch, E, R>,
  tracker: Tracker
): Stream.Stream<Frames.RecordBatch, E, R> =>
  Stream.map(source, (batch) => {
    tracker.done += batch.count
    tracker.bytes += batch.bytes.length
    return batch
  })
