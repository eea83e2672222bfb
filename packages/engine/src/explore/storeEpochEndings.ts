/** Reading and checking what a store answers, and its epoch endings. */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import * as Records from "@holdfast/records/Records"
import * as Refusal from "@holdfast/records/Refusal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { EndingSource } from "./ledgerInfoTrust.ts"

type Failure = LedgerStoreError.LedgerStoreError

/** The largest length that a frame can have: what a store holds was bounded when it was written. */
const maxRecordBytes = 0x7fff_ffff

/** A store that does not hold what it should. */
export const corrupt = (detail: string): Failure =>
  new LedgerStoreError.LedgerStoreError({ operation: "explore", reason: "Corrupt", detail })

/** Runs a check of the ledger's. What it finds wrong is a store that does not hold what was written. */
export const checkStore = <A>(run: () => A): Effect.Effect<A, Failure> =>
  Refusal.attempt(run, (refusal) => corrupt(refusal.message))

/** The records of a store's stream. */
const batchesOf = (stream: Stream.Stream<Uint8Array, Failure>): Stream.Stream<Frames.RecordBatch, Failure> =>
  Records.batches(stream, { maxRecordBytes, refused: (error) => corrupt(error.message) })

/** All records of a short stream. */
export const recordBatches = (
  stream: Stream.Stream<Uint8Array, Failure>
): Effect.Effect<ReadonlyArray<Frames.RecordBatch>, Failure> =>
  Effect.map(Stream.runCollect(batchesOf(stream)), (batches) => [...batches])

/** The only record of a stream of one; `undefined` if it has none. A copy. */
export const oneRecord = (stream: Stream.Stream<Uint8Array, Failure>): Effect.Effect<Uint8Array | undefined, Failure> =>
  Effect.map(recordBatches(stream), ([batch]) => batch === undefined ? undefined : Frames.recordAt(batch, 0).slice())

/** The epoch endings of a store. */
export const storeEndings = (store: LedgerStore.Service): EndingSource<Failure, never> => ({
  where: "the store",
  check: checkStore,
  one: (epoch) => oneRecord(store.epochEndingLedgerInfos(epoch, epoch + 1)),
  all: (history: EpochHistory.EpochHistory, last) =>
    Stream.runForEach(batchesOf(store.epochEndingLedgerInfos(0, last + 1)), (batch) =>
      checkStore(() => {
        for (const record of Frames.recordsOf(batch)) history.push(record)
      })).pipe(Effect.zipRight(checkStore(() => history.settle())))
})
