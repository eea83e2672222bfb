/**
 * The questions that a backup asks about a ledger. A ledger store answers them from its tables, the client of a backup
 * service from a node; the errors differ, the answers do not.
 *
 * Streams carry framed records: big-endian u32 length, then that many bytes of BCS. Elements hold many records each; only
 * the contract of who answers says whether they end with a record. A range that reaches beyond the ledger yields fewer
 * records or none; as on a real node, that is no error.
 *
 * The ledger info in a proof is the latest one of the epoch that the (last) version lies in: the epoch-ending one if the
 * epoch has ended.
 *
 * Source: docs/spec/service.md.
 */
import type * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Proofs from "@holdfast/ledger/Proofs"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"

/** What a node serves of its ledger. `E` says why an answer fails. */
export interface ServedLedger<E> {
  /** Epoch of the latest ledger info and its version; none while nothing is committed. */
  readonly dbState: Effect.Effect<Option.Option<LedgerInfo.DbState>, E>
  /** Epoch-ending ledger infos of epochs `start` … `end - 1`. */
  readonly epochEndingLedgerInfos: (start: number, end: number) => Stream.Stream<Uint8Array, E>
  /** Number of state items at a version that ends an epoch. */
  readonly stateItemCount: (version: number) => Effect.Effect<number, E>
  /** State items `start` … `start + limit - 1` at a version that ends an epoch, ascending by key hash. */
  readonly stateItems: (version: number, start: number, limit: number) => Stream.Stream<Uint8Array, E>
  /** Proof of all state items up to and including a key that exists at the version. */
  readonly stateRangeProof: (
    version: number,
    endKeyHash: HashValue.HashValue
  ) => Effect.Effect<Proofs.SparseMerkleRangeProof, E>
  /** Proof of the transaction info of a version. The caller checks that the info carries a state checkpoint hash. */
  readonly stateRootProof: (version: number) => Effect.Effect<Proofs.StateRootProof, E>
  /** Transactions `start` … `start + count - 1`, as `V1` records. */
  readonly transactions: (start: number, count: number) => Stream.Stream<Uint8Array, E>
  /** Proof of the transaction infos `first` … `last`. */
  readonly transactionRangeProof: (first: number, last: number) => Effect.Effect<Proofs.TransactionRangeProof, E>
}
