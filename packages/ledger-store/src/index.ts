export * as LedgerStore from "./LedgerStore.ts"
export * as LedgerStoreError from "./LedgerStoreError.ts"
