/**
 * What a node serves and a restore writes: the contract, and its adapters in memory and on LMDB.
 *
 * @since 0.1.0
 */
export * as GenesisBlock from "./GenesisBlock.ts"
export * as LedgerStore from "./LedgerStore.ts"
export * as LmdbLedgerStore from "./LedgerStore/Lmdb.ts"
export * as MemoryLedgerStore from "./LedgerStore/Memory.ts"
export * as LedgerStoreError from "./LedgerStoreError.ts"
export * as RestoreTarget from "./RestoreTarget.ts"
