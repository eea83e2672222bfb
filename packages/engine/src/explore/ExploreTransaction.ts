/**
 * A transaction with its outcome and its proof: from a chunk of a storage, or from a store. A storage is read as far as the
 * one chunk with the transaction: the range proof of a chunk takes the whole chunk.
 */
import type { TransactionSink } from "@holdfast/ledger-store/LedgerSink"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Scan from "@holdfast/ledger/Scan"
import * as TransactionChunkVerifier from "@holdfast/ledger/TransactionChunkVerifier"
import * as TransactionRecord from "@holdfast/ledger/TransactionRecord"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import { type InvalidBackup, LedgerDataNotFound } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import { storageName } from "../base/storageName.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import { type Check, check, inconsistent } from "../reading/backupFiles.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { chunksOf, transactionManifest } from "../verify/manifests.ts"
import { type TransactionChunk, verifyTransactions } from "../verify/verifyTransactions.ts"
import { storageEndings, storeEndings } from "./epochEndingSources.ts"
import type { Proof, ProofRequest, StorageReading } from "./Exploration.ts"
import { checked, complete, open, proofOf } from "./explorationProof.ts"
import { signedBy } from "./ledgerInfoTrust.ts"
import { checkStore, recordBatches } from "./ledgerStoreReads.ts"

export interface TransactionRequest extends ProofRequest {
  readonly version: number
}

export interface TransactionAnswer {
  readonly record: TransactionRecord.TransactionRecord
  /** The file with the transaction; `undefined` in a store. */
  readonly chunk: string | undefined
  readonly proof: Proof
}

const parts = "transaction, events, write set and auxiliary info are those whose hashes the transaction info has"

const inLedgerInfo = (version: number) =>
  checked(`the transaction info is in the ledger info, as that of version ${version}`)

/** Finds a transaction in the backups of a storage. */
export const inStorage = (
  options: TransactionRequest & StorageReading
): Effect.Effect<
  TransactionAnswer,
  InvalidBackup | LedgerDataNotFound | StorageError.StorageError,
  BackupStorage.BackupStorage
> =>
  Effect.gen(function*() {
    const request = complete(options)
    const { version } = request
    const view = yield* MetadataView.load({ concurrency: request.concurrentDownloads })
    const [backup] = MetadataView.coveringTransactions(view, version, version).backups
    if (backup === undefined) {
      const newest = MetadataView.storageState(view).latestTransactionVersion
      return yield* new LedgerDataNotFound({
        what: `transaction ${version}`,
        where: yield* storageName,
        detail: newest === undefined
          ? "there are no transactions"
          : `no backup covers the version; the newest transaction there is ${newest}`
      })
    }
    const manifest = yield* transactionManifest(backup)
    const [chunk] = chunksOf(manifest, { first: version, last: version })
    const proven = chunk === undefined
      ? undefined
      : yield* recordIn(backup.value.manifest, chunk, version, request)
    if (chunk === undefined || proven === undefined) {
      return yield* inconsistent(backup.file, `it says that ${backup.value.manifest} holds version ${version}`)
    }
    const record = yield* check(chunk.transactions, () => TransactionRecord.decodeUnsafe(chunk.format, proven.record))
    const signed = yield* signedBy(proven.ledgerInfo, storageEndings(view, chunk.proof, request), request)
    const proof = proofOf([checked(parts), inLedgerInfo(version)], signed)
    return { record, chunk: chunk.transactions, proof }
  }).pipe(Effect.withSpan("ExploreTransaction.inStorage"))

interface ProvenRecord {
  /** A copy. */
  readonly record: Uint8Array
  readonly ledgerInfo: LedgerInfo.LedgerInfoWithSignatures
}

/** Verifies the chunk of a version. Returns the record of the version and the ledger info that proves the record. */
const recordIn = (
  manifestFile: string,
  chunk: TransactionChunk,
  version: number,
  options: ChunkStreamOptions
): Check<ProvenRecord | undefined> =>
  Effect.suspend(() => {
    let record: Uint8Array | undefined
    let proven: ProvenRecord | undefined
    const sink: TransactionSink<never> = {
      stage: ({ bytes, firstVersion, scan }) => {
        const index = version - firstVersion
        if (index < 0 || index >= scan.count) return
        record = bytes.slice(scan.transactionStarts[index], scan.writeSetEnds[index])
      },
      flush: Effect.void,
      settle: (ledgerInfo) =>
        Effect.sync(() => {
          proven = record === undefined ? undefined : { record, ledgerInfo }
        })
    }
    return Progress.begin({ what: `the chunk of transaction ${version}`, unit: "transactions", total: undefined }).pipe(
      Effect.flatMap((tracker) =>
        verifyTransactions({
          manifestFile,
          chunks: [chunk],
          // The signature of the ledger info is checked later: an empty history proves nothing.
          history: new EpochHistory.EpochHistory(),
          sink,
          accept: () => Effect.void,
          tracker,
          options
        })
      ),
      Effect.map(() => proven),
      Effect.scoped
    )
  })

const storeFormat: Scan.RecordFormat = "V1"

/** Finds a transaction in a store. */
export const inStore = (
  options: TransactionRequest
): Effect.Effect<TransactionAnswer, LedgerDataNotFound | LedgerStoreError.LedgerStoreError, LedgerStore.LedgerStore> =>
  Effect.gen(function*() {
    const request = complete(options)
    const { version } = request
    const store = yield* LedgerStore.LedgerStore
    const [batch] = yield* recordBatches(store.transactions(version, 1))
    if (batch === undefined) {
      const { nextVersion } = yield* store.head
      return yield* new LedgerDataNotFound({
        what: `transaction ${version}`,
        where: "the store",
        detail: nextVersion === 0 ? "the store is empty" : `the newest transaction there is ${nextVersion - 1}`
      })
    }
    const verifier = new TransactionChunkVerifier.TransactionChunkVerifier()
    verifier.begin(version, storeFormat)
    yield* checkStore(() => verifier.push(batch))
    const record = yield* checkStore(() =>
      TransactionRecord.decodeUnsafe(storeFormat, Frames.recordAt(batch, 0).slice())
    )
    const proof = yield* store.transactionRangeProof(version, version).pipe(
      Effect.catchIf(({ reason }) => reason === "NotAvailable", () => Effect.succeed(undefined))
    )
    if (proof === undefined) {
      const why = open(`no ledger info of the store covers version ${version} yet`)
      return { record, chunk: undefined, proof: proofOf([checked(parts), why], undefined) }
    }
    yield* checkStore(() => verifier.end(proof))
    const signed = yield* signedBy(proof[1], storeEndings(store), request)
    return { record, chunk: undefined, proof: proofOf([checked(parts), inLedgerInfo(version)], signed) }
  }).pipe(Effect.withSpan("ExploreTransaction.inStore"))
