/**
 * The contract of a storage: where backups are written to and read from.
 *
 * A *backup handle* names one backup being written and is persisted nowhere. A *file handle* is an opaque string that
 * the storage returns for a file; manifests and metadata persist it and hand it back for reading.
 *
 * Rules that every storage keeps (the conformance suite in the testkit shows each):
 *
 * - a file counts when it is confirmed: `write` succeeds only after all bytes are in and the storage said so; the handle
 *   of an unfinished file is never seen by anyone, and an aborted write publishes nothing under a handle that was
 *   returned;
 * - `read` ends cleanly only if the storage confirmed success;
 * - names match {@link namePattern} in full; everything else is refused with `InvalidName` before anything happens;
 * - a failure or an interruption of the source, the sink or the caller leaves no process, descriptor or temporary file.
 *
 * Rules for callers:
 *
 * - the bytes of a `write` do not come from a `read`, and few files are open at once: a storage may bound how many
 *   operations are under way, and two that wait for each other's end would wait for ever;
 * - a byte array that was handed over is not changed until the next one is asked for.
 *
 * Who retries: not the storage. `isRetryable` of the module `StorageError` says whether trying again can help.
 *
 * Source: the storage page of the specification, "The contract".
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { StorageError } from "./StorageError.ts"

/**
 * The pattern that every backup name and file name matches in full: 3 to 127 characters that are safe in shell commands
 * and paths.
 */
export const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{2,126}$/

/** Names one backup being written. Only good for `write` of the storage that returned it. */
export type BackupHandle = string

/** Names one complete file of a storage, for ever. */
export type FileHandle = string

/** A file as the storage keeps it. */
export interface StoredFile {
  /** The very handle that `write` or `saveMetadataLines` returned for it. */
  readonly file: FileHandle
  /** Bytes that it takes in the storage: after compression, where commands compress. */
  readonly bytes: number
  /** When it was written, in unix seconds. */
  readonly modified: number
}

/**
 * What a storage may be able to do beyond what every storage must: backing up, verifying and restoring need none of it,
 * maintenance does.
 */
export interface Capabilities {
  /**
   * All files that the storage holds, in no particular order: data, metadata, the side folder of obsolete metadata, and what
   * aborted writes left. Ends cleanly only if the storage confirmed that these were all.
   */
  readonly listFiles: Option.Option<Stream.Stream<StoredFile, StorageError>>
  /** Deletes a file for good. Succeeds where it is gone already. */
  readonly deleteFile: Option.Option<(file: FileHandle) => Effect.Effect<void, StorageError>>
}

/** The operations of a storage. */
export interface Service {
  /** Announces that files of one backup follow. */
  readonly createBackup: (name: string) => Effect.Effect<BackupHandle, StorageError>
  /**
   * Writes one data file and returns its handle once the storage confirmed it. Bytes are pulled as fast as the storage
   * takes them. Fails with the source's own error where the source fails; then nothing was published.
   */
  readonly write: <E, R>(
    backup: BackupHandle,
    name: string,
    bytes: Stream.Stream<Uint8Array, E, R>
  ) => Effect.Effect<FileHandle, StorageError | E, R>
  /** The bytes of a file. Ends cleanly only if the storage confirmed that these were all. */
  readonly read: (file: FileHandle) => Stream.Stream<Uint8Array, StorageError>
  /**
   * Saves one small text file of metadata. `lines` carry no CR or LF; a newline follows each. A storage may keep an
   * existing file of the same name and report it as saved.
   */
  readonly saveMetadataLines: (
    name: string,
    lines: ReadonlyArray<string>
  ) => Effect.Effect<FileHandle, StorageError>
  /** The handles of all metadata files, in no particular order. */
  readonly listMetadataFiles: Effect.Effect<ReadonlyArray<FileHandle>, StorageError>
  /** Moves an obsolete metadata file to the side folder. `Unsupported` where the storage has no such operation. */
  readonly backupMetadataFile: (file: FileHandle) => Effect.Effect<void, StorageError>
  readonly capabilities: Capabilities
  /** For people: where the files lie ("folder /backups", "commands of s3.yaml"). Carries no secret. */
  readonly description: string
}

/** A storage of backups. */
export class BackupStorage extends Context.Tag("@holdfast/storage/BackupStorage")<BackupStorage, Service>() {}
