/**
 * What validators agree on beside blocks: keys for randomness and decryption, and the keys of OpenID providers.
 *
 * ```
 * ValidatorTransaction  enum { DKGResult(DKGTranscript) · ObservedJWKUpdate(QuorumCertifiedUpdate)
 *                            · ChunkyDKGResult(CertifiedChunkyDKGOutput) }
 * ```
 *
 * Source: the format schema, `ValidatorTransaction`.
 *
 * @since 0.1.0
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { AggregateSignature } from "./LedgerInfo.ts"

const DKGTranscriptMetadata = Bcs.struct("DKGTranscriptMetadata", { epoch: Bcs.u64, author: AccountAddress })

/**
 * The outcome of a distributed key generation.
 *
 * @since 0.1.0
 * @category codecs
 */
export const DKGTranscript = Bcs.struct("DKGTranscript", {
  metadata: DKGTranscriptMetadata,
  transcriptBytes: Bcs.bytes
})

/**
 * @since 0.1.0
 * @category models
 */
export type DKGTranscript = Bcs.Type<typeof DKGTranscript>

/**
 * The keys of one OpenID provider; each is a Move value with the name of its type.
 *
 * @since 0.1.0
 * @category codecs
 */
export const ProviderJWKs = Bcs.struct("ProviderJWKs", {
  issuer: Bcs.bytes,
  version: Bcs.u64,
  jwks: Bcs.sequence(
    Bcs.struct("JWKMoveStruct", { variant: Bcs.struct("Any", { typeName: Bcs.string, data: Bcs.bytes }) })
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export type ProviderJWKs = Bcs.Type<typeof ProviderJWKs>

/**
 * @since 0.1.0
 * @category codecs
 */
export const QuorumCertifiedUpdate = Bcs.struct("QuorumCertifiedUpdate", {
  update: ProviderJWKs,
  multiSig: AggregateSignature
})

/**
 * @since 0.1.0
 * @category models
 */
export type QuorumCertifiedUpdate = Bcs.Type<typeof QuorumCertifiedUpdate>

/**
 * @since 0.1.0
 * @category codecs
 */
export const CertifiedChunkyDKGOutput = Bcs.struct("CertifiedChunkyDKGOutput", {
  certifiedTranscript: Bcs.struct("CertifiedAggregatedChunkySubtranscript", {
    metadata: DKGTranscriptMetadata,
    transcriptBytes: Bcs.bytes,
    signature: AggregateSignature
  }),
  encryptionKey: Bcs.bytes
})

/**
 * @since 0.1.0
 * @category models
 */
export type CertifiedChunkyDKGOutput = Bcs.Type<typeof CertifiedChunkyDKGOutput>

/**
 * @since 0.1.0
 * @category codecs
 */
export const ValidatorTransaction = Bcs.enumeration("ValidatorTransaction", {
  DKGResult: DKGTranscript,
  ObservedJWKUpdate: QuorumCertifiedUpdate,
  ChunkyDKGResult: CertifiedChunkyDKGOutput
})

/**
 * @since 0.1.0
 * @category models
 */
export type ValidatorTransaction = Bcs.Type<typeof ValidatorTransaction>
