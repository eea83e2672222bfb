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
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { ImpossibleRequest } from "../base/EngineError.ts"
import { type BackupSettings, defaultBackupSettings } from "../base/Settings.ts"
import { transactionRecords } from "../reading/nodeRecords.ts"
import { proveTransactions } from "./adoption.ts"
import type { ConfirmedChunk } from "./BackupJournal.ts"
import type { Backup } from "./BackupResult.ts"
import { earlierAttempts } from "./earlierAttempts.ts"
import { transactionCheck } from "./incomingChecks.ts"
import { takeBackup, writeWithProof } from "./takeBackup.ts"

/** Versions `firstVersion` … `lastVersion`, both included. */
export interface TransactionRequest {
  readonly firstVersion: number
  readonly lastVersion: number
  /** What differs from the standard settings. */
  readonly settings?: Partial<BackupSettings>
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
export const take = ({ firstVersion, history, lastVersion, settings: changes }: TransactionRequest): Backup =>
  Effect.gen(function*() {
    const settings = { ...defaultBackupSettings, ...changes }
    if (lastVersion < firstVersion) {
      return yield* new ImpossibleRequest({
        detail: `no transactions from version ${firstVersion} up to ${lastVersion}`
      })
    }
    const common = {
      what: `transactions ${firstVersion} to ${lastVersion}`,
      first: firstVersion,
      last: lastVersion,
      settings
    }
    return yield* takeBackup<ConfirmedChunk, Proofs.TransactionRangeProof>({
      ...common,
      folder: { _tag: "TransactionBackup", firstVersion },
      unit: "transactions",
      records: (first, count) => transactionRecords(first, count, settings),
      check: () => transactionCheck(settings, history),
      write: (writer, chunk) =>
        writeWithProof(writer, chunk, (proof) => Bcs.encode(Proofs.TransactionRangeProof, proof), () => ({})),
      earlier: earlierAttempts({
        ...common,
        kind: "transactions",
        contents: Effect.option(hashOf(lastVersion)),
        isAttempt: ({ _tag }) => _tag === "TransactionBackup",
        mayName: (entry) =>
          entry._tag === "TransactionBackup" && entry.value.firstVersion <= lastVersion
          && entry.value.lastVersion >= firstVersion,
        canFollow: () => true,
        prove: (leftover) => proveTransactions(leftover, history, settings),
        isChained: false
      }),
      finish: (confirmed) => {
        const chunks = Arr.map(confirmed, ({ data, first, last, proof }) => ({
          firstVersion: first,
          lastVersion: last,
          transactions: data,
          proof,
          format: "V1" as const
        }))
        return Effect.succeed({
          manifest: { firstVersion, lastVersion, chunks },
          entry: (manifest) => ({ _tag: "TransactionBackup", value: { firstVersion, lastVersion, manifest } })
        })
      }
    })
  }).pipe(Effect.withSpan("TransactionBackup.take", { attributes: { firstVersion, lastVersion } }))

/** The hash of the transaction of a version, with all that it did. */
const hashOf = (version: number) =>
  Client.BackupServiceClient.pipe(
    Effect.flatMap((client) => client.stateRootProof(version)),
    Effect.map(([{ transactionInfo }]) => HashValue.format(TransactionInfo.hash(transactionInfo)))
  )
