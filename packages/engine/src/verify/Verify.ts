/**
 * Verifies backups from a storage alone, without a node or a database: epoch endings from epoch 0 on, state snapshots, and
 * the transactions of a range, by the rules of the formats page of the specification, section 9.
 *
 * The report collects what is wrong; a fault in one part does not keep the other parts from being checked. A verification
 * only fails for what says nothing about the backups: a storage that cannot be listed, no permission, no answer in time.
 */
import { discard, type TransactionSink } from "@holdfast/ledger-store/LedgerSink"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as Effect from "effect/Effect"
import type { ImpossibleRequest } from "../base/EngineError.ts"
import { runVerification } from "./runVerification.ts"
import type { VerifyReport } from "./VerifyReport.ts"
import type { VerifyRequest } from "./VerifyRequest.ts"

/** How a verification ends: with a report, whose `ok` says whether the backups are valid, or without a verdict. */
export type Verification<E = never> = Effect.Effect<
  VerifyReport,
  E | ImpossibleRequest | StorageError.StorageError,
  BackupStorage.BackupStorage
>

/**
 * Verifies what the request asks for: by default all backups, but for one state snapshot, the newest. Fails with
 * `ImpossibleRequest` and `StorageError`. Invalid backups are no failure, but a report whose `ok` is false.
 */
export const verify = (request: VerifyRequest = {}): Verification => runVerification(request, discard.transactions)

/** The same; the transactions go to a sink, too. Fails also with the errors of the sink. */
export const verifyInto = <E>(sink: TransactionSink<E>, request: VerifyRequest = {}): Verification<E> =>
  runVerification(request, sink)
