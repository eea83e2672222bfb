/**
 * The contract of a ledger store: what a node serves to a backup, and what a restore or a development network writes.
 *
 * Record streams carry *batches*: each element is one buffer of whole framed records (big-endian u32 length, then that
 * many bytes of BCS), in order. A range that reaches beyond what there is yields fewer records or none; that is no
 * error, as on a real node. Proofs, counts and roots of what does not exist fail with `NotAvailable`.
 *
 * The ledger info in a proof is the latest one of the epoch that the (last) version lies in: the epoch-ending one if the
 * epoch has ended.
 *
 * Source: the service page of the specification.
 */
import type * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Proofs from "@holdfast/ledger/Proofs"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { LedgerStoreError } from "./LedgerStoreError.ts"

/** A transaction with everything a ledger keeps about it, each part as its BCS. */
export interface TransactionToCommit {
  readonly transaction: Uint8Array
  readonly auxiliaryInfo: Uint8Array
  readonly transactionInfo: Uint8Array
  /** BCS of `seq<ContractEvent>`. */
  readonly events: Uint8Array
  readonly writeSet: Uint8Array
}

/** Consecutive transactions, and the ledger info that closes them where there is one. */
export interface Block {
  readonly firstVersion: number
  readonly transactions: ReadonlyArray<TransactionToCommit>
  readonly ledgerInfo: Option.Option<LedgerInfo.LedgerInfoWithSignatures>
}

/** The newest state of the store: what the next block builds on. */
export interface Head {
  /** Transactions committed: the version of the next one. */
  readonly nextVersion: number
  readonly stateRoot: HashValue.HashValue
  /** Frozen subtree roots of the transaction accumulator over all committed versions, left to right. */
  readonly frozenSubtreeRoots: ReadonlyArray<HashValue.HashValue>
  readonly latestLedgerInfo: Option.Option<LedgerInfo.LedgerInfoWithSignatures>
}

/** What a ledger store offers. */
export interface Service {
  /** Epoch of the latest ledger info and its version; none while nothing is committed. */
  readonly dbState: Effect.Effect<Option.Option<LedgerInfo.DbState>, LedgerStoreError>
  /** Epoch-ending ledger infos of epochs `start` … `end - 1`, framed. A reversed range is empty. */
  readonly epochEndingLedgerInfos: (start: number, end: number) => Stream.Stream<Uint8Array, LedgerStoreError>
  /** Number of state items at an epoch-ending version. */
  readonly stateItemCount: (version: number) => Effect.Effect<number, LedgerStoreError>
  /**
   * State items `start` … `start + limit - 1` at an epoch-ending version, ascending by key hash, framed. Fails with
   * `NotAvailable` at a version whose state is not kept: an empty stream would be taken for an empty state.
   */
  readonly stateItems: (
    version: number,
    start: number,
    limit: number
  ) => Stream.Stream<Uint8Array, LedgerStoreError>
  /** Proof of all state items up to and including a key that exists at the version. */
  readonly stateRangeProof: (
    version: number,
    endKeyHash: HashValue.HashValue
  ) => Effect.Effect<Proofs.SparseMerkleRangeProof, LedgerStoreError>
  /** Proof of the transaction info of a version (whether or not it carries a state checkpoint hash). */
  readonly stateRootProof: (version: number) => Effect.Effect<Proofs.StateRootProof, LedgerStoreError>
  /** Transactions `start` … `start + count - 1`, framed `V1` records. */
  readonly transactions: (start: number, count: number) => Stream.Stream<Uint8Array, LedgerStoreError>
  /** Proof of the transaction infos `first` … `last`. A reversed or unknown range fails. */
  readonly transactionRangeProof: (
    first: number,
    last: number
  ) => Effect.Effect<Proofs.TransactionRangeProof, LedgerStoreError>

  /** What the next block builds on. */
  readonly head: Effect.Effect<Head, LedgerStoreError>
  /** The state root after each of these write sets (BCS), applied in order to the head. Stores nothing. */
  readonly stateRootsAfter: (
    writeSets: ReadonlyArray<Uint8Array>
  ) => Effect.Effect<ReadonlyArray<HashValue.HashValue>, LedgerStoreError>
  /**
   * Appends a block, atomically. Refused (`Inconsistent`) unless it starts at the next version, every transaction info
   * that carries a state checkpoint hash has the root that its write sets lead to, and the ledger info's version and
   * accumulator root are those after the block.
   */
  readonly commit: (block: Block) => Effect.Effect<void, LedgerStoreError>
}

/** A ledger store. */
export class LedgerStore extends Context.Tag("@holdfast/ledger-store/LedgerStore")<LedgerStore, Service>() {}
