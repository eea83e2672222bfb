/**
 * Framed records over streams: batches of them, resuming, and the ledger's refusals as errors.
 */
export * as Records from "./Records.ts"
export * as Refusal from "./Refusal.ts"
export * as Resumption from "./Resumption.ts"
