import * as Bcs from "../src/Bcs.ts"
import { ContractEvent } from "../src/ContractEvent.ts"
import { DbState, LedgerInfoWithSignatures } from "../src/LedgerInfo.ts"
import { SparseMerkleRangeProof, StateRootProof, TransactionRangeProof } from "../src/Proofs.ts"
import { StateKey } from "../src/StateKey.ts"
import { StateValue } from "../src/StateValue.ts"
import { Transaction } from "../src/Transaction.ts"
import { PersistedAuxiliaryInfo, TransactionInfo } from "../src/TransactionInfo.ts"
import { WriteSet } from "../src/WriteSet.ts"

const outcome = Bcs.pair(TransactionInfo, Bcs.pair(Bcs.sequence(ContractEvent), WriteSet))

/** What stands in files and answers by itself: records and proofs. */
export const wireTypes = {
  "transaction record V0": Bcs.pair(Transaction, outcome),
  "transaction record V1": Bcs.pair(Transaction, Bcs.pair(PersistedAuxiliaryInfo, outcome)),
  "state record": Bcs.pair(StateKey, StateValue),
  LedgerInfoWithSignatures,
  DbState,
  "transaction range proof": TransactionRangeProof,
  SparseMerkleRangeProof,
  "state root proof": StateRootProof
}
