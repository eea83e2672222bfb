/**
 * The transactions that open and close a block.
 *
 * ```
 * BlockMetadata         id · epoch u64 · round u64 · proposer · previous_block_votes_bitvec bytes ·
 *                       failed_proposer_indices seq<u32> · timestamp_usecs u64
 * BlockMetadataExt      enum { V0(BlockMetadata) · V1{…, randomness option} · V2{…, randomness option, decryption_key option} }
 * BlockEpiloguePayload  enum { V0{block_id, block_end_info} · V1{…, fee_distribution} · V2{…, to_make_hot seq<StateKey>} }
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `BlockMetadataExt` and `BlockEpiloguePayload`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { HashValue } from "./HashValue.ts"
import { StateKey } from "./StateKey.ts"

const blockFields = {
  id: HashValue,
  epoch: Bcs.u64,
  round: Bcs.u64,
  proposer: AccountAddress,
  previousBlockVotesBitvec: Bcs.bytes,
  failedProposerIndices: Bcs.sequence(Bcs.u32),
  timestampUsecs: Bcs.u64
}

export const BlockMetadata = Bcs.struct("BlockMetadata", blockFields)

export type BlockMetadata = Bcs.Type<typeof BlockMetadata>

/** Randomness that the validators made for a block. */
export const Randomness = Bcs.struct("Randomness", {
  metadata: Bcs.struct("RandMetadata", { epoch: Bcs.u64, round: Bcs.u64 }),
  randomness: Bcs.bytes
})

export type Randomness = Bcs.Type<typeof Randomness>

/** The key that opens the encrypted payloads of a block. */
export const BlockTxnDecryptionKey = Bcs.struct("BlockTxnDecryptionKey", {
  metadata: Bcs.struct("DecKeyMetadata", { epoch: Bcs.u64, round: Bcs.u64 }),
  decryptionKey: Bcs.bytes
})

export type BlockTxnDecryptionKey = Bcs.Type<typeof BlockTxnDecryptionKey>

export const BlockMetadataExt = Bcs.enumeration("BlockMetadataExt", {
  V0: BlockMetadata,
  V1: Bcs.struct("BlockMetadataWithRandomness", { ...blockFields, randomness: Bcs.option(Randomness) }),
  V2: Bcs.struct("BlockMetadataWithRandAndDecKey", {
    ...blockFields,
    randomness: Bcs.option(Randomness),
    decryptionKey: Bcs.option(BlockTxnDecryptionKey)
  })
})

export type BlockMetadataExt = Bcs.Type<typeof BlockMetadataExt>

/** What filled the block. */
export const BlockEndInfo = Bcs.enumeration("BlockEndInfo", {
  V0: Bcs.fields({
    blockGasLimitReached: Bcs.bool,
    blockOutputLimitReached: Bcs.bool,
    blockEffectiveBlockGasUnits: Bcs.u64,
    blockApproxOutputSize: Bcs.u64
  })
})

export type BlockEndInfo = Bcs.Type<typeof BlockEndInfo>

/** Fees by the index of the validator that gets them. */
export const FeeDistribution = Bcs.enumeration("FeeDistribution", {
  V0: Bcs.fields({ amount: Bcs.map(Bcs.u64, Bcs.u64) })
})

export type FeeDistribution = Bcs.Type<typeof FeeDistribution>

export const BlockEpiloguePayload = Bcs.enumeration("BlockEpiloguePayload", {
  V0: Bcs.fields({ blockId: HashValue, blockEndInfo: BlockEndInfo }),
  V1: Bcs.fields({ blockId: HashValue, blockEndInfo: BlockEndInfo, feeDistribution: FeeDistribution }),
  V2: Bcs.fields({
    blockId: HashValue,
    blockEndInfo: BlockEndInfo,
    feeDistribution: FeeDistribution,
    toMakeHot: Bcs.sequence(StateKey)
  })
})

export type BlockEpiloguePayload = Bcs.Type<typeof BlockEpiloguePayload>
