/**
 * A ledger info: a commitment to the ledger up to a version, which the validators of its epoch sign.
 *
 * ```
 * LedgerInfoWithSignatures  enum { 0: V0 { ledger_info, signatures } }
 * LedgerInfo                commit_info BlockInfo · consensus_data_hash
 * BlockInfo                 epoch · round · id · executed_state_id · version · timestamp_usecs · next_epoch_state option
 * EpochState                epoch · verifier { validator_infos: seq { address, public_key bytes(48), voting_power } }
 * AggregateSignature        validator_bitmask bytes · sig option bytes(96)
 * ```
 *
 * Source: docs/spec/formats.md, sections 3 and 6.
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { HashValue } from "./HashValue.ts"

export const ValidatorInfo = Bcs.struct("ValidatorConsensusInfo", {
  address: AccountAddress,
  /** BLS12-381 G1, compressed. */
  publicKey: Bcs.sizedBytes(48),
  votingPower: Bcs.u64
})

export type ValidatorInfo = Bcs.Type<typeof ValidatorInfo>

const ValidatorVerifier = Bcs.struct("ValidatorVerifier", { validatorInfos: Bcs.sequence(ValidatorInfo) })

/** An epoch, and the validators that sign in the epoch. */
export const EpochState = Bcs.struct("EpochState", { epoch: Bcs.u53, verifier: ValidatorVerifier })

export type EpochState = Bcs.Type<typeof EpochState>

export const BlockInfo = Bcs.struct("BlockInfo", {
  epoch: Bcs.u53,
  round: Bcs.u64,
  id: HashValue,
  /** The root of the transaction accumulator after `version`. */
  executedStateId: HashValue,
  version: Bcs.u53,
  timestampUsecs: Bcs.u53,
  nextEpochState: Bcs.option(EpochState)
})

export const LedgerInfo = Bcs.struct("LedgerInfo", { commitInfo: BlockInfo, consensusDataHash: HashValue })

export type LedgerInfo = Bcs.Type<typeof LedgerInfo>

/** The signature of many validators: a bitmask of the signers, and the sum of their signatures (G2, compressed). */
export const AggregateSignature = Bcs.struct("AggregateSignature", {
  validatorBitmask: Bcs.newtype("BitVec", Bcs.bytes),
  sig: Bcs.option(Bcs.newtype("Signature", Bcs.sizedBytes(96)))
})

export type AggregateSignature = Bcs.Type<typeof AggregateSignature>

export const LedgerInfoWithSignatures = Bcs.enumeration("LedgerInfoWithSignatures", {
  V0: Bcs.fields({ ledgerInfo: LedgerInfo, signatures: AggregateSignature })
})

export type LedgerInfoWithSignatures = Bcs.Type<typeof LedgerInfoWithSignatures>

/** What a ledger info commits to. */
export const commitInfoOf = (signed: LedgerInfoWithSignatures): Bcs.Type<typeof BlockInfo> =>
  signed.value.ledgerInfo.commitInfo

/** The answer of a node about its ledger: the epoch of its latest ledger info, and its newest committed version. */
export const DbState = Bcs.struct("DbState", { epoch: Bcs.u53, committedVersion: Bcs.u53 })

export type DbState = Bcs.Type<typeof DbState>
