/** Where the epoch endings are read from that prove an answer: the storage or the store of the answer. */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as Effect from "effect/Effect"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import { check } from "../reading/backupFiles.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { storeBatches, takeEndings } from "../verify/ledgerStoreRecords.ts"
import { endingOf, extend } from "../verify/storageEpochEndings.ts"
import { checkStore, corrupt, oneRecord } from "./ledgerStoreReads.ts"

/** A source of epoch endings. */
export interface EndingSource<E, R> {
  /** In words: `the storage`. */
  readonly where: string
  /** The ledger info that ends an epoch, as BCS; `undefined` if the source lacks it. */
  readonly one: (epoch: number) => Effect.Effect<Uint8Array | undefined, E, R>
  /** Takes the endings from epoch 0 to `last` into the history, as far as the source has them without a gap. */
  readonly all: (history: EpochHistory.EpochHistory, last: number) => Effect.Effect<void, E, R>
  /** Runs a decoder or a check. A refusal is the fault of the source. */
  readonly check: <A>(run: () => A) => Effect.Effect<A, E>
}

/** The epoch endings of a storage. `blamed` is the file with the ledger info whose signature is checked. */
export const storageEndings = (
  view: MetadataView.MetadataView,
  blamed: string,
  reading: ChunkStreamOptions
): EndingSource<InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> => ({
  where: "the storage",
  check: (run) => check(blamed, run),
  one: (epoch) => endingOf(view, epoch, reading.maxRecordBytes),
  all: (history, last) =>
    extend(history, "epoch endings", MetadataView.coveringEpochEndings(view, 0, last).backups, last, reading)
})

/** The epoch endings of a store. */
export const storeEndings = (
  store: LedgerStore.Service
): EndingSource<LedgerStoreError.LedgerStoreError, never> => ({
  where: "the store",
  check: checkStore,
  one: (epoch) => oneRecord(store.epochEndingLedgerInfos(epoch, epoch + 1)),
  all: (history, last) =>
    takeEndings(history, storeBatches(store.epochEndingLedgerInfos(0, last + 1), corrupt), corrupt)
})
