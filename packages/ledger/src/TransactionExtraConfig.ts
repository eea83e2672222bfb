/**
 * The requests of a transaction beside its code.
 *
 * ```
 * TransactionExtraConfig  enum { V1{multisig_address option, replay_protection_nonce option<u64>}
 *                              · V2{…, txn_limits_request option<UserTxnLimitsRequest>} }
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `TransactionExtraConfig`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"

const RequestedMultipliers = Bcs.enumeration("RequestedMultipliers", {
  V1: Bcs.fields({ executionBps: Bcs.u64, ioBps: Bcs.u64 })
})

/** A request for higher limits, based on a stake. The multipliers are in hundredths of a percent. */
export const UserTxnLimitsRequest = Bcs.enumeration("UserTxnLimitsRequest", {
  StakePoolOwner: Bcs.fields({ multipliers: RequestedMultipliers }),
  DelegatedVoter: Bcs.fields({ poolAddress: AccountAddress, multipliers: RequestedMultipliers }),
  DelegationPoolDelegator: Bcs.fields({ poolAddress: AccountAddress, multipliers: RequestedMultipliers })
})

export type UserTxnLimitsRequest = Bcs.Type<typeof UserTxnLimitsRequest>

export const TransactionExtraConfig = Bcs.enumeration("TransactionExtraConfig", {
  V1: Bcs.fields({ multisigAddress: Bcs.option(AccountAddress), replayProtectionNonce: Bcs.option(Bcs.u64) }),
  V2: Bcs.fields({
    multisigAddress: Bcs.option(AccountAddress),
    replayProtectionNonce: Bcs.option(Bcs.u64),
    txnLimitsRequest: Bcs.option(UserTxnLimitsRequest)
  })
})

export type TransactionExtraConfig = Bcs.Type<typeof TransactionExtraConfig>
