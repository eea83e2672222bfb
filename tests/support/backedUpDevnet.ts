/**
 * A development network, and whole backups of it in a folder: what restores are tested with.
 */
import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import * as Client from "@holdfast/backup-service/Client"
import * as Devnet from "@holdfast/devnet/Devnet"
import type * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import type * as Summary from "@holdfast/devnet/Summary"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { serve } from "./servedStore.ts"

export interface BackedUpDevnet {
  readonly store: LedgerStore.Service
  readonly summary: Summary.Summary
}

export interface Backups {
  /** Epochs whose state is backed up. */
  readonly snapshots: ReadonlyArray<number>
  /** Transactions of one backup; the last one may hold fewer. */
  readonly transactionsPerBackup: number
  readonly maxChunkBytes: number
}

type Options = DevnetOptions.Input

/** The storage in a folder. */
export const folderStorage = (directory: string): Layer.Layer<BackupStorage.BackupStorage> =>
  LocalFolder.layer({ directory }).pipe(Layer.provide(NodeContext.layer), Layer.orDie)

/** Grows a network, serves it for a while, and backs it up into the folder. */
export const backedUpDevnet = (
  options: Options,
  { maxChunkBytes, snapshots, transactionsPerBackup }: Backups,
  directory: string
): Effect.Effect<BackedUpDevnet, Effect.Effect.Error<BackupResult.Backup>, Scope.Scope> =>
  Effect.gen(function*() {
    const store = yield* MemoryLedgerStore.make
    const summary = yield* Devnet.grow(options).pipe(
      Effect.provideService(LedgerStore.LedgerStore, store),
      Effect.orDie
    )
    const settings = { ...Settings.defaultBackupSettings, maxChunkBytes }
    const backUp = Effect.gen(function*() {
      const lastEpoch = summary.epochEndings.length - 1
      yield* EpochEndingBackup.take({ firstEpoch: 0, lastEpoch, settings })
      for (const epoch of snapshots) yield* StateSnapshotBackup.take({ epoch, settings })
      for (let firstVersion = 0; firstVersion <= summary.latestVersion; firstVersion += transactionsPerBackup) {
        const lastVersion = Math.min(firstVersion + transactionsPerBackup - 1, summary.latestVersion)
        yield* TransactionBackup.take({ firstVersion, lastVersion, settings })
      }
    })
    const address = yield* serve(store)
    yield* Effect.provide(
      backUp,
      Layer.merge(
        folderStorage(directory),
        Client.layer({ address }).pipe(Layer.provide(NodeHttpClient.layerUndici), Layer.orDie)
      )
    )
    return { store, summary }
  })
