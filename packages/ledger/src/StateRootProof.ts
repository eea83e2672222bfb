/**
 * Checks the proof of a state root: that the transaction info which carries the root is in the accumulator of a ledger info.
 *
 * Source: the formats page of the specification, sections 5 and 9.
 */
import * as Accumulator from "./Accumulator.ts"
import type { HashValue } from "./HashValue.ts"
import { refuse } from "./ProofError.ts"
import type { StateRootProof } from "./Proofs.ts"
import * as TransactionInfo from "./TransactionInfo.ts"

/**
 * Checks that the transaction info is that of a version, against the ledger info of the proof. Returns the state root of the
 * transaction info; `undefined` if it carries none. The caller checks the signature of the ledger info. Throws `ProofError`.
 */
export const verify = (
  [{ ledgerInfoToTransactionInfoProof, transactionInfo }, signed]: StateRootProof,
  version: number
): HashValue | undefined => {
  const { commitInfo } = signed.value.ledgerInfo
  if (version > commitInfo.version) {
    refuse(
      "BeyondLedgerInfo",
      `version ${version} lies beyond version ${commitInfo.version} of the ledger info that should prove it`
    )
  }
  Accumulator.verifyInclusion(
    TransactionInfo.hash(transactionInfo),
    version,
    ledgerInfoToTransactionInfoProof.siblings,
    commitInfo.executedStateId
  )
  return transactionInfo.value.stateCheckpointHash
}
