/** Reads the records of a ledger store, and the chain of trust that its epoch endings form. */
import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import * as LedgerRefusal from "@holdfast/records/LedgerRefusal"
import * as Records from "@holdfast/records/Records"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Tracker } from "../base/Progress.ts"

/** The largest record that can be framed: the store checked its records when it took them. */
const maxRecordBytes = 0x7fff_ffff

/** The error for a store whose records cannot be read or do not hold. */
export type Corrupt = (refusal: { readonly message: string }) => LedgerStoreError.LedgerStoreError

/** The error names the operation that read the store. */
export const corruptIn = (operation: string): Corrupt => ({ message }) =>
  new LedgerStoreError.LedgerStoreError({ operation, reason: "Corrupt", detail: message })

/** The records of a store's stream. */
export const storeBatches = (
  bytes: Stream.Stream<Uint8Array, LedgerStoreError.LedgerStoreError>,
  corrupt: Corrupt
): Stream.Stream<Frames.RecordBatch, LedgerStoreError.LedgerStoreError> =>
  Records.batches(bytes, { maxRecordBytes, refused: corrupt })

/** Takes framed epoch endings of a store into a history. `refused` names what the history refuses. */
export const takeEndings = <E>(
  history: EpochHistory.EpochHistory,
  endings: Stream.Stream<Frames.RecordBatch, LedgerStoreError.LedgerStoreError>,
  refused: (refusal: LedgerRefusal.Refusal) => E,
  tracker?: Tracker
): Effect.Effect<void, E | LedgerStoreError.LedgerStoreError> =>
  Stream.runForEach(endings, (batch) =>
    LedgerRefusal.attempt(() => {
      for (const record of Frames.recordsOf(batch)) history.push(record)
      if (tracker === undefined) return
      tracker.done += batch.count
      tracker.bytes += batch.bytes.length
    }, refused)).pipe(
      Effect.zipRight(LedgerRefusal.attempt(() => history.checkSignatures(), refused))
    )
