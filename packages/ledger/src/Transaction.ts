/**
 * A transaction of any kind.
 *
 * ```
 * Transaction        enum { UserTransaction(SignedTransaction) · GenesisTransaction(WriteSetPayload) · BlockMetadata
 *                         · StateCheckpoint(HashValue) · ValidatorTransaction · BlockMetadataExt
 *                         · BlockEpilogue(BlockEpiloguePayload) }
 * SignedTransaction  raw_txn · authenticator TransactionAuthenticator
 * RawTransaction     sender · sequence_number u64 · payload · max_gas_amount u64 · gas_unit_price u64 ·
 *                    expiration_timestamp_secs u64 · chain_id u8
 * WriteSetPayload    enum { Direct{write_set, events seq<ContractEvent>} · Script{execute_as, script} }
 * ```
 *
 * Source: docs/spec/formats.md, section 2, and section 3 (the schema of `Transaction`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import { TransactionAuthenticator } from "./Authenticator.ts"
import * as Bcs from "./Bcs.ts"
import { BlockEpiloguePayload, BlockMetadata, BlockMetadataExt } from "./BlockMetadata.ts"
import { ContractEvent } from "./ContractEvent.ts"
import * as EncryptedPayload from "./EncryptedPayload.ts"
import { HashValue, seeds } from "./HashValue.ts"
import * as Sha3 from "./Sha3.ts"
import { Script } from "./TransactionExecutable.ts"
import { TransactionPayload } from "./TransactionPayload.ts"
import { ValidatorTransaction } from "./ValidatorTransaction.ts"
import { WriteSet } from "./WriteSet.ts"

/** The part of a user transaction that the user signs. */
export const RawTransaction = Bcs.struct("RawTransaction", {
  sender: AccountAddress,
  sequenceNumber: Bcs.u64,
  payload: TransactionPayload,
  maxGasAmount: Bcs.u64,
  gasUnitPrice: Bcs.u64,
  expirationTimestampSecs: Bcs.u64,
  chainId: Bcs.newtype("ChainId", Bcs.u8)
})

export type RawTransaction = Bcs.Type<typeof RawTransaction>

export const SignedTransaction = Bcs.struct("SignedTransaction", {
  rawTxn: RawTransaction,
  authenticator: TransactionAuthenticator
})

export type SignedTransaction = Bcs.Type<typeof SignedTransaction>

export const ChangeSet = Bcs.struct("ChangeSet", { writeSet: WriteSet, events: Bcs.sequence(ContractEvent) })

export type ChangeSet = Bcs.Type<typeof ChangeSet>

/** The writes of a genesis transaction. */
export const WriteSetPayload = Bcs.enumeration("WriteSetPayload", {
  Direct: ChangeSet,
  Script: Bcs.fields({ executeAs: AccountAddress, script: Script })
})

export type WriteSetPayload = Bcs.Type<typeof WriteSetPayload>

export const Transaction = Bcs.enumeration("Transaction", {
  UserTransaction: SignedTransaction,
  GenesisTransaction: WriteSetPayload,
  BlockMetadata,
  StateCheckpoint: HashValue,
  ValidatorTransaction,
  BlockMetadataExt,
  BlockEpilogue: BlockEpiloguePayload
})

export type Transaction = Bcs.Type<typeof Transaction>

/** The transaction that the hash covers: with an encrypted payload as it was sent. */
export const hashedForm = (transaction: Transaction): Transaction => {
  if (transaction._tag !== "UserTransaction") return transaction
  const { authenticator, rawTxn } = transaction.value
  if (rawTxn.payload._tag !== "EncryptedPayload") return transaction
  const payload = EncryptedPayload.hashedForm(rawTxn.payload.value)
  if (payload === rawTxn.payload.value) return transaction
  return {
    _tag: "UserTransaction",
    value: { rawTxn: { ...rawTxn, payload: { _tag: "EncryptedPayload", value: payload } }, authenticator }
  }
}

/** The hash of a transaction, which its transaction info states. */
export const hash = (transaction: Transaction): HashValue =>
  Sha3.hashSeeded(seeds.transaction, Bcs.encode(Transaction, hashedForm(transaction)))
