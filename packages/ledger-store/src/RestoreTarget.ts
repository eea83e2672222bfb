/**
 * The contract of what a restore writes: a ledger store that is brought back from a backup, step by step, by sinks.
 *
 * Readers of the store see staged records only after the sink has settled them. A settled step survives any end of the
 * program. A restore that runs again asks for the progress and continues from there.
 *
 * The order of the steps:
 *
 * 1. epoch endings;
 * 2. the state of an ended epoch, into an empty store, unless the history begins with version 0;
 * 3. transactions. Their write sets change the state, which must have their state checkpoint hashes.
 *
 * Source: docs/spec/backup.md, section 7.
 */
import type * as Proofs from "@holdfast/ledger/Proofs"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { EpochEndingSink, StateSink, TransactionSink } from "./LedgerSink.ts"
import type { LedgerStoreError } from "./LedgerStoreError.ts"

/** Which half of a state a sink writes: the values, the tree that proves the values, or both at once. */
export type StatePart = "all" | "values" | "tree"

/** How much of one half of a state the store holds. */
export interface PartProgress {
  /** The first items of the state, proven. */
  readonly items: number
  readonly complete: boolean
}

/** A state whose restore was begun and is not complete. */
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

/** A state to restore. Its version ended an epoch. */
export interface StateToRestore {
  /** The proof of the transaction info with the state root. The caller has checked it; its ledger info ends the epoch. */
  readonly rootProof: Proofs.StateRootProof
  readonly part: StatePart
}

/** What a sink of transactions takes. */
export interface TransactionSinkOptions {
  /** The sink skips transactions of later versions. */
  readonly lastVersion: number
  /** Most bytes of transactions that may wait for their proof: a chunk has one proof. */
  readonly maxStagedBytes: number
}

/** What a restore target offers. */
export interface Service {
  readonly progress: Effect.Effect<RestoreProgress, LedgerStoreError>
  /** All epoch endings of the store, also those ahead of the ledger: framed records. */
  readonly epochEndings: Stream.Stream<Uint8Array, LedgerStoreError>
  /**
   * Takes epoch endings from the next epoch on. The ending of epoch 0 says which network the store belongs to; fails with
   * `Refused` where that is another one.
   */
  readonly epochEndingSink: EpochEndingSink<LedgerStoreError>
  /**
   * Begins or continues a state. Fails with `Refused` where the store holds a ledger already or part of another state, and
   * where it lacks the ending of the epoch. Items that were not settled when the scope closes are dropped.
   *
   * `finish` fails with `Corrupt` where the items do not lead to the state root. Once values and tree are both complete, the
   * ledger of the store begins with this state.
   */
  readonly stateSink: (
    state: StateToRestore
  ) => Effect.Effect<StateSink<LedgerStoreError>, LedgerStoreError, Scope.Scope>
  /**
   * Continues the ledger. Fails with `Refused` while a state is not complete. The sink skips transactions that the store
   * holds already.
   *
   * `flush` fails with `Refused` where more bytes are staged than may wait for their proof. `settle` makes the transactions
   * part of the ledger, and the state follows; it fails with `Inconsistent` where a state checkpoint hash does not hold.
   */
  readonly transactionSink: (
    options: TransactionSinkOptions
  ) => Effect.Effect<TransactionSink<LedgerStoreError>, LedgerStoreError>
}

/** A ledger store that a restore writes. */
export class RestoreTarget extends Context.Tag("@holdfast/ledger-store/RestoreTarget")<RestoreTarget, Service>() {}
