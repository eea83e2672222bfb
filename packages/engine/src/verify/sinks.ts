/**
 * Where checked records go: verify and restore are one pipeline with two ends. An end may stage what passes, but nothing
 * counts there before the pipeline settles it, which it does when it is proven.
 */
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Scan from "@holdfast/ledger/Scan"
import type * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Where epoch endings go. */
export interface EpochEndingsEnd<E> {
  /** Takes verified records, BCS of `LedgerInfoWithSignatures`, in order. They are lent. */
  readonly add: (firstEpoch: number, records: ReadonlyArray<Uint8Array>) => Effect.Effect<void, E>
}

/** Where the items of a state go. */
export interface StateEnd<E> {
  /** Items that are there already: the pipeline begins with the next one. */
  readonly items: number
  /** Of the last of them; see `StateFrontier.save`. */
  readonly frontier: Option.Option<Uint8Array>
  readonly stage: (items: StateSnapshotVerifier.HashedItems) => void
  readonly flush: Effect.Effect<void, E>
  readonly settle: (frontier: Uint8Array) => Effect.Effect<void, E>
  /** All items are settled, and there are no more. */
  readonly finish: Effect.Effect<void, E>
}

/** Where transactions go. */
export interface TransactionsEnd<E> {
  readonly stage: (scan: Scan.TransactionScan, bytes: Uint8Array, firstVersion: number) => void
  readonly flush: Effect.Effect<void, E>
  /**
   * A chunk is complete and agrees with the ledger info of its proof, which the history proves if it is `trusted`; `file`
   * is the proof's.
   */
  readonly settle: (
    ledgerInfo: LedgerInfo.LedgerInfoWithSignatures,
    trusted: boolean,
    file: string
  ) => Effect.Effect<void, E>
}

/** The end of a verification: what was checked is not kept. */
export const nowhere = {
  epochEndings: { add: () => Effect.void } satisfies EpochEndingsEnd<never>,
  state: {
    items: 0,
    frontier: Option.none(),
    stage: () => undefined,
    flush: Effect.void,
    settle: () => Effect.void,
    finish: Effect.void
  } satisfies StateEnd<never>,
  transactions: {
    stage: () => undefined,
    flush: Effect.void,
    settle: () => Effect.void
  } satisfies TransactionsEnd<never>
}
