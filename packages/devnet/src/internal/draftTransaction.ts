/**
 * A draft: a transaction with its outcome, without a version.
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

/** The outcome of the transactions of the network itself: no gas, success. */
export const costsNothing = { gasUsed: 0n, status: { _tag: "Success" } } as const
