/**
 * Accounts that sign with the login of an OpenID provider instead of a key of their own.
 *
 * ```
 * KeylessPublicKey           iss_val string · idc bytes
 * FederatedKeylessPublicKey  jwk_addr · pk KeylessPublicKey
 * KeylessSignature           cert EphemeralCertificate · jwt_header_json string · exp_date_secs u64 ·
 *                            ephemeral_pubkey · ephemeral_signature
 * EphemeralCertificate       enum { ZeroKnowledgeSig · OpenIdSig }
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `KeylessSignature`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { Ed25519PublicKey, Ed25519Signature, PartialAuthenticatorAssertionResponse } from "./SignatureScheme.ts"

/** The provider, and a commitment to the identity of the user there. */
export const KeylessPublicKey = Bcs.struct("KeylessPublicKey", {
  issVal: Bcs.string,
  idc: Bcs.newtype("IdCommitment", Bcs.bytes)
})

export type KeylessPublicKey = Bcs.Type<typeof KeylessPublicKey>

/** A keyless key whose provider has its keys at an address of the ledger. */
export const FederatedKeylessPublicKey = Bcs.struct("FederatedKeylessPublicKey", {
  jwkAddr: AccountAddress,
  pk: KeylessPublicKey
})

export type FederatedKeylessPublicKey = Bcs.Type<typeof FederatedKeylessPublicKey>

export const EphemeralPublicKey = Bcs.enumeration("EphemeralPublicKey", {
  Ed25519: Bcs.fields({ publicKey: Ed25519PublicKey })
})

export const EphemeralSignature = Bcs.enumeration("EphemeralSignature", {
  Ed25519: Bcs.fields({ signature: Ed25519Signature }),
  WebAuthn: Bcs.fields({ signature: PartialAuthenticatorAssertionResponse })
})

const G1Bytes = Bcs.newtype("G1Bytes", Bcs.fixed(32))
const G2Bytes = Bcs.newtype("G2Bytes", Bcs.fixed(64))

/** A zero-knowledge proof. */
export const ZKP = Bcs.enumeration("ZKP", {
  Groth16: Bcs.struct("Groth16Proof", { a: G1Bytes, b: G2Bytes, c: G1Bytes })
})

/** A proof that the provider has signed for the user. The proof hides the identity of the user. */
export const ZeroKnowledgeSig = Bcs.struct("ZeroKnowledgeSig", {
  proof: ZKP,
  expHorizonSecs: Bcs.u64,
  extraField: Bcs.option(Bcs.string),
  overrideAudVal: Bcs.option(Bcs.string),
  trainingWheelsSignature: Bcs.option(EphemeralSignature)
})

/** The signature of the provider, in the open. */
export const OpenIdSig = Bcs.struct("OpenIdSig", {
  jwtSig: Bcs.bytes,
  jwtPayloadJson: Bcs.string,
  uidKey: Bcs.string,
  epkBlinder: Bcs.bytes,
  pepper: Bcs.newtype("Pepper", Bcs.fixed(31)),
  idcAudVal: Bcs.option(Bcs.string)
})

export const EphemeralCertificate = Bcs.enumeration("EphemeralCertificate", { ZeroKnowledgeSig, OpenIdSig })

export const KeylessSignature = Bcs.struct("KeylessSignature", {
  cert: EphemeralCertificate,
  jwtHeaderJson: Bcs.string,
  expDateSecs: Bcs.u64,
  ephemeralPubkey: EphemeralPublicKey,
  ephemeralSignature: EphemeralSignature
})

export type KeylessSignature = Bcs.Type<typeof KeylessSignature>
