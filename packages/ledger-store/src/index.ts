/**
 * Ledger stores: what a node serves and a restore writes. The contracts, and adapters in memory and on LMDB.
 */
export * as GenesisBlock from "./GenesisBlock.ts"
export * as LedgerSink from "./LedgerSink.ts"
export * as LedgerStore from "./LedgerStore.ts"
export * as LedgerStoreError from "./LedgerStoreError.ts"
export * as LmdbLedgerStore from "./LmdbLedgerStore.ts"
export * as MemoryLedgerStore from "./MemoryLedgerStore.ts"
export * as RestoreTarget from "./RestoreTarget.ts"
export * as ServedLedger from "./ServedLedger.ts"
