/**
 * What a backup that was taken consists of: for the operator, and for whoever goes on from it.
 */
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import type * as Client from "@holdfast/backup-service/Client"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import type * as Effect from "effect/Effect"
import type { ImpossibleRequest, LocalStateError, SourceMismatch } from "../base/EngineError.ts"
import type * as Metadata from "../format/Metadata.ts"

/** How many chunks of a backup earlier attempts wrote. */
export interface ReusedChunks {
  /** Those that the journal of this machine knew. */
  readonly resumed: number
  /** Those that were found in the storage, and proven. */
  readonly adopted: number
}

export interface BackupResult {
  /** File handle of the manifest. */
  readonly manifest: StorageFiles.FileHandle
  /** Name of the metadata file that makes the backup exist. */
  readonly metadata: string
  /** File handle of that file. */
  readonly metadataFile: StorageFiles.FileHandle
  /**
   * The manifest that this file lists: this backup's own, unless the storage keeps the entry of an earlier backup of the
   * same range.
   */
  readonly listed: StorageFiles.FileHandle
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

/** A backup to be taken: from a node, to a storage. */
export type Backup = Effect.Effect<
  BackupResult,
  | ImpossibleRequest
  | LocalStateError
  | SourceMismatch
  | BackupServiceError.BackupServiceError
  | StorageError.StorageError,
  Client.BackupServiceClient | BackupStorage.BackupStorage
>
