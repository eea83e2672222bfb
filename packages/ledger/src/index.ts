/**
 * Aptos-format ledgers as facts: pure functions over bytes.
 *
 * @since 0.1.0
 */
export * as AccountAddress from "./AccountAddress.ts"
export * as Bcs from "./Bcs.ts"
export * as BcsError from "./BcsError.ts"
export * as BcsReader from "./BcsReader.ts"
export * as BcsWriter from "./BcsWriter.ts"
export * as Bytes from "./Bytes.ts"
export * as HashValue from "./HashValue.ts"
export * as LedgerInfo from "./LedgerInfo.ts"
export * as Proofs from "./Proofs.ts"
export * as Sha3 from "./Sha3.ts"
export * as TransactionInfo from "./TransactionInfo.ts"
