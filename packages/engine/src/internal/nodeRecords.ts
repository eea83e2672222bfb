import { type BackupServiceError, Client, Routes } from "@holdfast/backup-service"
import { Bcs, BcsError, type Frames } from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { SourceMismatch } from "../EngineError.ts"

/** The node's answer to a request for exactly `expected` records. */
export const exactRecords = <E, R>(
  endpoint: string,
  expected: number,
  maxRecordBytes: number,
  ask: (client: Client.BackupServiceClient["Type"]) => Stream.Stream<Uint8Array, E, R>
): Stream.Stream<
  Frames.RecordBatch,
  E | BackupServiceError.BackupServiceError,
  R | Client.BackupServiceClient
> =>
  Stream.unwrap(
    Effect.map(Client.BackupServiceClient, (client) =>
      Client.records(ask(client), { address: client.address, endpoint, expected, maxRecordBytes }))
  )

/** The ledger infos that end epochs `first` … `last`. */
export const epochEndingRecords = (first: number, last: number, maxRecordBytes: number) =>
  exactRecords(
    Routes.epochEndingLedgerInfos.print(first, last + 1),
    last - first + 1,
    maxRecordBytes,
    (client) => client.epochEndingLedgerInfos(first, last + 1)
  )

/** Reads something out of what the node sent; bytes that are not what they should be are the node's fault. */
export const fromNode = <A>(request: string, read: () => A): Effect.Effect<A, SourceMismatch> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(read())
    } catch (error) {
      if (error instanceof SourceMismatch) return Effect.fail(error)
      if (error instanceof BcsError.BcsError) {
        return Effect.fail(new SourceMismatch({ request, reason: "Malformed", detail: error.message }))
      }
      return Effect.die(error)
    }
  })

export const decodeFromNode = <A>(
  request: string,
  codec: Bcs.Codec<A>,
  bytes: Uint8Array
): Effect.Effect<A, SourceMismatch> => fromNode(request, () => Bcs.decodeUnsafe(codec, bytes))
