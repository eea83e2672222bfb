/**
 * The bounds that backing up and verifying keep.
 */
import type * as Duration from "effect/Duration"
import { type RetryPolicy, standard } from "./Retries.ts"

export interface BackupSettings {
  /** A chunk is cut before the record that would make it larger. Bytes, lengths of records included. */
  readonly maxChunkBytes: number
  /** A record larger than this is refused. Bytes. */
  readonly maxRecordBytes: number
  /** Chunks that are written to the storage at the same time. */
  readonly concurrentWrites: number
  /** Chunks that are received but not yet confirmed by the storage. */
  readonly bufferedChunks: number
  /** Bytes that are received but not yet taken by the storage, over all chunks. */
  readonly bufferedBytes: number
  /** Requests for state items under way at the same time. */
  readonly concurrentRequests: number
  /** State items that one request asks for. */
  readonly itemsPerRequest: number
  /** What is tried again of requests to the node and writes to the storage. */
  readonly retries: RetryPolicy
  /**
   * An interruption waits this long for a line of metadata that is being saved: a storage whose commands write in place
   * keeps a torn one otherwise.
   */
  readonly saveGrace: Duration.DurationInput
  /**
   * What is backed up is checked while it passes, as verify does it: each chunk against its proof, and its proof against
   * the chain of trust where that is known. What does not hold never becomes a backup.
   */
  readonly verifyWrites: boolean
  /**
   * Chunks that earlier attempts left in the storage are read back, and named instead of being fetched and written again
   * where they hold. It takes `verifyWrites`, since they are checked behind what was checked, and a storage that lists its
   * files.
   */
  readonly adopt: boolean
}

const mebibyte = 1024 * 1024

/** The largest record that is accepted unless told otherwise: 64 MiB, some fifty times the largest genesis known. */
export const defaultMaxRecordBytes: number = 64 * mebibyte

export const defaultBackupSettings: BackupSettings = {
  maxChunkBytes: 128 * mebibyte,
  maxRecordBytes: defaultMaxRecordBytes,
  concurrentWrites: 4,
  bufferedChunks: 8,
  bufferedBytes: 64 * mebibyte,
  concurrentRequests: 8,
  itemsPerRequest: 100_000,
  retries: standard,
  saveGrace: "1 second",
  verifyWrites: true,
  adopt: false
}
