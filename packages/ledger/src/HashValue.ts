/**
 * A 32-byte SHA3-256 digest.
 */
import * as Bcs from "./Bcs.ts"
import { fromHex, toHex } from "./Bytes.ts"
import * as Sha3 from "./Sha3.ts"

/** 32 raw bytes. In JSON 64 lowercase hex digits without `0x`. */
export type HashValue = Uint8Array

/** The size of a hash, in bytes. */
export const size = 32

export const HashValue: Bcs.Codec<HashValue> = Bcs.newtype("HashValue", Bcs.fixed(size))

/** The hash whose bytes are all zero: the block id and the consensus hash of a genesis. */
export const zero: HashValue = new Uint8Array(size)

const literal = (text: string): HashValue => {
  const bytes = new Uint8Array(size)
  new TextEncoder().encodeInto(text, bytes)
  return bytes
}

/** The hash of a missing subtree of an accumulator. */
export const accumulatorPlaceholder: HashValue = literal("ACCUMULATOR_PLACEHOLDER_HASH")

/** The hash of an empty subtree of the state tree. */
export const sparseMerklePlaceholder: HashValue = literal("SPARSE_MERKLE_PLACEHOLDER_HASH")

/** The 32-byte seeds, one for each kind of hashed value. Source: docs/spec/formats.md, section 2. */
export const seeds = {
  transaction: Sha3.seedOf("Transaction"),
  transactionInfo: Sha3.seedOf("TransactionInfo"),
  event: Sha3.seedOf("ContractEvent"),
  writeSet: Sha3.seedOf("WriteSet"),
  auxiliaryInfo: Sha3.seedOf("PersistedAuxiliaryInfo"),
  stateKey: Sha3.seedOf("StateKey"),
  stateValue: Sha3.seedOf("StateValue"),
  sparseMerkleLeaf: Sha3.seedOf("SparseMerkleLeafNode"),
  sparseMerkleInternal: Sha3.seedOf("SparseMerkleInternal"),
  transactionAccumulator: Sha3.seedOf("TransactionAccumulator"),
  eventAccumulator: Sha3.seedOf("EventAccumulator"),
  ledgerInfo: Sha3.seedOf("LedgerInfo"),
  waypoint: Sha3.seedOf("Ledger2WaypointConverter")
} as const

/** Parses 64 lowercase hex digits; `undefined` for any other text. */
export const parse = (text: string): HashValue | undefined => text.length === 2 * size ? fromHex(text) : undefined

export const format = (hash: HashValue): string => toHex(hash)
