/**
 * The client of a node's backup service.
 *
 * An answer is complete or an error: a cut connection, silence, a wrong status and a value that cannot be decoded all
 * fail. {@link records} counts the records of an answer; the caller checks what they say.
 *
 * The caller retries. `BackupServiceError.isRetryable` says whether a further attempt can help.
 *
 * Source: docs/spec/service.md.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type { ServedLedger } from "@holdfast/ledger-store/ServedLedger"
import type * as Frames from "@holdfast/ledger/Frames"
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

/** What a client offers. Streams carry framed records in buffers as they arrive, cut anywhere. */
export interface Service extends ServedLedger<BackupServiceError> {
  /** The address of the service, for people. */
  readonly address: string
  /** All state items at a version, ascending by key hash. */
  readonly stateSnapshot: (version: number) => Stream.Stream<Uint8Array, BackupServiceError>
}

/**
 * A node's backup service. The end of a stream, or of the scope of an effect, closes the connection or gives the
 * connection back.
 */
export class BackupServiceClient
  extends Context.Tag("@holdfast/backup-service/BackupServiceClient")<BackupServiceClient, Service>()
{}

/** Where a service is, and how long and how large its answers may be. */
export interface ClientOptions {
  /** URL of the service, such as `http://localhost:6186`. */
  readonly address: string
  /** Longest silence before and within an answer; 60 seconds if not given. */
  readonly idleTimeout?: Duration.DurationInput
  /** Largest answer that is not a stream, in bytes; 16 MiB if not given. */
  readonly maxAnswerBytes?: number
}

/** A client of the service at an address. Asks nothing yet; fails with `InvalidAddress`. */
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
  /** How many records were asked for. */
  readonly expected: number
  /** Largest record, in bytes. */
  readonly maxRecordBytes: number
}

/**
 * The records of an answer, counted. Fails with `ShortCount` if there are fewer than expected: a node that is behind, or
 * has pruned the range, says so in no other way. Fails with `Malformed` if there are more, or if the answer ends within a
 * record, and with `TooLarge` at a record over the limit.
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
