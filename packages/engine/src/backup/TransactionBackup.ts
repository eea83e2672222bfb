/**
 * Backs up transactions with their outcomes, events and write sets, and a range proof for each chunk.
 *
 * Source: the backup page of the specification, section 1.
 */
import * as Client from "@holdfast/backup-service/Client"
import * as Bcs from "@holdfast/ledger/Bcs"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ImpossibleRequest } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import type { BackupSettings } from "../base/Settings.ts"
import * as FileNames from "../format/FileNames.ts"
import { transactionRecords } from "../reading/nodeRecords.ts"
import { adopting, nothing, proveTransactions } from "./adoption.ts"
import { BackupJournal, none } from "./BackupJournal.ts"
import type { Backup } from "./BackupResult.ts"
import { transactionCheck } from "./incomingChecks.ts"
import { findLeftovers } from "./leftovers.ts"
import { beginBackup, counted, finishBackup } from "./takeBackup.ts"
import { takeChunks } from "./takeChunks.ts"

/** Versions `firstVersion` … `lastVersion`, both included. */
export interface TransactionRequest {
  readonly firstVersion: number
  readonly lastVersion: number
  readonly settings: BackupSettings
  /** The chain of trust that the proofs must hold against; without it they are taken as they stand. */
  readonly history?: EpochHistory.EpochHistory
}

/**
 * Takes the backup. The records pass through byte for byte; fewer than asked for is an error. They are checked while
 * they pass. What an earlier attempt wrote, and a journal knows, is kept; what others left is adopted where that is asked
 * for.
 *
 * Fails with `ImpossibleRequest`, `SourceMismatch`, `BackupServiceError`, `StorageError`, `LocalStateError`.
 */
export const take = ({ firstVersion, history, lastVersion, settings }: TransactionRequest): Backup =>
  Effect.gen(function*() {
    if (lastVersion < firstVersion) {
      return yield* new ImpossibleRequest({
        detail: `no transactions from version ${firstVersion} up to ${lastVersion}`
      })
    }
    const count = lastVersion - firstVersion + 1
    const what = `transactions ${firstVersion} to ${lastVersion}`
    const tracker = yield* Progress.begin({ what, unit: "transactions", total: count })
    const writer = yield* beginBackup({ _tag: "TransactionBackup", firstVersion }, settings.retries)
    const { description } = yield* BackupStorage.BackupStorage
    const { address } = yield* Client.BackupServiceClient
    const { keeps, open } = yield* BackupJournal
    // Where the node does not tell, it cannot be known what a journal holds: it is left alone.
    const contents = keeps ? yield* Effect.option(hashOf(lastVersion)) : Option.none()
    const journal = Option.isNone(contents) ? none : yield* open({
      kind: "transactions",
      node: address,
      storage: description,
      what,
      contents: contents.value,
      maxChunkBytes: settings.maxChunkBytes,
      verified: settings.verifyWrites
    }, count)
    const adoption = settings.adopt && settings.verifyWrites
      ? adopting(
        yield* findLeftovers({
          isAttempt: ({ _tag }) => _tag === "TransactionBackup",
          first: firstVersion,
          last: lastVersion,
          mayName: (entry) =>
            entry._tag === "TransactionBackup" && entry.value.firstVersion <= lastVersion
            && entry.value.lastVersion >= firstVersion,
          concurrency: settings.concurrentWrites
        }),
        (leftover) => proveTransactions(leftover, history, settings)
      )
      : nothing
    const { chunks: confirmed, reused } = yield* takeChunks({
      first: firstVersion,
      last: lastVersion,
      journal,
      adoption,
      settings,
      tracker,
      usable: () => true,
      source: (first, last) => ({
        first,
        records: counted(transactionRecords(first, last - first + 1, settings), tracker),
        again: (from: number, again: number) => transactionRecords(from, again, settings),
        check: transactionCheck(settings, history)
      }),
      write: (chunk) => {
        const proven = Effect.gen(function*() {
          const { bytes, last, proof: rangeProof } = yield* chunk.summary
          const encoded = Bcs.encode(Proofs.TransactionRangeProof, rangeProof)
          return { last, bytes, proof: yield* writer.writeBytes(FileNames.proof(chunk.first, last), encoded) }
        })
        return Effect.all([writer.write(FileNames.chunk(chunk.first), chunk), proven], { concurrency: 2 }).pipe(
          Effect.map(([data, { bytes, last, proof }]) => ({ first: chunk.first, last, bytes, data, proof }))
        )
      }
    })
    const chunks = Arr.map(confirmed, ({ data, first, last, proof }) => ({
      firstVersion: first,
      lastVersion: last,
      transactions: data,
      proof,
      format: "V1" as const
    }))
    return yield* finishBackup(
      writer,
      "TransactionBackup",
      { firstVersion, lastVersion, chunks },
      (manifest) => ({
        _tag: "TransactionBackup",
        value: { firstVersion, lastVersion, manifest }
      }),
      tracker,
      reused,
      settings
    ).pipe(Effect.tap(() => journal.done))
  }).pipe(Effect.scoped, Effect.withSpan("TransactionBackup.take", { attributes: { firstVersion, lastVersion } }))

/** The hash of the transaction of a version, with all that it did. */
const hashOf = (version: number) =>
  Client.BackupServiceClient.pipe(
    Effect.flatMap((client) => client.stateRootProof(version)),
    Effect.map(([{ transactionInfo }]) => HashValue.format(TransactionInfo.hash(transactionInfo)))
  )
