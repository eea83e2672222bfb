/**
 * The contract of a storage: where backups are written to and read from.
 *
 * A *backup handle* names one backup while it is written; nothing keeps it. A *file handle* is an opaque text that the
 * storage returns for a file; manifests and metadata keep it and hand it back for reading.
 *
 * Every storage keeps these rules, and the conformance suite of the testkit shows each:
 *
 * - A file counts when it is confirmed. `write` succeeds only after all bytes are in and the storage said so. Nobody sees
 *   the handle of an unfinished file, and an aborted write publishes nothing under a handle that was returned.
 * - `read` ends cleanly only if the storage confirmed success.
 * - Names match `StorageNames.namePattern` in full. A storage refuses all others with `InvalidName` before anything happens.
 * - A failure or an interruption of the source, the sink or the caller leaves no process, descriptor or temporary file.
 *
 * Callers keep these rules:
 *
 * - The bytes of a `write` do not come from a `read`, and few files are open at once: a storage may bound its concurrent
 *   operations, and two operations that wait for each other's end would wait for ever.
 * - A byte array that was handed over does not change until the storage asks for the next one.
 *
 * A storage never retries. `StorageError.isRetryable` says whether its caller should.
 *
 * Source: `docs/spec/storage.md`, "The contract".
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Capabilities } from "./Capabilities.ts"
import type { StorageError } from "./StorageError.ts"
import type { BackupHandle, FileHandle } from "./StorageFiles.ts"

/** The operations of a storage. */
export interface Service {
  /**
   * Names the storage among all others, for programs: two storages have the same identity only if they keep the same
   * files. A URL of the storage's scheme; the same whenever a program opens the storage. Carries no secret.
   */
  readonly identity: string
  /** For people: where the files lie ("folder /backups", "commands of s3.yaml"). Carries no secret. */
  readonly description: string
  /** Announces that files of one backup follow. */
  readonly createBackup: (name: string) => Effect.Effect<BackupHandle, StorageError>
  /**
   * Writes one data file and returns its handle once the storage confirmed it. Pulls bytes as fast as the storage takes
   * them. Fails with the source's own error where the source fails; then nothing was published.
   */
  readonly write: <E, R>(
    backup: BackupHandle,
    name: string,
    bytes: Stream.Stream<Uint8Array, E, R>
  ) => Effect.Effect<FileHandle, StorageError | E, R>
  /** The bytes of a file. Ends cleanly only if the storage confirmed that these were all. */
  readonly read: (file: FileHandle) => Stream.Stream<Uint8Array, StorageError>
  /**
   * Saves one small text file of metadata. `lines` contain no CR or LF; a newline follows each. Where a file of this name
   * exists, a storage may keep it and report it as saved.
   */
  readonly saveMetadataLines: (name: string, lines: ReadonlyArray<string>) => Effect.Effect<FileHandle, StorageError>
  /** The handles of all metadata files, in no particular order. */
  readonly listMetadataFiles: Effect.Effect<ReadonlyArray<FileHandle>, StorageError>
  /** The operations that not every storage has. */
  readonly capabilities: Capabilities
}

/** A storage of backups. */
export class BackupStorage extends Context.Tag("@holdfast/storage/BackupStorage")<BackupStorage, Service>() {}
