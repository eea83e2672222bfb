/**
 * The three backups of a network, in small chunks.
 */
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import type * as EngineError from "@holdfast/engine/EngineError"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as Retries from "@holdfast/engine/Retries"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"

/** Cuts the small network's backups into several chunks each, tries nothing again, and waits for nothing. */
export const settings: Settings.BackupSettings = {
  ...Settings.defaultBackupSettings,
  maxChunkBytes: 3_500,
  itemsPerRequest: 40,
  retries: Retries.never,
  saveGrace: 0
}

export const epochEndings = (firstEpoch: number, lastEpoch: number) =>
  EpochEndingBackup.take({ firstEpoch, lastEpoch, settings: { ...settings, maxChunkBytes: 1_200 } })

export const stateSnapshot = (epoch: number) => StateSnapshotBackup.take({ epoch, settings })

export const transactions = (firstVersion: number, lastVersion: number) =>
  TransactionBackup.take({ firstVersion, lastVersion, settings: { ...settings, maxChunkBytes: 10_000 } })

export const kinds = ["epoch endings", "state snapshot", "transactions"] as const

export type Kind = (typeof kinds)[number]

/** A backup of each kind, of the first epochs. */
export const ofKind: { readonly [K in Kind]: BackupResult.Backup } = {
  "epoch endings": epochEndings(0, 4),
  "state snapshot": stateSnapshot(3),
  transactions: transactions(0, 45)
}

type Failure =
  | EngineError.ImpossibleRequest
  | EngineError.LocalStateError
  | EngineError.SourceMismatch
  | BackupServiceError.BackupServiceError
  | StorageError.StorageError

/** Takes backups from a node to a storage. */
export const between = <A>(
  client: Client.Service,
  storage: BackupStorage.Service,
  take: Effect.Effect<A, Failure, Client.BackupServiceClient | BackupStorage.BackupStorage>
): Effect.Effect<A, Failure> =>
  take.pipe(
    Effect.provideService(Client.BackupServiceClient, client),
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )
