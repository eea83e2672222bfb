/**
 * The contract of what a restore writes: a ledger store that is brought back from a backup, step by step.
 *
 * The target *stages* items and transactions while the caller checks them. Readers see staged data only after the caller
 * has settled them as proven. A settled step survives any end of the program; staged data that were not settled are
 * dropped. A restore that runs again asks for the progress and continues from there.
 *
 * The order of the steps:
 *
 * 1. epoch endings;
 * 2. the state of an ended epoch, into an empty store, unless the history begins with version 0;
 * 3. transactions. Their write sets change the state, which must have their state checkpoint hashes.
 *
 * Source: docs/spec/backup.md, section 7.
 */
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Proofs from "@holdfast/ledger/Proofs"
import type * as Scan from "@holdfast/ledger/Scan"
import type * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { LedgerStoreError } from "./LedgerStoreError.ts"

/** Which half of a state an import writes: the values, the tree that proves the values, or both at once. */
export type StatePart = "all" | "values" | "tree"

/** How much of one half of a state the store holds. */
export interface PartProgress {
  /** The first items of the state, proven. */
  readonly items: number
  readonly complete: boolean
}

/** A state whose import was begun and is not complete. */
export interface StateInProgress {
  readonly version: number
  readonly values: PartProgress
  readonly tree: PartProgress
}

/** How far a restore has come. */
export interface RestoreProgress {
  /** The store holds the endings of all epochs before this one. */
  readonly nextEpoch: number
  readonly state: Option.Option<StateInProgress>
  /** The oldest transaction of the store, or the first one to come. */
  readonly firstVersion: number
  /** The version that comes next; 0 while the store holds neither a state nor a transaction. */
  readonly nextVersion: number
}

/** A state to import. Its version ended an epoch. */
export interface StateToImport {
  /** The proof of the transaction info with the state root. The caller has checked it; its ledger info ends the epoch. */
  readonly rootProof: Proofs.StateRootProof
  readonly part: StatePart
}

/** Takes the items of a state in the order of their key hashes. */
export interface StateImport {
  /** Items that the store holds, proven: the caller continues with the next one. */
  readonly items: number
  /** What the caller gave to {@link StateImport.settle} behind these items. */
  readonly frontier: Option.Option<Uint8Array>
  /** Copies items to a buffer, which grows until {@link StateImport.flush} runs. */
  readonly stage: (items: StateSnapshotVerifier.HashedItems) => void
  /** Writes the buffer once it is large enough. */
  readonly flush: Effect.Effect<void, LedgerStoreError>
  /** All items staged so far are proven. `frontier` is what the caller needs to continue behind them. */
  readonly settle: (frontier: Uint8Array) => Effect.Effect<void, LedgerStoreError>
  /**
   * All items were settled. Fails with `Corrupt` where the items do not lead to the state root. Once values and tree are
   * both complete, the ledger of the store begins with this state.
   */
  readonly finish: Effect.Effect<void, LedgerStoreError>
}

/** What an import of transactions takes. */
export interface TransactionImportOptions {
  /** The import skips transactions of later versions. */
  readonly lastVersion: number
  /** Most bytes of transactions that may wait for their proof: a chunk has one proof. */
  readonly maxStagedBytes: number
}

/** Takes transactions in the order of their versions. */
export interface TransactionImport {
  /**
   * Copies the transactions of a scan, of which the first has that version. The import skips transactions that the store
   * holds already. Run {@link TransactionImport.flush} after each batch.
   */
  readonly stage: (scan: Scan.TransactionScan, bytes: Uint8Array, firstVersion: number) => void
  /** Fails with `Refused` where more bytes are staged than may wait for their proof. */
  readonly flush: Effect.Effect<void, LedgerStoreError>
  /**
   * A ledger info that the caller has verified proves all transactions staged so far: they become part of the ledger, and
   * the state follows. Fails with `Inconsistent` where a state checkpoint hash does not hold.
   */
  readonly settle: (proof: LedgerInfo.LedgerInfoWithSignatures) => Effect.Effect<void, LedgerStoreError>
}

/** What a restore target offers. */
export interface Service {
  readonly progress: Effect.Effect<RestoreProgress, LedgerStoreError>
  /** All epoch endings of the store, also those ahead of the ledger: framed records. */
  readonly epochEndings: Stream.Stream<Uint8Array, LedgerStoreError>
  /**
   * Adds verified epoch endings, BCS of `LedgerInfoWithSignatures`, from the next epoch on. The ending of epoch 0 says
   * which network the store belongs to; fails with `Refused` where that is another one.
   */
  readonly addEpochEndings: (
    firstEpoch: number,
    records: ReadonlyArray<Uint8Array>
  ) => Effect.Effect<void, LedgerStoreError>
  /**
   * Begins or continues the import of a state. Fails with `Refused` where the store holds a ledger already or part of
   * another state, and where it lacks the ending of the epoch. Items that were not settled when the scope closes are dropped.
   */
  readonly importState: (state: StateToImport) => Effect.Effect<StateImport, LedgerStoreError, Scope.Scope>
  /** Continues the ledger. Fails with `Refused` while the import of a state is not complete. */
  readonly importTransactions: (
    options: TransactionImportOptions
  ) => Effect.Effect<TransactionImport, LedgerStoreError>
}

/** A ledger store that a restore writes. */
export class RestoreTarget extends Context.Tag("@holdfast/ledger-store/RestoreTarget")<RestoreTarget, Service>() {}
