import * as Accumulator from "@holdfast/ledger/Accumulator"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as ProofError from "@holdfast/ledger/ProofError"
import type * as Proofs from "@holdfast/ledger/Proofs"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"

/** The hash of a transaction info, as it is in the accumulator: it commits to all that its transaction did. */
export const leafOf = (transactionInfo: TransactionInfo.TransactionInfo): HashValue.HashValue =>
  Sha3.hashSeeded(HashValue.seeds.transactionInfo, Bcs.encode(TransactionInfo.TransactionInfo, transactionInfo))

/**
 * Checks that the transaction info of a version is in the accumulator of the ledger info that comes with it, and returns
 * the state root that it carries, if any. Throws `ProofError`.
 */
export const checkRootProof = (
  [{ ledgerInfoToTransactionInfoProof, transactionInfo }, signed]: Proofs.StateRootProof,
  version: number
): HashValue.HashValue | undefined => {
  const { commitInfo } = signed.value.ledgerInfo
  if (version > commitInfo.version) {
    ProofError.refuse(
      "BeyondLedgerInfo",
      `version ${version} lies beyond version ${commitInfo.version} of the ledger info that should prove it`
    )
  }
  Accumulator.verifyInclusion(
    leafOf(transactionInfo),
    version,
    ledgerInfoToTransactionInfoProof.siblings,
    commitInfo.executedStateId
  )
  return transactionInfo.value.stateCheckpointHash
}
