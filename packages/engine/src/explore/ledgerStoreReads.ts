/** Reading and checking the answers of a ledger store. */
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Frames from "@holdfast/ledger/Frames"
import * as LedgerRefusal from "@holdfast/records/LedgerRefusal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { corruptIn, storeBatches } from "../verify/ledgerStoreRecords.ts"

type Failure = LedgerStoreError.LedgerStoreError

export const corrupt = corruptIn("explore")

/** Runs a decoder or a check. A refusal means that the store does not hold what was written. */
export const checkStore = <A>(run: () => A): Effect.Effect<A, Failure> => LedgerRefusal.attempt(run, corrupt)

/** All records of a short stream. */
export const recordBatches = (
  stream: Stream.Stream<Uint8Array, Failure>
): Effect.Effect<ReadonlyArray<Frames.RecordBatch>, Failure> =>
  Effect.map(Stream.runCollect(storeBatches(stream, corrupt)), (batches) => [...batches])

/** A copy of the only record of a stream; `undefined` if the stream is empty. */
export const oneRecord = (stream: Stream.Stream<Uint8Array, Failure>): Effect.Effect<Uint8Array | undefined, Failure> =>
  Effect.map(recordBatches(stream), ([batch]) => batch === undefined ? undefined : Frames.recordAt(batch, 0).slice())
