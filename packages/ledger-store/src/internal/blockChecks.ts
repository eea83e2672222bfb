/** What every store checks before it commits a block. */
import * as Accumulator from "@holdfast/ledger/Accumulator"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import type { Block, TransactionToCommit } from "../LedgerStore.ts"
import { refuse } from "./storeFailures.ts"

/** A block must begin where the ledger ends. */
export const checkFirstVersion = (firstVersion: number, nextVersion: number): void => {
  if (firstVersion !== nextVersion) {
    refuse("commit", "Inconsistent", `a block from version ${firstVersion} on, where ${nextVersion} comes next`)
  }
}

/**
 * A ledger info must be of the last version, of the current epoch, and of the accumulator over `count` leaves with these
 * frozen subtree roots.
 */
export const checkLedgerInfo = (
  { value: { ledgerInfo: { commitInfo } } }: LedgerInfo.LedgerInfoWithSignatures,
  currentEpoch: number,
  count: number,
  frozenSubtreeRoots: ReadonlyArray<HashValue.HashValue>
): void => {
  const { epoch, executedStateId, version } = commitInfo
  if (version !== count - 1) {
    refuse("commit", "Inconsistent", `a ledger info of version ${version} after version ${count - 1}`)
  }
  if (epoch !== currentEpoch) {
    refuse("commit", "Inconsistent", `a ledger info of epoch ${epoch} in epoch ${currentEpoch}`)
  }
  const seed = HashValue.seeds.transactionAccumulator
  const root = new Accumulator.AccumulatorBuilder(seed, count, frozenSubtreeRoots).root()
  if (!Bytes.equalBytes(root, executedStateId)) {
    const found = HashValue.format(root)
    const claimed = HashValue.format(executedStateId)
    refuse("commit", "Inconsistent", `version ${version} leads to accumulator root ${found}, not to ${claimed}`)
  }
}

/** The accumulator leaves of transactions, one after the other. */
export const leafHashes = (transactions: Block["transactions"]): Uint8Array =>
  TransactionInfo.leafHashes(transactions.map(({ transactionInfo }) => transactionInfo))

/** The parts of a transaction in the order of a `V1` record. */
export const recordParts = (each: TransactionToCommit): ReadonlyArray<Uint8Array> => [
  each.transaction,
  each.auxiliaryInfo,
  each.transactionInfo,
  each.events,
  each.writeSet
]
