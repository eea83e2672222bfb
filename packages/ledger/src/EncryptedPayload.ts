/**
 * A payload that nobody can read before its block is ordered.
 *
 * ```
 * EncryptedPayload  enum { Encrypted(EncryptedInner) · FailedDecryption{original, eval_proof option, reason}
 *                        · Decrypted{original, eval_proof, decrypted} }
 * EncryptedInner    ciphertext · extra_config · payload_hash · encryption_epoch u64 · claimed_entry_fun option
 * ```
 *
 * The ledger stores what became of it, but the transaction is hashed as it was sent: see {@link hashedForm}.
 *
 * Source: the format schema, `EncryptedPayload`, and the formats page of the specification, section 2.
 *
 * @since 0.1.0
 */
import * as Bcs from "./Bcs.ts"
import { HashValue } from "./HashValue.ts"
import { TransactionExecutable } from "./TransactionExecutable.ts"
import { TransactionExtraConfig } from "./TransactionExtraConfig.ts"
import { Identifier, ModuleId } from "./TypeTag.ts"

const BIBECiphertext = Bcs.struct("BIBECiphertext", {
  id: Bcs.struct("Id", { rootX: Bcs.bytes }),
  ctG2: Bcs.bytes,
  paddedKey: Bcs.newtype("OneTimePaddedKey", Bcs.fixed(16)),
  symmetricCiphertext: Bcs.struct("SymmetricCiphertext", { nonce: Bcs.fixed(12), ctBody: Bcs.bytes })
})

/**
 * Batched identity-based encryption of an executable.
 *
 * @since 0.1.0
 * @category codecs
 */
export const Ciphertext = Bcs.struct("Ciphertext", {
  vk: Bcs.bytes,
  bibeCt: BIBECiphertext,
  associatedDataBytes: Bcs.bytes,
  signature: Bcs.fixed(64)
})

/**
 * What the sender says in the open about the function that is called.
 *
 * @since 0.1.0
 * @category codecs
 */
export const ClaimedEntryFunction = Bcs.struct("ClaimedEntryFunction", {
  module: ModuleId,
  function: Bcs.option(Identifier)
})

/**
 * The payload as it was sent.
 *
 * @since 0.1.0
 * @category codecs
 */
export const EncryptedInner = Bcs.struct("EncryptedInner", {
  ciphertext: Ciphertext,
  extraConfig: TransactionExtraConfig,
  payloadHash: HashValue,
  encryptionEpoch: Bcs.u64,
  claimedEntryFun: Bcs.option(ClaimedEntryFunction)
})

/**
 * @since 0.1.0
 * @category models
 */
export type EncryptedInner = Bcs.Type<typeof EncryptedInner>

const EvalProof = Bcs.newtype("EvalProof", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const DecryptionFailureReason = Bcs.enumeration("DecryptionFailureReason", {
  CryptoFailure: null,
  BatchLimitReached: null,
  ConfigUnavailable: null,
  DecryptionKeyUnavailable: null,
  ClaimedEntryFunctionMismatch: null,
  PayloadHashMismatch: null,
  EpochMismatch: null,
  EpochEndRetry: null,
  TrustedSetupExhausted: null,
  ExecuteBlockLimitReached: null
})

/**
 * @since 0.1.0
 * @category codecs
 */
export const DecryptedPlaintext = Bcs.struct("DecryptedPlaintext", {
  executable: TransactionExecutable,
  decryptionNonce: Bcs.fixed(16)
})

/**
 * @since 0.1.0
 * @category codecs
 */
export const EncryptedPayload = Bcs.enumeration("EncryptedPayload", {
  Encrypted: EncryptedInner,
  FailedDecryption: Bcs.fields({
    original: EncryptedInner,
    evalProof: Bcs.option(EvalProof),
    reason: DecryptionFailureReason
  }),
  Decrypted: Bcs.fields({ original: EncryptedInner, evalProof: EvalProof, decrypted: DecryptedPlaintext })
})

/**
 * @since 0.1.0
 * @category models
 */
export type EncryptedPayload = Bcs.Type<typeof EncryptedPayload>

/**
 * The payload as it was sent, which is what the transaction's hash covers.
 *
 * @since 0.1.0
 * @category hashing
 */
export const hashedForm = (payload: EncryptedPayload): EncryptedPayload =>
  payload._tag === "Encrypted" ? payload : { _tag: "Encrypted", value: payload.value.original }
