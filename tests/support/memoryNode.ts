/**
 * The backup service of a ledger store without the network between: what fails in the store is a connection that is cut
 * or an answer of status 500, as it is over HTTP.
 */
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import * as Routes from "@holdfast/backup-service/Routes"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const address = "http://node.test"

const serviceError =
  (reason: BackupServiceError.BackupServiceError["reason"], endpoint: string, status?: number) =>
  (error: LedgerStoreError.LedgerStoreError) =>
    new BackupServiceError.BackupServiceError({
      reason,
      address,
      endpoint,
      detail: error.message,
      ...(status === undefined ? {} : { status })
    })

/** The client of a node that serves this store. */
export const clientOf = (store: LedgerStore.Service): Client.Service => {
  const value = <A>(endpoint: string, answer: Effect.Effect<A, LedgerStoreError.LedgerStoreError>) =>
    Effect.mapError(answer, serviceError("BadStatus", endpoint, 500))
  const stream = (endpoint: string, answer: Stream.Stream<Uint8Array, LedgerStoreError.LedgerStoreError>) =>
    Stream.mapError(answer, serviceError("CutConnection", endpoint))
  return Client.BackupServiceClient.of({
    address,
    dbState: value(Routes.dbState.print(), store.dbState),
    epochEndingLedgerInfos: (start, end) =>
      stream(Routes.epochEndingLedgerInfos.print(start, end), store.epochEndingLedgerInfos(start, end)),
    stateItemCount: (version) => value(Routes.stateItemCount.print(version), store.stateItemCount(version)),
    stateSnapshot: (version) =>
      stream(Routes.stateSnapshot.print(version), store.stateItems(version, 0, Number.MAX_SAFE_INTEGER)),
    stateItems: (version, start, limit) =>
      stream(Routes.stateSnapshotChunk.print(version, start, limit), store.stateItems(version, start, limit)),
    stateRangeProof: (version, key) =>
      value(Routes.stateRangeProof.print(version, key), store.stateRangeProof(version, key)),
    stateRootProof: (version) => value(Routes.stateRootProof.print(version), store.stateRootProof(version)),
    transactions: (start, count) => stream(Routes.transactions.print(start, count), store.transactions(start, count)),
    transactionRangeProof: (first, last) =>
      value(Routes.transactionRangeProof.print(first, last), store.transactionRangeProof(first, last))
  })
}
