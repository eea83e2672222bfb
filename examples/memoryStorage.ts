/**
 * A storage of your own: this one is a `Map`. Whatever holds named bytes will do, as long as it keeps the rules in the
 * documentation of `BackupStorage`. `BackupStorageSuite` of the testkit tells whether it does.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** What fails, fails with a reason: it tells the engine whether to try again, and people what to do. */
const refuse = (
  operation: StorageError.StorageOperation,
  reason: StorageError.StorageErrorReason,
  subject: string,
  detail: string
) => Effect.fail(new StorageError.StorageError({ operation, reason, subject, detail }))

const make = (): BackupStorage.Service => {
  const files = new Map<string, Uint8Array>()

  const checkName = (operation: StorageError.StorageOperation, name: string) =>
    BackupStorage.namePattern.test(name)
      ? Effect.void
      : refuse(operation, "InvalidName", JSON.stringify(name), "names are letters, digits and a few marks")

  /** Handles come back out of manifests, which anybody may have written. */
  const find = (operation: StorageError.StorageOperation, file: string) =>
    Effect.suspend(() => {
      const parts = file.split("/")
      if (parts.length !== 2 || !parts.every((part) => BackupStorage.namePattern.test(part))) {
        return refuse(operation, "InvalidName", JSON.stringify(file), "this is no handle of this storage")
      }
      const bytes = files.get(file)
      return bytes === undefined ? refuse(operation, "NotFound", file, "there is no such file") : Effect.succeed(bytes)
    })

  return {
    description: "memory of this process",
    createBackup: (name) => Effect.as(checkName("create_backup", name), name),

    // Nobody sees the file before the last byte is in: where the source fails, nothing happens.
    write: (backup, name, bytes) =>
      Effect.gen(function*() {
        yield* checkName("create_for_write", name)
        const pieces = yield* Stream.runCollect(Stream.map(bytes, (piece) => piece.slice()))
        const file = `${backup}/${name}`
        if (files.has(file)) return yield* refuse("create_for_write", "AlreadyExists", file, "choose another name")
        files.set(file, Buffer.concat([...pieces]))
        return file
      }),

    read: (file) => Stream.fromEffect(find("open_for_read", file)),

    saveMetadataLines: (name, lines) =>
      Effect.gen(function*() {
        yield* checkName("save_metadata_line", name)
        if (lines.some((line) => /[\r\n]/.test(line))) {
          return yield* refuse("save_metadata_line", "InvalidName", name, "a line has a line break in it")
        }
        const file = `metadata/${name}`
        if (!files.has(file)) files.set(file, Buffer.from(lines.map((line) => `${line}\n`).join("")))
        return file
      }),

    listMetadataFiles: Effect.sync(() => [...files.keys()].filter((file) => file.startsWith("metadata/"))),

    backupMetadataFile: (file) =>
      Effect.map(find("backup_metadata_file", file), (bytes) => {
        files.delete(file)
        files.set(file.replace("metadata/", "metadata_backup/"), bytes)
      }),

    // Backing up, verifying and restoring do without; only maintenance lists and deletes.
    capabilities: { listFiles: Option.none(), deleteFile: Option.none() }
  }
}

export const layer = Layer.sync(BackupStorage.BackupStorage, make)
