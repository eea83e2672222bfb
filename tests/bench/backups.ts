/**
 * The tasks that go through the engine: backing up from a node and verifying. Each returns how much it did.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import type * as EngineError from "@holdfast/engine/EngineError"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as Restore from "@holdfast/engine/Restore"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as Verify from "@holdfast/engine/Verify"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Storage, Task } from "./task.ts"

type TaskError =
  | BackupServiceError.BackupServiceError
  | EngineError.ImpossibleRequest
  | EngineError.LocalStateError
  | EngineError.SourceMismatch
  | StorageError.StorageError

type RestoreError = Restore.RestoreError | LedgerStoreError.LedgerStoreOpenError

type Platform = FileSystem.FileSystem | Path.Path

/** How the commands of a storage write and read the bytes of a file. */
const filters = { cat: { write: "cat", read: "cat" }, gzip: { write: "gzip -c", read: "gzip -cd" } } as const

const commands = ({ read, write }: (typeof filters)["cat" | "gzip"]) => ({
  create_backup: "mkdir -p \"$FOLDER/$BACKUP_NAME\" && echo \"$BACKUP_NAME\"",
  create_for_write:
    `cd "$FOLDER" && echo "$BACKUP_HANDLE/$FILE_NAME" && exec 1>&- && ${write} > "$BACKUP_HANDLE/$FILE_NAME"`,
  open_for_read: `${read} < "$FOLDER/$FILE_HANDLE"`,
  save_metadata_line:
    `cd "$FOLDER" && mkdir -p metadata && echo "metadata/$FILE_NAME" && exec 1>&- && ${write} > "metadata/$FILE_NAME"`,
  list_metadata_files: "cd \"$FOLDER\" && ls -1 metadata/* 2> /dev/null || true"
})

const storageLayer = ({ access, directory }: Storage) =>
  access === "files"
    ? LocalFolder.layer({ directory })
    : CommandAdapter.layer({
      config: { source: `bench (${access})`, environment: [["FOLDER", directory]], commands: commands(filters[access]) }
    }).pipe(Layer.provide(CommandPool.layer))

/** Backs up what is asked for; returns the bytes of the chunks. */
export const backUp = (
  { address, backups, maxChunkBytes, storage, unchecked }: Extract<Task, { readonly _tag: "BackUp" }>
): Effect.Effect<number, TaskError, Platform | HttpClient.HttpClient> => {
  const settings = { ...Settings.defaultBackupSettings, maxChunkBytes, verifyWrites: !unchecked }
  const { lastEpoch, lastVersion, snapshotOfEpoch } = backups
  return Effect.gen(function*() {
    const results = [yield* EpochEndingBackup.take({ firstEpoch: 0, lastEpoch, settings })]
    if (snapshotOfEpoch !== undefined) {
      results.push(yield* StateSnapshotBackup.take({ epoch: snapshotOfEpoch, settings }))
    }
    if (lastVersion !== undefined) {
      results.push(yield* TransactionBackup.take({ firstVersion: 0, lastVersion, settings }))
    }
    return results.reduce((bytes, result) => bytes + result.bytes, 0)
  }).pipe(
    Effect.provide(Layer.merge(storageLayer(storage), Client.layer({ address })))
  )
}

/** Verifies all that the storage holds; returns how many of what is counted were verified. */
export const verify = (
  { count, storage }: Extract<Task, { readonly _tag: "Verify" }>
): Effect.Effect<number, TaskError, Platform> =>
  Effect.gen(function*() {
    const report = yield* Verify.verify()
    if (!report.ok || report.unverified.length > 0) {
      return yield* Effect.dieMessage(`the storage does not verify: ${JSON.stringify(report, undefined, 2)}`)
    }
    switch (count) {
      case "epochs":
        return report.epochEndings?.verified ?? 0
      case "items":
        return report.stateSnapshot?.items ?? 0
      case "transactions":
        return report.transactions?.count ?? 0
    }
  }).pipe(Effect.provide(storageLayer(storage)))

/** Restores all that the storage holds into a new store; returns how many of what is counted came in. */
export const restore = (
  { count, directory, storage }: Extract<Task, { readonly _tag: "Restore" }>
): Effect.Effect<number, RestoreError, Platform> =>
  Effect.gen(function*() {
    const report = yield* Restore.restore()
    return report[count]
  }).pipe(Effect.provide(Layer.merge(LmdbLedgerStore.layer({ directory }), storageLayer(storage))))
