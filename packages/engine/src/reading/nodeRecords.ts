import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import * as Routes from "@holdfast/backup-service/Routes"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as BcsError from "@holdfast/ledger/BcsError"
import type * as Frames from "@holdfast/ledger/Frames"
import * as ProofError from "@holdfast/ledger/ProofError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
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
  Stream.unwrap(Effect.map(Schedule.driver(Retries.schedule(policy)), (delays) => {
    let received = 0
    let failed = false
    const rest: Stream.Stream<Frames.RecordBatch, E, R> = Stream.suspend(() => ask(first + received, count - received))
      .pipe(
        Stream.tap((batch) => {
          received += batch.count
          if (!failed) return Effect.void
          failed = false
          return delays.reset
        }),
        Stream.catchAll((error) => {
          if (!Retries.isTransient(error)) return Stream.fail(error)
          // It broke off behind the last record: nothing is left to ask for.
          if (received === count) return Stream.empty
          failed = true
          return Stream.unwrap(Effect.matchEffect(delays.next(error), {
            onFailure: () => Effect.fail(error),
            onSuccess: () => Effect.as(Retries.willRetry(error.message), rest)
          }))
        })
      )
    return rest
  }))

/** The ledger infos that end epochs from `first` on. */
export const epochEndingRecords = (first: number, count: number, settings: BackupSettings) =>
  resumedRecords(settings.retries, first, count, (start, left) =>
    exactRecords(
      Routes.epochEndingLedgerInfos.print(start, start + left),
      left,
      settings.maxRecordBytes,
      (client) => client.epochEndingLedgerInfos(start, start + left)
    ))

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
  Effect.suspend(() => {
    try {
      return Effect.succeed(read())
    } catch (error) {
      if (error instanceof SourceMismatch) return Effect.fail(error)
      if (error instanceof BcsError.BcsError) {
        return Effect.fail(new SourceMismatch({ request, reason: "Malformed", detail: error.message }))
      }
      if (error instanceof ProofError.ProofError) {
        return Effect.fail(new SourceMismatch({ request, reason: "ProofFailed", detail: error.message }))
      }
      return Effect.die(error)
    }
  })

export const decodeFromNode = <A>(
  request: string,
  codec: Bcs.Codec<A>,
  bytes: Uint8Array
): Effect.Effect<A, SourceMismatch> => fromNode(request, () => Bcs.decodeUnsafe(codec, bytes))
