/**
 * The operations that not every storage has. Backing up, verifying and restoring need none of them; maintenance does.
 *
 * A capability is the operation itself, or the error that says what is missing and how the storage at hand would get it.
 * An `Either` is an effect: `yield* storage.capabilities.deleteFile` takes the operation or fails with that error. Whoever
 * can do without asks `Either.isRight`.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { StorageError } from "./StorageError.ts"
import type { BackupHandle, ByteRange, FileHandle, StoredFile } from "./StorageFiles.ts"

/** An operation, or the error (`Unsupported`) that says what the storage lacks. */
export type Capability<A> = Either.Either<A, StorageError>

/** The optional operations of a storage. */
export interface Capabilities {
  /** Moves an obsolete metadata file to a side folder, so that the listing of metadata shows it no more. */
  readonly backupMetadataFile: Capability<(file: FileHandle) => Effect.Effect<void, StorageError>>
  /**
   * All files that the storage holds, in no particular order: data, metadata, the side folder of obsolete metadata, and
   * what aborted writes left. Ends cleanly only if the storage confirmed that these were all.
   */
  readonly listFiles: Capability<Stream.Stream<StoredFile, StorageError>>
  /** Deletes a file for good. Succeeds where the file is gone already. */
  readonly deleteFile: Capability<(file: FileHandle) => Effect.Effect<void, StorageError>>
  /** The bytes of a part of a file, cut off at its end. Ends cleanly only if the storage confirmed success. */
  readonly readRange: Capability<(file: FileHandle, range: ByteRange) => Stream.Stream<Uint8Array, StorageError>>
  /**
   * As `write`, and certain to create: fails with `AlreadyExists` where the name is taken, and of several writers of one
   * name exactly one succeeds. Mere `write` may replace a file where the storage cannot refuse.
   */
  readonly writeNew: Capability<
    <E, R>(
      backup: BackupHandle,
      name: string,
      bytes: Stream.Stream<Uint8Array, E, R>
    ) => Effect.Effect<FileHandle, StorageError | E, R>
  >
}

/** A capability that a storage lacks. `detail` says, in the words of this storage, what is missing and how to get it. */
export const missing = (
  operation: keyof Capabilities,
  description: string,
  detail: string
): Capability<never> =>
  Either.left(new StorageError({ operation, reason: "Unsupported", subject: description, detail }))

/** The capabilities of a storage that has none of them. */
export const none = (description: string, detail: string): Capabilities => ({
  backupMetadataFile: missing("backupMetadataFile", description, detail),
  listFiles: missing("listFiles", description, detail),
  deleteFile: missing("deleteFile", description, detail),
  readRange: missing("readRange", description, detail),
  writeNew: missing("writeNew", description, detail)
})

/** A storage. */
interface Capable {
  readonly capabilities: Capabilities
}

/** {@link Capabilities.backupMetadataFile}. Fails with `Unsupported` where the storage lacks it. */
export const backupMetadataFile = ({ capabilities }: Capable, file: FileHandle): Effect.Effect<void, StorageError> =>
  Effect.flatMap(capabilities.backupMetadataFile, (move) => move(file))

/** {@link Capabilities.listFiles}. Fails with `Unsupported` where the storage lacks it. */
export const listFiles = ({ capabilities }: Capable): Stream.Stream<StoredFile, StorageError> =>
  Stream.unwrap(capabilities.listFiles)

/** {@link Capabilities.deleteFile}. Fails with `Unsupported` where the storage lacks it. */
export const deleteFile = ({ capabilities }: Capable, file: FileHandle): Effect.Effect<void, StorageError> =>
  Effect.flatMap(capabilities.deleteFile, (remove) => remove(file))
