/**
 * The proofs that a backup service returns and that the proof files of a backup hold.
 *
 * ```
 * TransactionAccumulatorProof       siblings seq<HashValue>
 * TransactionInfoWithProof          TransactionAccumulatorProof · TransactionInfo
 * TransactionAccumulatorRangeProof  left_siblings seq<HashValue> · right_siblings seq<HashValue>
 * SparseMerkleRangeProof            right_siblings seq<HashValue>
 * ```
 *
 * Source: docs/spec/formats.md, sections 3 and 8.
 */
import * as Bcs from "./Bcs.ts"
import { HashValue } from "./HashValue.ts"
import { LedgerInfoWithSignatures } from "./LedgerInfo.ts"
import { TransactionInfo } from "./TransactionInfo.ts"

const hashes = Bcs.sequence(HashValue)

export const TransactionAccumulatorProof = Bcs.struct("TransactionAccumulatorProof", { siblings: hashes })

export type TransactionAccumulatorProof = Bcs.Type<typeof TransactionAccumulatorProof>

export const TransactionInfoWithProof = Bcs.struct("TransactionInfoWithProof", {
  ledgerInfoToTransactionInfoProof: TransactionAccumulatorProof,
  transactionInfo: TransactionInfo
})

export const TransactionAccumulatorRangeProof = Bcs.struct("TransactionAccumulatorRangeProof", {
  leftSiblings: hashes,
  rightSiblings: hashes
})

export type TransactionAccumulatorRangeProof = Bcs.Type<typeof TransactionAccumulatorRangeProof>

/** Proves a state chunk: the siblings on the right of the path to its last key, the bottom one first. */
export const SparseMerkleRangeProof = Bcs.struct("SparseMerkleRangeProof", { rightSiblings: hashes })

export type SparseMerkleRangeProof = Bcs.Type<typeof SparseMerkleRangeProof>

/** Proves a transaction chunk: its leaves are in the accumulator of the ledger info. */
export const TransactionRangeProof = Bcs.pair(TransactionAccumulatorRangeProof, LedgerInfoWithSignatures)

export type TransactionRangeProof = Bcs.Type<typeof TransactionRangeProof>

/** Proves a state root: the transaction info that carries the root is in the accumulator of the ledger info. */
export const StateRootProof = Bcs.pair(TransactionInfoWithProof, LedgerInfoWithSignatures)

export type StateRootProof = Bcs.Type<typeof StateRootProof>
