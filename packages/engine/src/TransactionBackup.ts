/**
 * Backs up transactions with their outcomes, events and write sets, and a range proof for each chunk.
 *
 * Source: the backup page of the specification, section 1.
 *
 * @since 0.1.0
 */
import { Bcs, type EpochHistory, Proofs } from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import type { Backup } from "./BackupResult.ts"
import { InvalidRequest } from "./EngineError.ts"
import { chunkPipeline } from "./internal/chunkPipeline.ts"
import { transactionRecords } from "./internal/nodeRecords.ts"
import { beginBackup, counted, finishBackup } from "./internal/takeBackup.ts"
import { transactionCheck } from "./internal/writeChecks.ts"
import * as Progress from "./Progress.ts"
import type { BackupSettings } from "./Settings.ts"

/**
 * Versions `firstVersion` … `lastVersion`, both included.
 *
 * @since 0.1.0
 * @category models
 */
export interface TransactionRequest {
  readonly firstVersion: number
  readonly lastVersion: number
  readonly settings: BackupSettings
  /** The chain of trust that the proofs must hold against; without it they are taken as they stand. */
  readonly history?: EpochHistory.EpochHistory
}

/**
 * Takes the backup. The records pass through byte for byte; fewer than asked for is an error. They are checked while
 * they pass.
 *
 * Fails with `InvalidRequest`, `SourceMismatch`, `BackupServiceError`, `StorageError`.
 *
 * @since 0.1.0
 * @category backups
 */
export const take = ({ firstVersion, history, lastVersion, settings }: TransactionRequest): Backup =>
  Effect.gen(function*() {
    if (lastVersion < firstVersion) {
      return yield* new InvalidRequest({ detail: `no transactions from version ${firstVersion} up to ${lastVersion}` })
    }
    const count = lastVersion - firstVersion + 1
    const what = `transactions ${firstVersion} to ${lastVersion}`
    const tracker = yield* Progress.begin({ what, unit: "transactions", total: count })
    const writer = yield* beginBackup(`transaction_${firstVersion}-`, settings.retries)
    const source = {
      first: firstVersion,
      records: counted(transactionRecords(firstVersion, count, settings), tracker),
      again: (first: number, again: number) => transactionRecords(first, again, settings),
      check: transactionCheck(settings, history)
    }
    const chunks = yield* chunkPipeline(source, settings, (chunk) => {
      const proven = Effect.gen(function*() {
        const { last, proof: rangeProof } = yield* chunk.summary
        const bytes = Bcs.encode(Proofs.TransactionRangeProof, rangeProof)
        return { last, proof: yield* writer.writeBytes(`${chunk.first}-${last}.proof`, bytes) }
      })
      return Effect.all([writer.write(`${chunk.first}-.chunk`, chunk), proven], { concurrency: 2 }).pipe(
        Effect.map(([transactions, { last, proof }]) => ({
          first_version: chunk.first,
          last_version: last,
          transactions,
          proof,
          format: "V1" as const
        }))
      )
    })
    return yield* finishBackup(
      writer,
      "transaction.manifest",
      { first_version: firstVersion, last_version: lastVersion, chunks },
      (manifest) => ({
        _tag: "TransactionBackup",
        value: { first_version: firstVersion, last_version: lastVersion, manifest }
      }),
      tracker,
      settings.retries
    )
  }).pipe(Effect.scoped, Effect.withSpan("TransactionBackup.take", { attributes: { firstVersion, lastVersion } }))
