/**
 * A payload that is encrypted until its block is ordered.
 *
 * ```
 * EncryptedPayload  enum { Encrypted(EncryptedInner) · FailedDecryption{original, eval_proof option, reason}
 *                        · Decrypted{original, eval_proof, decrypted} }
 * EncryptedInner    ciphertext · extra_config · payload_hash · encryption_epoch u64 · claimed_entry_fun option
 * ```
 *
 * The ledger stores the outcome of the decryption, but the hash of the transaction covers the payload as it was sent:
 * see {@link hashedForm}.
 *
 * Source: docs/spec/formats.md, section 2, and section 3 (the schema of `EncryptedPayload`).
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

/** Batched identity-based encryption of an executable. */
export const Ciphertext = Bcs.struct("Ciphertext", {
  vk: Bcs.bytes,
  bibeCt: BIBECiphertext,
  associatedDataBytes: Bcs.bytes,
  signature: Bcs.fixed(64)
})

/** The function that the sender claims, in the open, to call. */
export const ClaimedEntryFunction = Bcs.struct("ClaimedEntryFunction", {
  module: ModuleId,
  function: Bcs.option(Identifier)
})

/** The payload as it was sent. */
export const EncryptedInner = Bcs.struct("EncryptedInner", {
  ciphertext: Ciphertext,
  extraConfig: TransactionExtraConfig,
  payloadHash: HashValue,
  encryptionEpoch: Bcs.u64,
  claimedEntryFun: Bcs.option(ClaimedEntryFunction)
})

export type EncryptedInner = Bcs.Type<typeof EncryptedInner>

const EvalProof = Bcs.newtype("EvalProof", Bcs.bytes)

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

export const DecryptedPlaintext = Bcs.struct("DecryptedPlaintext", {
  executable: TransactionExecutable,
  decryptionNonce: Bcs.fixed(16)
})

export const EncryptedPayload = Bcs.enumeration("EncryptedPayload", {
  Encrypted: EncryptedInner,
  FailedDecryption: Bcs.fields({
    original: EncryptedInner,
    evalProof: Bcs.option(EvalProof),
    reason: DecryptionFailureReason
  }),
  Decrypted: Bcs.fields({ original: EncryptedInner, evalProof: EvalProof, decrypted: DecryptedPlaintext })
})

export type EncryptedPayload = Bcs.Type<typeof EncryptedPayload>

/** The payload as it was sent: the hash of the transaction covers this form. */
export const hashedForm = (payload: EncryptedPayload): EncryptedPayload =>
  payload._tag === "Encrypted" ? payload : { _tag: "Encrypted", value: payload.value.original }
