import { Accumulator, Bcs, HashValue, ProofError, type Proofs, Sha3, TransactionInfo } from "@holdfast/ledger"

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
  const leaf = Sha3.hashSeeded(
    HashValue.seeds.transactionInfo,
    Bcs.encode(TransactionInfo.TransactionInfo, transactionInfo)
  )
  Accumulator.verifyInclusion(leaf, version, ledgerInfoToTransactionInfoProof.siblings, commitInfo.executedStateId)
  return transactionInfo.value.stateCheckpointHash
}
