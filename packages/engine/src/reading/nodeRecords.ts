import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import * as Routes from "@holdfast/backup-service/Routes"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Frames from "@holdfast/ledger/Frames"
import * as LedgerRefusal from "@holdfast/records/LedgerRefusal"
import * as Resumption from "@holdfast/records/Resumption"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { SourceMismatch } from "../base/EngineError.ts"
import * as Retries from "../base/Retries.ts"
import type { BackupSettings } from "../base/Settings.ts"
import { concatPrefetched } from "./prefetch.ts"

/** Batches of records that a request may have ready before its turn comes; a batch is a received buffer. */
const batchesAhead = 16

/** The node's answer to a request for exactly `expected` records. */
export const exactRecords = <E, R>(
  endpoint: string,
  expected: number,
  maxRecordBytes: number,
  ask: (client: Client.Service) => Stream.Stream<Uint8Array, E, R>
): Stream.Stream<
  Frames.RecordBatch,
  E | BackupServiceError.BackupServiceError,
  R | Client.BackupServiceClient
> =>
  Stream.unwrap(
    Effect.map(Client.BackupServiceClient, (client) =>
      Client.records(ask(client), { address: client.address, endpoint, expected, maxRecordBytes }))
  )

/**
 * The records `first` … `first + count - 1` of a kind. Where the answer breaks off, the rest is asked for, as often as
 * the policy says without a record in between.
 */
export const resumedRecords = <E extends { readonly message: string }, R>(
  policy: Retries.RetryPolicy,
  first: number,
  count: number,
  ask: (first: number, count: number) => Stream.Stream<Frames.RecordBatch, E, R>
): Stream.Stream<Frames.RecordBatch, E, R> =>
  Resumption.resumed({
    start: 0,
    open: (received) => ask(first + received, count - received),
    advance: (received, batch) => received + batch.count,
    isEnd: (received) => received === count
  }, Retries.resuming(policy))

/** The ledger infos that end epochs from `first` on. */
export const epochEndingRecords = (first: number, count: number, settings: BackupSettings) =>
  resumedRecords(settings.retries, first, count, (start, left) =>
    exactRecords(
      Routes.epochEndingLedgerInfos.print(start, start + left),
      left,
      settings.maxRecordBytes,
      (client) => client.epochEndingLedgerInfos(start, start + left)
    ))

/** The ledger info that ends an epoch. */
export const epochEndingRecord = (epoch: number, settings: BackupSettings) =>
  Effect.flatMap(Stream.runLast(epochEndingRecords(epoch, 1, settings)), (batch) =>
    Option.match(batch, {
      onNone: () => Effect.dieMessage("one record expected"),
      onSome: (found) => Effect.succeed(Frames.recordAt(found, 0))
    }))

/** Transactions from `first` on. */
export const transactionRecords = (first: number, count: number, settings: BackupSettings) =>
  resumedRecords(settings.retries, first, count, (start, left) =>
    exactRecords(
      Routes.transactions.print(start, left),
      left,
      settings.maxRecordBytes,
      (client) => client.transactions(start, left)
    ))

/** State items of a version from `first` on, by several requests at a time. */
export const stateItemRecords = (version: number, first: number, count: number, settings: BackupSettings) => {
  const { concurrentRequests, itemsPerRequest, maxRecordBytes, retries } = settings
  const requests = Stream.range(0, Math.ceil(count / itemsPerRequest) - 1).pipe(
    Stream.map((index) => {
      const start = index * itemsPerRequest
      return resumedRecords(
        retries,
        first + start,
        Math.min(itemsPerRequest, count - start),
        (from, left) =>
          exactRecords(
            Routes.stateSnapshotChunk.print(version, from, left),
            left,
            maxRecordBytes,
            (client) => client.stateItems(version, from, left)
          )
      )
    })
  )
  return concatPrefetched(requests, { ahead: concurrentRequests, buffered: batchesAhead })
}

/** Reads something out of what the node sent, or checks it; what is not as it should be is the node's fault. */
export const fromNode = <A>(request: string, read: () => A): Effect.Effect<A, SourceMismatch> =>
  LedgerRefusal.attempt(
    read,
    (refusal) => new SourceMismatch({ request, reason: LedgerRefusal.reasonOf(refusal), detail: refusal.message }),
    SourceMismatch
  )

export const decodeFromNode = <A>(
  request: string,
  codec: Bcs.Codec<A>,
  bytes: Uint8Array
): Effect.Effect<A, SourceMismatch> => fromNode(request, () => Bcs.decodeUnsafe(codec, bytes))
