/**
 * Public keys and signatures of accounts, by scheme, as opaque byte strings.
 *
 * ```
 * PartialAuthenticatorAssertionResponse  signature AssertionSignature · authenticator_data bytes · client_data_json bytes
 * AssertionSignature                     enum { Secp256r1Ecdsa{signature bytes} }
 * ```
 *
 * The codecs do not check lengths: the hash of the transaction proves the bytes, and nodes alone verify the signatures.
 *
 * Source: docs/spec/formats.md, section 3 (the schema).
 */
import * as Bcs from "./Bcs.ts"

export const Ed25519PublicKey = Bcs.newtype("Ed25519PublicKey", Bcs.bytes)

export const Ed25519Signature = Bcs.newtype("Ed25519Signature", Bcs.bytes)

/** Several Ed25519 keys and a threshold, as one byte string. */
export const MultiEd25519PublicKey = Bcs.newtype("MultiEd25519PublicKey", Bcs.bytes)

/** Several Ed25519 signatures and a bitmap of the signers, as one byte string. */
export const MultiEd25519Signature = Bcs.newtype("MultiEd25519Signature", Bcs.bytes)

export const Secp256k1EcdsaPublicKey = Bcs.newtype("Secp256k1EcdsaPublicKey", Bcs.bytes)

export const Secp256k1EcdsaSignature = Bcs.newtype("Secp256k1EcdsaSignature", Bcs.bytes)

export const Secp256r1EcdsaPublicKey = Bcs.newtype("Secp256r1EcdsaPublicKey", Bcs.bytes)

export const Secp256r1EcdsaSignature = Bcs.newtype("Secp256r1EcdsaSignature", Bcs.bytes)

export const SlhDsaSha2128sPublicKey = Bcs.newtype("SlhDsa_Sha2_128s_PublicKey", Bcs.bytes)

export const SlhDsaSha2128sSignature = Bcs.newtype("SlhDsa_Sha2_128s_Signature", Bcs.bytes)

export const AssertionSignature = Bcs.enumeration("AssertionSignature", {
  Secp256r1Ecdsa: Bcs.fields({ signature: Secp256r1EcdsaSignature })
})

/** The data that a WebAuthn authenticator has signed, and its signature. */
export const PartialAuthenticatorAssertionResponse = Bcs.struct("PartialAuthenticatorAssertionResponse", {
  signature: AssertionSignature,
  authenticatorData: Bcs.bytes,
  clientDataJson: Bcs.bytes
})

export type PartialAuthenticatorAssertionResponse = Bcs.Type<typeof PartialAuthenticatorAssertionResponse>
