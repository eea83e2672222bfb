import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import type * as Client from "@holdfast/backup-service/Client"
import type * as Frames from "@holdfast/ledger/Frames"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import type * as Arr from "effect/Array"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { LocalStateError, SourceMismatch } from "../base/EngineError.ts"
import type { BackupSettings } from "../base/Settings.ts"
import type * as FileNames from "../format/FileNames.ts"
import type * as Manifest from "../format/Manifest.ts"
import type * as Metadata from "../format/Metadata.ts"
import type { BackupWriter } from "./backupWriter.ts"
import type { IncomingChunk } from "./cutChunks.ts"
import type { EarlierAttempts } from "./earlierAttempts.ts"
import type { NodeCheck } from "./incomingChecks.ts"

/** Why a backup fails once it was begun. */
export type Failure =
  | BackupServiceError.BackupServiceError
  | LocalStateError
  | SourceMismatch
  | StorageError.StorageError

/** What a backup is taken with. */
export type Services = BackupStorage.BackupStorage | Client.BackupServiceClient

/** A chunk that the storage confirmed: the records `first` … `last`. */
export interface WrittenChunk {
  readonly first: number
  readonly last: number
  readonly bytes: number
  /** File handle. */
  readonly data: StorageFiles.FileHandle
}

/** A chunk that the node sends, with the proof that the check made sure of. */
export type ReceivedChunk<P> = IncomingChunk<
  P,
  BackupServiceError.BackupServiceError | SourceMismatch,
  Client.BackupServiceClient
>

/** What is particular to a kind of backup: `C` are its chunks, `P` the proof of one. */
export interface BackupPlan<C extends WrittenChunk, P> {
  readonly folder: Exclude<FileNames.Folder, { readonly _tag: "Lease" }>
  /** For people: `transactions 0 to 99`, and what is counted, in the plural. */
  readonly what: string
  readonly unit: string
  /** The records of the backup. */
  readonly first: number
  readonly last: number
  readonly settings: BackupSettings
  /** The records from `first` on, as the node sends them. */
  readonly records: (
    first: number,
    count: number
  ) => Stream.Stream<Frames.RecordBatch, BackupServiceError.BackupServiceError, Client.BackupServiceClient>
  /** Checks records that come behind a chunk; `undefined`: from the first one on. */
  readonly check: (after: C | undefined) => NodeCheck<P>
  readonly write: (writer: BackupWriter, chunk: ReceivedChunk<P>) => Effect.Effect<C, Failure, Services>
  /** What earlier attempts left; nothing unless given. */
  readonly earlier?: Effect.Effect<EarlierAttempts<C>, Failure, Services>
  /** Says what the manifest and the line of metadata are, after what is still to be checked and written. */
  readonly finish: (
    chunks: Arr.NonEmptyReadonlyArray<C>,
    writer: BackupWriter
  ) => Effect.Effect<
    {
      readonly manifest: Manifest.EpochEndingManifest | Manifest.StateSnapshotManifest | Manifest.TransactionManifest
      readonly entry: (manifest: StorageFiles.FileHandle) => Metadata.BackupEntry
    },
    Failure,
    Services
  >
}
