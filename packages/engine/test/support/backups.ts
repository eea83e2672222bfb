/**
 * The three backups of a network, in small chunks.
 */
import type { BackupServiceError } from "@holdfast/backup-service"
import { Client } from "@holdfast/backup-service"
import {
  type BackupResult,
  type EngineError,
  EpochEndingBackup,
  Retries,
  Settings,
  StateSnapshotBackup,
  TransactionBackup
} from "@holdfast/engine"
import { BackupStorage, type StorageError } from "@holdfast/storage"
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
  | EngineError.InvalidRequest
  | EngineError.LocalStateError
  | EngineError.SourceMismatch
  | BackupServiceError.BackupServiceError
  | StorageError.StorageError

/** Takes backups from a node to a storage. */
export const between = <A>(
  client: Client.BackupServiceClient["Type"],
  storage: BackupStorage.BackupStorage["Type"],
  take: Effect.Effect<A, Failure, Client.BackupServiceClient | BackupStorage.BackupStorage>
): Effect.Effect<A, Failure> =>
  take.pipe(
    Effect.provideService(Client.BackupServiceClient, client),
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )
