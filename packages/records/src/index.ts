/**
 * Framed records over streams: batches of them, resuming, and the ledger's refusals as errors.
 */
export * as LedgerRefusal from "./LedgerRefusal.ts"
export * as Records from "./Records.ts"
export * as Resumption from "./Resumption.ts"
