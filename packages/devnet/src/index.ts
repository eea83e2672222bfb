/**
 * A development network, grown into a ledger store.
 */
export * as Devnet from "./Devnet.ts"
export * as DevnetError from "./DevnetError.ts"
export * as DevnetOptions from "./DevnetOptions.ts"
export * as Summary from "./Summary.ts"
