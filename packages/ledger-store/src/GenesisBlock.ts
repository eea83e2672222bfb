/**
 * The first block of a ledger, from what a network publishes of it.
 */
import * as Genesis from "@holdfast/ledger/Genesis"
import * as Option from "effect/Option"
import type { Block } from "./LedgerStore.ts"

/** `PersistedAuxiliaryInfo::None`: a genesis has none. */
const noAuxiliaryInfo = Uint8Array.of(0)

/**
 * The block of a genesis transaction (its BCS): committed to an empty store it begins the network's ledger, whose genesis
 * waypoint is the store's from then on.
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
