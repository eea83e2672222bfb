/**
 * A transaction with its outcome, before it has a place in the ledger.
 */
import type * as ContractEvent from "@holdfast/ledger/ContractEvent"
import type * as Transaction from "@holdfast/ledger/Transaction"
import type * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import type { Write } from "./items.ts"

export interface Draft {
  readonly transaction: Transaction.Transaction
  readonly auxiliaryInfo: TransactionInfo.PersistedAuxiliaryInfo
  readonly gasUsed: bigint
  readonly status: TransactionInfo.ExecutionStatus
  readonly events: ReadonlyArray<ContractEvent.ContractEvent>
  readonly writes: ReadonlyArray<Write>
}

/** What the network itself does costs nothing and succeeds. */
export const free = { gasUsed: 0n, status: { _tag: "Success" } } as const
