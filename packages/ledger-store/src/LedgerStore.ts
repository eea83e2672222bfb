/**
 * The contract of a ledger store: what a node serves to a backup, and what a development network appends to.
 *
 * A store holds framed records. Its streams end each element at the end of a record. Proofs, counts, states and roots of
 * versions or keys that the store does not hold fail with `NotAvailable`; a reversed range of transactions has no proof,
 * and a reversed range of epochs has no records.
 */
import type * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { LedgerStoreError } from "./LedgerStoreError.ts"
import type { ServedLedger } from "./ServedLedger.ts"

/** A transaction with everything that a ledger keeps about it, each part as its BCS. */
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

/** The newest state of the store: the next block builds on it. */
export interface Head {
  /** Transactions committed: the version of the next one. */
  readonly nextVersion: number
  readonly stateRoot: HashValue.HashValue
  /** Frozen subtree roots of the transaction accumulator over all committed versions, left to right. */
  readonly frozenSubtreeRoots: ReadonlyArray<HashValue.HashValue>
  readonly latestLedgerInfo: Option.Option<LedgerInfo.LedgerInfoWithSignatures>
}

/** What a ledger store offers. */
export interface Service extends ServedLedger<LedgerStoreError> {
  /** What the next block builds on. */
  readonly head: Effect.Effect<Head, LedgerStoreError>
  /** The state root after each of these write sets (BCS), applied in order to the head. Stores nothing. */
  readonly stateRootsAfter: (
    writeSets: ReadonlyArray<Uint8Array>
  ) => Effect.Effect<ReadonlyArray<HashValue.HashValue>, LedgerStoreError>
  /**
   * Appends a block, atomically. Fails with `Inconsistent` unless the block starts at the next version, every state
   * checkpoint hash is the root that the write sets lead to, and the ledger info has the version and the accumulator root
   * after the block.
   */
  readonly commit: (block: Block) => Effect.Effect<void, LedgerStoreError>
}

/** A ledger store. */
export class LedgerStore extends Context.Tag("@holdfast/ledger-store/LedgerStore")<LedgerStore, Service>() {}
