/**
 * Asking a node's backup service.
 *
 * What arrives is complete or an error: a connection that is cut, an answer that stays silent, a wrong status and a value
 * that cannot be decoded all fail. Whether records are what they should be is for the caller to check; that there are as
 * many as were asked for, {@link records} does.
 *
 * Who retries: the caller. `BackupServiceError.isRetryable` says whether it can help.
 *
 * Source: the service page of the specification.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as Frames from "@holdfast/ledger/Frames"
import type * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Proofs from "@holdfast/ledger/Proofs"
import * as Records from "@holdfast/records/Records"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { BackupServiceError } from "./BackupServiceError.ts"
import { makeExchange } from "./internal/exchange.ts"
import * as Routes from "./Routes.ts"

/** What a client offers. */
export interface Service {
  /** The address of the service, for people. */
  readonly address: string
  /** What the node says of itself; none while its database is not bootstrapped. */
  readonly dbState: Effect.Effect<Option.Option<LedgerInfo.DbState>, BackupServiceError>
  /** Epoch-ending ledger infos of epochs `start` … `end - 1`. */
  readonly epochEndingLedgerInfos: (start: number, end: number) => Stream.Stream<Uint8Array, BackupServiceError>
  /** Number of state items at a version. */
  readonly stateItemCount: (version: number) => Effect.Effect<number, BackupServiceError>
  /** All state items at a version, in ascending order of their key hashes. */
  readonly stateSnapshot: (version: number) => Stream.Stream<Uint8Array, BackupServiceError>
  /** State items `start` … `start + limit - 1` at a version. */
  readonly stateItems: (
    version: number,
    start: number,
    limit: number
  ) => Stream.Stream<Uint8Array, BackupServiceError>
  /** Proof of all state items up to and including a key that exists at the version. */
  readonly stateRangeProof: (
    version: number,
    endKeyHash: HashValue.HashValue
  ) => Effect.Effect<Proofs.SparseMerkleRangeProof, BackupServiceError>
  /** Proof of the transaction info of a version. That it carries a state checkpoint hash is for the caller to check. */
  readonly stateRootProof: (version: number) => Effect.Effect<Proofs.StateRootProof, BackupServiceError>
  /** Transactions `start` … `start + count - 1`, `V1` records. */
  readonly transactions: (start: number, count: number) => Stream.Stream<Uint8Array, BackupServiceError>
  /** Proof of the transaction infos `first` … `last`. */
  readonly transactionRangeProof: (
    first: number,
    last: number
  ) => Effect.Effect<Proofs.TransactionRangeProof, BackupServiceError>
}

/**
 * A node's backup service. Streams carry framed records in buffers as they arrive, cut anywhere. The end of a stream, or
 * the scope of an effect, closes the connection or gives it back.
 */
export class BackupServiceClient
  extends Context.Tag("@holdfast/backup-service/BackupServiceClient")<BackupServiceClient, Service>()
{}

export interface ClientOptions {
  /** URL of the service: `http://localhost:6186`, say. */
  readonly address: string
  /** Longest silence while an answer is awaited or streamed; 60 seconds if not given. */
  readonly idleTimeout?: Duration.DurationInput
  /** Largest answer that is no stream, in bytes; 16 MiB if not given. */
  readonly maxAnswerBytes?: number
}

/** A client of the service at an address. Nothing is asked yet; fails with `InvalidAddress`. */
export const make = (
  options: ClientOptions
): Effect.Effect<Service, BackupServiceError, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const exchange = yield* makeExchange(yield* HttpClient.HttpClient, {
      address: options.address,
      idleTimeout: Duration.decode(options.idleTimeout ?? "60 seconds"),
      maxAnswerBytes: options.maxAnswerBytes ?? 16 * 1024 * 1024
    })
    const value = <P extends ReadonlyArray<unknown>, A>(route: Routes.ValueRoute<P, A>) => (...parameters: P) =>
      exchange.value(route.print(...parameters), route.codec)
    const stream = <P extends ReadonlyArray<unknown>>(route: Routes.RecordsRoute<P>) => (...parameters: P) =>
      exchange.stream(route.print(...parameters))
    return BackupServiceClient.of({
      address: options.address,
      dbState: Effect.map(value(Routes.dbState)(), Option.fromNullable),
      epochEndingLedgerInfos: stream(Routes.epochEndingLedgerInfos),
      stateItemCount: value(Routes.stateItemCount),
      stateSnapshot: stream(Routes.stateSnapshot),
      stateItems: stream(Routes.stateSnapshotChunk),
      stateRangeProof: value(Routes.stateRangeProof),
      stateRootProof: value(Routes.stateRootProof),
      transactions: stream(Routes.transactions),
      transactionRangeProof: value(Routes.transactionRangeProof)
    })
  })

/** A client of the service at an address. */
export const layer = (
  options: ClientOptions
): Layer.Layer<BackupServiceClient, BackupServiceError, HttpClient.HttpClient> =>
  Layer.effect(BackupServiceClient, make(options))

export interface RecordsOptions {
  /** Address and path, for errors. */
  readonly address: string
  readonly endpoint: string
  /** Records that were asked for. */
  readonly expected: number
  /** Largest record, in bytes. */
  readonly maxRecordBytes: number
}

/**
 * The whole records of a stream, counted. Fails with `ShortCount` if the stream ends with fewer than expected: a node
 * that is behind, or has pruned what was asked for, says so in no other way. Fails with `Malformed` if there are more,
 * or if it ends within a record, and with `TooLarge` at a record over the limit.
 */
export const records = <E, R>(
  stream: Stream.Stream<Uint8Array, E, R>,
  options: RecordsOptions
): Stream.Stream<Frames.RecordBatch, E | BackupServiceError, R> =>
  Stream.suspend(() => {
    const { address, endpoint, expected, maxRecordBytes } = options
    const failure = (reason: BackupServiceError["reason"], detail: string) =>
      new BackupServiceError({ reason, address, endpoint, detail })
    let received = 0
    return Records.batches(stream, {
      maxRecordBytes,
      refused: ({ message, reason }) => failure(reason === "RecordTooLarge" ? "TooLarge" : "Malformed", message)
    }).pipe(
      Stream.mapEffect((batch) => {
        received += batch.count
        return received <= expected ? Effect.succeed(batch) : failure(
          "Malformed",
          `more than the ${expected} records asked for; is this the backup service of a node?`
        )
      }),
      Stream.concat(Stream.execute(Effect.suspend(() =>
        received === expected ? Effect.void : failure(
          "ShortCount",
          `${received} records instead of ${expected}: the node is behind or has pruned them; compare with its /db_state`
        )
      )))
    )
  })
