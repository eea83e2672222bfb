/**
 * Storages that behave as another one does, with something around its operations: counting, limits, encryption, faults.
 *
 * {@link decorate} reaches every operation, those of the capabilities included, so that nothing gets past a decorator: a
 * range that is read counts as a read, and `writeNew` as a write. A capability that is missing stays missing.
 *
 * The identity stays the same. A decorator that changes what the storage keeps, as encryption does, extends it:
 * `{ ...decorate(storage, around), identity: `${storage.identity}+encrypted` }`.
 */
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Stream from "effect/Stream"
import type { Service } from "./BackupStorage.ts"
import type { StorageError, StorageOperation } from "./StorageError.ts"
import type { StoredFile } from "./StorageFiles.ts"

/** An operation that somebody asks for. */
export interface Call {
  readonly operation: StorageOperation
  /** The backup, the file (`<backup>/<name>` for one that is written) or the metadata name; `all` for listings. */
  readonly subject: string
}

/** What to put around operations. What is not given stays as it is. */
export interface Around {
  /** Around operations with one answer: all but `read`, `readRange` and `listFiles`. */
  readonly effect?: <A, E, R>(
    call: Call,
    run: Effect.Effect<A, E | StorageError, R>
  ) => Effect.Effect<A, E | StorageError, R>
  /** Around the bytes that callers hand to `write` and `writeNew`. */
  readonly written?: <E, R>(
    call: Call,
    bytes: Stream.Stream<Uint8Array, E, R>
  ) => Stream.Stream<Uint8Array, E | StorageError, R>
  /** Around the bytes that `read` and `readRange` give. */
  readonly read?: (
    call: Call,
    bytes: Stream.Stream<Uint8Array, StorageError>
  ) => Stream.Stream<Uint8Array, StorageError>
  /** Around the files that `listFiles` gives. */
  readonly listed?: (
    call: Call,
    files: Stream.Stream<StoredFile, StorageError>
  ) => Stream.Stream<StoredFile, StorageError>
}

/** A storage with something around its operations. */
export const decorate = (
  storage: Service,
  { effect = (_, run) => run, listed = (_, files) => files, read = (_, bytes) => bytes, written = (_, bytes) => bytes }:
    Around
): Service => {
  const { capabilities } = storage
  const writing =
    (operation: "write" | "writeNew", write: Service["write"]): Service["write"] => (backup, name, bytes) => {
      const call = { operation, subject: `${backup}/${name}` }
      return effect(call, write(backup, name, written(call, bytes)))
    }
  return {
    ...storage,
    createBackup: (name) => effect({ operation: "createBackup", subject: name }, storage.createBackup(name)),
    write: writing("write", storage.write),
    read: (file) => read({ operation: "read", subject: file }, storage.read(file)),
    saveMetadataLines: (name, lines) =>
      effect({ operation: "saveMetadataLines", subject: name }, storage.saveMetadataLines(name, lines)),
    listMetadataFiles: effect({ operation: "listMetadataFiles", subject: "all" }, storage.listMetadataFiles),
    capabilities: {
      backupMetadataFile: Either.map(
        capabilities.backupMetadataFile,
        (move) => (file) => effect({ operation: "backupMetadataFile", subject: file }, move(file))
      ),
      listFiles: Either.map(
        capabilities.listFiles,
        (files) => listed({ operation: "listFiles", subject: "all" }, files)
      ),
      deleteFile: Either.map(
        capabilities.deleteFile,
        (remove) => (file) => effect({ operation: "deleteFile", subject: file }, remove(file))
      ),
      readRange: Either.map(
        capabilities.readRange,
        (part) => (file, range) => read({ operation: "readRange", subject: file }, part(file, range))
      ),
      writeNew: Either.map(capabilities.writeNew, (write) => writing("writeNew", write))
    }
  }
}
