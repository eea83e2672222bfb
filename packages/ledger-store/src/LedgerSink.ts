/**
 * The contract of sinks: where the records of a backup go while a pipeline checks them. Verify, restore and explore are the
 * same pipeline with different sinks.
 *
 * A sink *stages* state items and transactions before they are proven. Staged records count for nothing until the pipeline
 * *settles* them; a sink drops records that were staged and never settled.
 */
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import type * as TransactionChunkVerifier from "@holdfast/ledger/TransactionChunkVerifier"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Takes epoch endings in the order of their epochs. */
export interface EpochEndingSink<E> {
  /** Takes verified records, BCS of `LedgerInfoWithSignatures`, from `firstEpoch` on. The records are lent. */
  readonly add: (firstEpoch: number, records: ReadonlyArray<Uint8Array>) => Effect.Effect<void, E>
}

/** Takes the items of a state in the order of their key hashes. */
export interface StateSink<E> {
  /** How many items are settled: the pipeline begins with the next one. */
  readonly items: number
  /** The frontier that the last of these items was settled with. */
  readonly frontier: Option.Option<Uint8Array>
  /** Stages items: copies them to a buffer. Run {@link StateSink.flush} after each batch, or the buffer grows. */
  readonly stage: (items: StateSnapshotVerifier.HashedItems) => void
  /** Writes the buffer if it is large enough. */
  readonly flush: Effect.Effect<void, E>
  /** All staged items are proven. `frontier` is what the pipeline needs to go on after them: see `StateFrontier.save`. */
  readonly settle: (frontier: Uint8Array) => Effect.Effect<void, E>
  /** All items are settled, and no more will come. */
  readonly finish: Effect.Effect<void, E>
}

/** Takes transactions in the order of their versions. */
export interface TransactionSink<E> {
  /** Stages transactions: copies them to a buffer. Run {@link TransactionSink.flush} after each batch. */
  readonly stage: (transactions: TransactionChunkVerifier.HashedTransactions) => void
  /** Writes the buffer if it is large enough, or fails if the buffer is too large. */
  readonly flush: Effect.Effect<void, E>
  /** `ledgerInfo` proves all staged transactions. Whether the ledger info can be trusted is for the pipeline to decide. */
  readonly settle: (ledgerInfo: LedgerInfo.LedgerInfoWithSignatures) => Effect.Effect<void, E>
}

/** The sinks of a verification: they keep nothing. */
export const discard: {
  readonly epochEndings: EpochEndingSink<never>
  readonly state: StateSink<never>
  readonly transactions: TransactionSink<never>
} = {
  epochEndings: { add: () => Effect.void },
  state: {
    items: 0,
    frontier: Option.none(),
    stage: () => undefined,
    flush: Effect.void,
    settle: () => Effect.void,
    finish: Effect.void
  },
  transactions: {
    stage: () => undefined,
    flush: Effect.void,
    settle: () => Effect.void
  }
}
