/**
 * Agreements of the validators beside blocks: keys for randomness and decryption, and the keys of OpenID providers.
 *
 * ```
 * ValidatorTransaction  enum { DKGResult(DKGTranscript) · ObservedJWKUpdate(QuorumCertifiedUpdate)
 *                            · ChunkyDKGResult(CertifiedChunkyDKGOutput) }
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `ValidatorTransaction`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { AggregateSignature } from "./LedgerInfo.ts"

const DKGTranscriptMetadata = Bcs.struct("DKGTranscriptMetadata", { epoch: Bcs.u64, author: AccountAddress })

/** The outcome of a distributed key generation. */
export const DKGTranscript = Bcs.struct("DKGTranscript", {
  metadata: DKGTranscriptMetadata,
  transcriptBytes: Bcs.bytes
})

export type DKGTranscript = Bcs.Type<typeof DKGTranscript>

/** The keys of one OpenID provider. Each key is a Move value with the name of its type. */
export const ProviderJWKs = Bcs.struct("ProviderJWKs", {
  issuer: Bcs.bytes,
  version: Bcs.u64,
  jwks: Bcs.sequence(
    Bcs.struct("JWKMoveStruct", { variant: Bcs.struct("Any", { typeName: Bcs.string, data: Bcs.bytes }) })
  )
})

export type ProviderJWKs = Bcs.Type<typeof ProviderJWKs>

export const QuorumCertifiedUpdate = Bcs.struct("QuorumCertifiedUpdate", {
  update: ProviderJWKs,
  multiSig: AggregateSignature
})

export type QuorumCertifiedUpdate = Bcs.Type<typeof QuorumCertifiedUpdate>

export const CertifiedChunkyDKGOutput = Bcs.struct("CertifiedChunkyDKGOutput", {
  certifiedTranscript: Bcs.struct("CertifiedAggregatedChunkySubtranscript", {
    metadata: DKGTranscriptMetadata,
    transcriptBytes: Bcs.bytes,
    signature: AggregateSignature
  }),
  encryptionKey: Bcs.bytes
})

export type CertifiedChunkyDKGOutput = Bcs.Type<typeof CertifiedChunkyDKGOutput>

export const ValidatorTransaction = Bcs.enumeration("ValidatorTransaction", {
  DKGResult: DKGTranscript,
  ObservedJWKUpdate: QuorumCertifiedUpdate,
  ChunkyDKGResult: CertifiedChunkyDKGOutput
})

export type ValidatorTransaction = Bcs.Type<typeof ValidatorTransaction>
