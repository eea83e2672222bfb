export * as LedgerStore from "./LedgerStore.ts"
export * as LmdbLedgerStore from "./LedgerStore/Lmdb.ts"
export * as MemoryLedgerStore from "./LedgerStore/Memory.ts"
export * as LedgerStoreError from "./LedgerStoreError.ts"
