/**
 * The first block of a ledger, from the genesis transaction that a network publishes.
 */
import * as Genesis from "@holdfast/ledger/Genesis"
import * as Option from "effect/Option"
import type { Block } from "./LedgerStore.ts"

/** `PersistedAuxiliaryInfo::None`: a genesis transaction has no auxiliary info. */
const noAuxiliaryInfo = Uint8Array.of(0)

/**
 * The block of a genesis transaction, which is given as its BCS. An empty store that commits the block begins the ledger
 * of the network, and belongs to that network from then on.
 *
 * Throws `BcsError` and `ProofError` (`BadGenesis`).
 */
export const make = (transaction: Uint8Array): Block => {
  const { events, ledgerInfo, transactionInfo, writeSet } = Genesis.make(transaction)
  return {
    firstVersion: 0,
    transactions: [{ transaction, auxiliaryInfo: noAuxiliaryInfo, transactionInfo, events, writeSet }],
    ledgerInfo: Option.some(ledgerInfo)
  }
}
