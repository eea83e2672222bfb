/**
 * Public keys and signatures of accounts, by scheme: byte strings that only the scheme understands.
 *
 * ```
 * PartialAuthenticatorAssertionResponse  signature AssertionSignature · authenticator_data bytes · client_data_json bytes
 * AssertionSignature                     enum { Secp256r1Ecdsa{signature bytes} }
 * ```
 *
 * Lengths are not checked here: the transaction's hash vouches for the bytes, and nothing but a node verifies them.
 *
 * Source: docs/spec/formats.md, section 3 (the schema).
 */
import * as Bcs from "./Bcs.ts"

export const Ed25519PublicKey = Bcs.newtype("Ed25519PublicKey", Bcs.bytes)

export const Ed25519Signature = Bcs.newtype("Ed25519Signature", Bcs.bytes)

/** Several Ed25519 keys and a threshold, in one string. */
export const MultiEd25519PublicKey = Bcs.newtype("MultiEd25519PublicKey", Bcs.bytes)

/** Several Ed25519 signatures and a bitmap of who signed, in one string. */
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

/** What a WebAuthn authenticator signed, and its signature. */
export const PartialAuthenticatorAssertionResponse = Bcs.struct("PartialAuthenticatorAssertionResponse", {
  signature: AssertionSignature,
  authenticatorData: Bcs.bytes,
  clientDataJson: Bcs.bytes
})

export type PartialAuthenticatorAssertionResponse = Bcs.Type<typeof PartialAuthenticatorAssertionResponse>
