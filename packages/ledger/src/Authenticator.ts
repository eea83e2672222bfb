/**
 * Who signed a user transaction, and how.
 *
 * ```
 * TransactionAuthenticator  enum { Ed25519 · MultiEd25519 · MultiAgent · FeePayer · SingleSender }
 * AccountAuthenticator      enum { Ed25519 · MultiEd25519 · SingleKey · MultiKey · NoAccountAuthenticator · Abstract }
 * ```
 *
 * Source: the format schema, `TransactionAuthenticator`.
 *
 * @since 0.1.0
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { FederatedKeylessPublicKey, KeylessPublicKey, KeylessSignature } from "./Keyless.ts"
import {
  Ed25519PublicKey,
  Ed25519Signature,
  MultiEd25519PublicKey,
  MultiEd25519Signature,
  PartialAuthenticatorAssertionResponse,
  Secp256k1EcdsaPublicKey,
  Secp256k1EcdsaSignature,
  Secp256r1EcdsaPublicKey,
  SlhDsaSha2128sPublicKey,
  SlhDsaSha2128sSignature
} from "./SignatureScheme.ts"

/**
 * @since 0.1.0
 * @category codecs
 */
export const AnyPublicKey = Bcs.enumeration("AnyPublicKey", {
  Ed25519: Bcs.fields({ publicKey: Ed25519PublicKey }),
  Secp256k1Ecdsa: Bcs.fields({ publicKey: Secp256k1EcdsaPublicKey }),
  Secp256r1Ecdsa: Bcs.fields({ publicKey: Secp256r1EcdsaPublicKey }),
  Keyless: Bcs.fields({ publicKey: KeylessPublicKey }),
  FederatedKeyless: Bcs.fields({ publicKey: FederatedKeylessPublicKey }),
  SlhDsa_Sha2_128s: Bcs.fields({ publicKey: SlhDsaSha2128sPublicKey })
})

/**
 * @since 0.1.0
 * @category models
 */
export type AnyPublicKey = Bcs.Type<typeof AnyPublicKey>

/**
 * @since 0.1.0
 * @category codecs
 */
export const AnySignature = Bcs.enumeration("AnySignature", {
  Ed25519: Bcs.fields({ signature: Ed25519Signature }),
  Secp256k1Ecdsa: Bcs.fields({ signature: Secp256k1EcdsaSignature }),
  WebAuthn: Bcs.fields({ signature: PartialAuthenticatorAssertionResponse }),
  Keyless: Bcs.fields({ signature: KeylessSignature }),
  SlhDsa_Sha2_128s: Bcs.fields({ signature: SlhDsaSha2128sSignature })
})

/**
 * @since 0.1.0
 * @category models
 */
export type AnySignature = Bcs.Type<typeof AnySignature>

/**
 * @since 0.1.0
 * @category codecs
 */
export const SingleKeyAuthenticator = Bcs.struct("SingleKeyAuthenticator", {
  publicKey: AnyPublicKey,
  signature: AnySignature
})

/**
 * Several keys, of which some number must sign.
 *
 * @since 0.1.0
 * @category codecs
 */
export const MultiKey = Bcs.struct("MultiKey", {
  publicKeys: Bcs.sequence(AnyPublicKey),
  signaturesRequired: Bcs.u8
})

/**
 * @since 0.1.0
 * @category codecs
 */
export const MultiKeyAuthenticator = Bcs.struct("MultiKeyAuthenticator", {
  publicKeys: MultiKey,
  signatures: Bcs.sequence(AnySignature),
  signaturesBitmap: Bcs.newtype("BitVec", Bcs.bytes)
})

/**
 * @since 0.1.0
 * @category codecs
 */
export const AbstractAuthenticationData = Bcs.enumeration("AbstractAuthenticationData", {
  V1: Bcs.fields({ signingMessageDigest: Bcs.bytes, abstractSignature: Bcs.bytes }),
  DerivableV1: Bcs.fields({
    signingMessageDigest: Bcs.bytes,
    abstractSignature: Bcs.bytes,
    abstractPublicKey: Bcs.bytes
  })
})

/**
 * Authentication by a function of the ledger.
 *
 * @since 0.1.0
 * @category codecs
 */
export const AbstractAuthenticator = Bcs.struct("AbstractAuthenticator", {
  functionInfo: Bcs.struct("FunctionInfo", {
    moduleAddress: AccountAddress,
    moduleName: Bcs.string,
    functionName: Bcs.string
  }),
  authData: AbstractAuthenticationData
})

/**
 * The signature of one account.
 *
 * @since 0.1.0
 * @category codecs
 */
export const AccountAuthenticator = Bcs.enumeration("AccountAuthenticator", {
  Ed25519: Bcs.fields({ publicKey: Ed25519PublicKey, signature: Ed25519Signature }),
  MultiEd25519: Bcs.fields({ publicKey: MultiEd25519PublicKey, signature: MultiEd25519Signature }),
  SingleKey: Bcs.fields({ authenticator: SingleKeyAuthenticator }),
  MultiKey: Bcs.fields({ authenticator: MultiKeyAuthenticator }),
  NoAccountAuthenticator: null,
  Abstract: Bcs.fields({ authenticator: AbstractAuthenticator })
})

/**
 * @since 0.1.0
 * @category models
 */
export type AccountAuthenticator = Bcs.Type<typeof AccountAuthenticator>

/**
 * The signatures of all accounts that a transaction needs.
 *
 * @since 0.1.0
 * @category codecs
 */
export const TransactionAuthenticator = Bcs.enumeration("TransactionAuthenticator", {
  Ed25519: Bcs.fields({ publicKey: Ed25519PublicKey, signature: Ed25519Signature }),
  MultiEd25519: Bcs.fields({ publicKey: MultiEd25519PublicKey, signature: MultiEd25519Signature }),
  MultiAgent: Bcs.fields({
    sender: AccountAuthenticator,
    secondarySignerAddresses: Bcs.sequence(AccountAddress),
    secondarySigners: Bcs.sequence(AccountAuthenticator)
  }),
  FeePayer: Bcs.fields({
    sender: AccountAuthenticator,
    secondarySignerAddresses: Bcs.sequence(AccountAddress),
    secondarySigners: Bcs.sequence(AccountAuthenticator),
    feePayerAddress: AccountAddress,
    feePayerSigner: AccountAuthenticator
  }),
  SingleSender: Bcs.fields({ sender: AccountAuthenticator })
})

/**
 * @since 0.1.0
 * @category models
 */
export type TransactionAuthenticator = Bcs.Type<typeof TransactionAuthenticator>
