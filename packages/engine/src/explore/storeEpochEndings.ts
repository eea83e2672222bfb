/** Reading and checking what a store answers, and its epoch endings. */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as BcsError from "@holdfast/ledger/BcsError"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as Frames from "@holdfast/ledger/Frames"
import * as ProofError from "@holdfast/ledger/ProofError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { records } from "../reading/records.ts"
import type { EndingSource } from "./ledgerInfoTrust.ts"

type Failure = LedgerStoreError.LedgerStoreError

/** The largest length that a frame can have: what a store holds was bounded when it was written. */
const maxRecordBytes = 0x7fff_ffff

/** A store that does not hold what it should. */
export const corrupt = (detail: string): Failure =>
  new LedgerStoreError.LedgerStoreError({ operation: "explore", reason: "Corrupt", detail })

/** Runs a check of the ledger's. What it finds wrong is a store that does not hold what was written. */
export const checkStore = <A>(run: () => A): Effect.Effect<A, Failure> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      if (error instanceof ProofError.ProofError || error instanceof BcsError.BcsError) {
        return Effect.fail(corrupt(error.message))
      }
      return Effect.die(error)
    }
  })

/** All records of a short stream. */
export const recordBatches = (
  stream: Stream.Stream<Uint8Array, Failure>
): Effect.Effect<ReadonlyArray<Frames.RecordBatch>, Failure> =>
  Effect.map(
    Stream.runCollect(records(stream, maxRecordBytes, (error) => corrupt(error.message))),
    (batches) => [...batches]
  )

/** The only record of a stream of one; `undefined` if it has none. A copy. */
export const oneRecord = (stream: Stream.Stream<Uint8Array, Failure>): Effect.Effect<Uint8Array | undefined, Failure> =>
  Effect.map(recordBatches(stream), ([batch]) => batch?.bytes.slice(batch.starts[0], batch.ends[0]))

/** The epoch endings of a store. */
export const storeEndings = (store: LedgerStore.Service): EndingSource<Failure, never> => ({
  where: "the store",
  check: checkStore,
  one: (epoch) => oneRecord(store.epochEndingLedgerInfos(epoch, epoch + 1)),
  all: (history: EpochHistory.EpochHistory, last) =>
    records(store.epochEndingLedgerInfos(0, last + 1), maxRecordBytes, (error) => corrupt(error.message)).pipe(
      Stream.runForEach((batch) =>
        checkStore(() => {
          for (let index = 0; index < batch.count; index++) {
            history.push(batch.bytes.subarray(batch.starts[index], batch.ends[index]))
          }
        })
      ),
      Effect.zipRight(checkStore(() => history.settle()))
    )
})
