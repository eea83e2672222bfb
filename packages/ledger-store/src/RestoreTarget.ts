/**
 * The contract of what a restore writes: a ledger store that is brought back, step by step, from a backup.
 *
 * Items and transactions are *staged* while the caller checks them, and nobody sees them before the caller says that they
 * are proven. A step that was taken stays taken, whatever ends the program; what was staged and not proven is dropped. So
 * a restore that is run again asks where the store stands, and goes on from there.
 *
 * The order of the steps: epoch endings; then, into an empty store, the state of an ended epoch on which the history is to
 * begin, if it shall not begin with version 0; then transactions, whose write sets change the state and must lead to their
 * state checkpoint hashes.
 *
 * Source: the backup page of the specification, section 7.
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

/** Which half of a state is imported: its values, the tree that proves them, or both at once. */
export type StatePart = "all" | "values" | "tree"

/** How much of a state's half is in: its first items, proven. */
export interface PartProgress {
  readonly items: number
  readonly complete: boolean
}

/** A state that is being imported. */
export interface StateUnderWay {
  readonly version: number
  readonly values: PartProgress
  readonly tree: PartProgress
}

/** Where a store stands. */
export interface RestoreProgress {
  /** Epoch endings that are in: those of the epochs before this one. */
  readonly nextEpoch: number
  /** A state whose import was begun and is not complete. */
  readonly state: Option.Option<StateUnderWay>
  /** The oldest transaction that is in, once one is. */
  readonly firstVersion: number
  /** The version that comes next; 0 while neither a state nor a transaction is in. */
  readonly nextVersion: number
}

/** A state to be imported: that of the version with which an epoch ended. */
export interface StateToImport {
  /** Of the transaction info with the state root; checked by the caller. The ledger info is the epoch's ending. */
  readonly rootProof: Proofs.StateRootProof
  readonly part: StatePart
}

/** Takes the items of a state in the order of their key hashes. */
export interface StateImport {
  /** Items that are in and proven: the caller goes on with the next one. */
  readonly items: number
  /** What {@link StateImport.settle} was given with the last of them. */
  readonly frontier: Option.Option<Uint8Array>
  /** Copies items to a buffer. Run {@link StateImport.flush} after each batch, or the buffer grows. */
  readonly stage: (items: StateSnapshotVerifier.HashedItems) => void
  /** Writes the buffer where it is large enough. */
  readonly flush: Effect.Effect<void, LedgerStoreError>
  /** All items staged so far are proven. `frontier` is what the caller needs to go on after them. */
  readonly settle: (frontier: Uint8Array) => Effect.Effect<void, LedgerStoreError>
  /**
   * There are no more items. Fails with `Corrupt` where they do not lead to the state root. Once values and tree are
   * complete the store begins with this state.
   */
  readonly finish: Effect.Effect<void, LedgerStoreError>
}

export interface TransactionImportOptions {
  /** Transactions of later versions are passed over. */
  readonly lastVersion: number
  /** What may wait for its proof, in bytes: the transactions of a chunk. */
  readonly maxStagedBytes: number
}

/** Takes transactions in the order of their versions. */
export interface TransactionImport {
  /**
   * Copies the transactions of a scan, of which the first has that version. Those that are in already are passed over.
   * Run {@link TransactionImport.flush} after each batch.
   */
  readonly stage: (scan: Scan.TransactionScan, bytes: Uint8Array, firstVersion: number) => void
  /** Fails with `Refused` where more has been staged than may wait for its proof. */
  readonly flush: Effect.Effect<void, LedgerStoreError>
  /**
   * All transactions staged so far are proven by a ledger info that the caller has verified: they become part of the
   * ledger, and the state follows. Fails with `Inconsistent` where a state checkpoint hash does not hold.
   */
  readonly settle: (proof: LedgerInfo.LedgerInfoWithSignatures) => Effect.Effect<void, LedgerStoreError>
}

/** What a restore target offers. */
export interface Service {
  readonly progress: Effect.Effect<RestoreProgress, LedgerStoreError>
  /** All epoch endings that are in, also those beyond the head: framed records. */
  readonly epochEndings: Stream.Stream<Uint8Array, LedgerStoreError>
  /**
   * Adds verified epoch endings, BCS of `LedgerInfoWithSignatures`, from the next epoch on. That of epoch 0 gives the
   * store its network; another network's is `Refused`.
   */
  readonly addEpochEndings: (
    firstEpoch: number,
    records: ReadonlyArray<Uint8Array>
  ) => Effect.Effect<void, LedgerStoreError>
  /**
   * Begins or continues the import of a state. `Refused` where the store holds a ledger already, or part of another state,
   * or lacks the epoch's ending. Items that are not proven when the scope closes are dropped.
   */
  readonly importState: (state: StateToImport) => Effect.Effect<StateImport, LedgerStoreError, Scope.Scope>
  /** Continues the ledger. `Refused` while a state is under way. */
  readonly importTransactions: (
    options: TransactionImportOptions
  ) => Effect.Effect<TransactionImport, LedgerStoreError>
}

/** What a restore writes. */
export class RestoreTarget extends Context.Tag("@holdfast/ledger-store/RestoreTarget")<RestoreTarget, Service>() {}
