/**
 * Who signed a user transaction, and how.
 *
 * ```
 * TransactionAuthenticator  enum { Ed25519 · MultiEd25519 · MultiAgent · FeePayer · SingleSender }
 * AccountAuthenticator      enum { Ed25519 · MultiEd25519 · SingleKey · MultiKey · NoAccountAuthenticator · Abstract }
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `TransactionAuthenticator`).
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

export const AnyPublicKey = Bcs.enumeration("AnyPublicKey", {
  Ed25519: Bcs.fields({ publicKey: Ed25519PublicKey }),
  Secp256k1Ecdsa: Bcs.fields({ publicKey: Secp256k1EcdsaPublicKey }),
  Secp256r1Ecdsa: Bcs.fields({ publicKey: Secp256r1EcdsaPublicKey }),
  Keyless: Bcs.fields({ publicKey: KeylessPublicKey }),
  FederatedKeyless: Bcs.fields({ publicKey: FederatedKeylessPublicKey }),
  SlhDsa_Sha2_128s: Bcs.fields({ publicKey: SlhDsaSha2128sPublicKey })
})

export type AnyPublicKey = Bcs.Type<typeof AnyPublicKey>

export const AnySignature = Bcs.enumeration("AnySignature", {
  Ed25519: Bcs.fields({ signature: Ed25519Signature }),
  Secp256k1Ecdsa: Bcs.fields({ signature: Secp256k1EcdsaSignature }),
  WebAuthn: Bcs.fields({ signature: PartialAuthenticatorAssertionResponse }),
  Keyless: Bcs.fields({ signature: KeylessSignature }),
  SlhDsa_Sha2_128s: Bcs.fields({ signature: SlhDsaSha2128sSignature })
})

export type AnySignature = Bcs.Type<typeof AnySignature>

export const SingleKeyAuthenticator = Bcs.struct("SingleKeyAuthenticator", {
  publicKey: AnyPublicKey,
  signature: AnySignature
})

/** Several keys, and how many of them must sign. */
export const MultiKey = Bcs.struct("MultiKey", {
  publicKeys: Bcs.sequence(AnyPublicKey),
  signaturesRequired: Bcs.u8
})

export const MultiKeyAuthenticator = Bcs.struct("MultiKeyAuthenticator", {
  publicKeys: MultiKey,
  signatures: Bcs.sequence(AnySignature),
  signaturesBitmap: Bcs.newtype("BitVec", Bcs.bytes)
})

export const AbstractAuthenticationData = Bcs.enumeration("AbstractAuthenticationData", {
  V1: Bcs.fields({ signingMessageDigest: Bcs.bytes, abstractSignature: Bcs.bytes }),
  DerivableV1: Bcs.fields({
    signingMessageDigest: Bcs.bytes,
    abstractSignature: Bcs.bytes,
    abstractPublicKey: Bcs.bytes
  })
})

/** Authentication by a function of the ledger. */
export const AbstractAuthenticator = Bcs.struct("AbstractAuthenticator", {
  functionInfo: Bcs.struct("FunctionInfo", {
    moduleAddress: AccountAddress,
    moduleName: Bcs.string,
    functionName: Bcs.string
  }),
  authData: AbstractAuthenticationData
})

/** The signature of one account. */
export const AccountAuthenticator = Bcs.enumeration("AccountAuthenticator", {
  Ed25519: Bcs.fields({ publicKey: Ed25519PublicKey, signature: Ed25519Signature }),
  MultiEd25519: Bcs.fields({ publicKey: MultiEd25519PublicKey, signature: MultiEd25519Signature }),
  SingleKey: Bcs.fields({ authenticator: SingleKeyAuthenticator }),
  MultiKey: Bcs.fields({ authenticator: MultiKeyAuthenticator }),
  NoAccountAuthenticator: null,
  Abstract: Bcs.fields({ authenticator: AbstractAuthenticator })
})

export type AccountAuthenticator = Bcs.Type<typeof AccountAuthenticator>

/** The signatures of all accounts that must sign a transaction. */
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

export type TransactionAuthenticator = Bcs.Type<typeof TransactionAuthenticator>
