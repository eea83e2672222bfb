/**
 * What a backup that was taken consists of: for the operator, and for whoever goes on from it.
 *
 * @since 0.1.0
 */
import type { BackupServiceError, Client } from "@holdfast/backup-service"
import type { BackupStorage, StorageError } from "@holdfast/storage"
import type * as Effect from "effect/Effect"
import type { InvalidRequest, LocalStateError, SourceMismatch } from "./EngineError.ts"
import type * as Metadata from "./Metadata.ts"

/**
 * How many chunks of a backup earlier attempts wrote.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReusedChunks {
  /** Those that the journal of this machine knew. */
  readonly resumed: number
  /** Those that were found in the storage, and proven. */
  readonly adopted: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface BackupResult {
  /** File handle of the manifest. */
  readonly manifest: BackupStorage.FileHandle
  /** Name of the metadata file that makes the backup exist. */
  readonly metadata: string
  /** File handle of that file. */
  readonly metadataFile: BackupStorage.FileHandle
  /**
   * The manifest that this file lists: this backup's own, unless the storage keeps the entry of an earlier backup of the
   * same range.
   */
  readonly listed: BackupStorage.FileHandle
  /** The entry in that file: which range the backup holds. */
  readonly entry: Metadata.Entry
  readonly chunks: number
  /** Chunks that were there already, so that they were neither fetched nor written. */
  readonly reused: ReusedChunks
  /** Records in the chunks: epochs, state items or transactions. */
  readonly records: number
  /** Bytes of the chunks, before any compression by the storage. */
  readonly bytes: number
}

/**
 * A backup to be taken: from a node, to a storage.
 *
 * @since 0.1.0
 * @category models
 */
export type Backup = Effect.Effect<
  BackupResult,
  InvalidRequest | LocalStateError | SourceMismatch | BackupServiceError.BackupServiceError | StorageError.StorageError,
  Client.BackupServiceClient | BackupStorage.BackupStorage
>
