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
 * Source: the format schema.
 *
 * @since 0.1.0
 */
import * as Bcs from "./Bcs.ts"

/**
 * @since 0.1.0
 * @category codecs
 */
export const Ed25519PublicKey = Bcs.newtype("Ed25519PublicKey", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const Ed25519Signature = Bcs.newtype("Ed25519Signature", Bcs.bytes)

/**
 * Several Ed25519 keys and a threshold, in one string.
 *
 * @since 0.1.0
 * @category codecs
 */
export const MultiEd25519PublicKey = Bcs.newtype("MultiEd25519PublicKey", Bcs.bytes)

/**
 * Several Ed25519 signatures and a bitmap of who signed, in one string.
 *
 * @since 0.1.0
 * @category codecs
 */
export const MultiEd25519Signature = Bcs.newtype("MultiEd25519Signature", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const Secp256k1EcdsaPublicKey = Bcs.newtype("Secp256k1EcdsaPublicKey", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const Secp256k1EcdsaSignature = Bcs.newtype("Secp256k1EcdsaSignature", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const Secp256r1EcdsaPublicKey = Bcs.newtype("Secp256r1EcdsaPublicKey", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const Secp256r1EcdsaSignature = Bcs.newtype("Secp256r1EcdsaSignature", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const SlhDsaSha2128sPublicKey = Bcs.newtype("SlhDsa_Sha2_128s_PublicKey", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const SlhDsaSha2128sSignature = Bcs.newtype("SlhDsa_Sha2_128s_Signature", Bcs.bytes)

/**
 * @since 0.1.0
 * @category codecs
 */
export const AssertionSignature = Bcs.enumeration("AssertionSignature", {
  Secp256r1Ecdsa: Bcs.fields({ signature: Secp256r1EcdsaSignature })
})

/**
 * What a WebAuthn authenticator signed, and its signature.
 *
 * @since 0.1.0
 * @category codecs
 */
export const PartialAuthenticatorAssertionResponse = Bcs.struct("PartialAuthenticatorAssertionResponse", {
  signature: AssertionSignature,
  authenticatorData: Bcs.bytes,
  clientDataJson: Bcs.bytes
})

/**
 * @since 0.1.0
 * @category models
 */
export type PartialAuthenticatorAssertionResponse = Bcs.Type<typeof PartialAuthenticatorAssertionResponse>
