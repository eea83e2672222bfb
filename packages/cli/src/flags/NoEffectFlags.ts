/**
 * Flags of today's tool about its database or its virtual machine, which do not exist here. A command accepts such a flag so
 * that a command line need not be rewritten, and the flag has no effect.
 */
import type * as Option from "effect/Option"
import * as Flag from "./Flag.ts"
import * as Values from "./Values.ts"

const description = "No effect here; accepted since today's tool has it"
const noEffect = { hasNoEffect: true } as const

/** A flag that takes a value. */
export const value = (name: string): Flag.Flag<Option.Option<string>> =>
  Flag.optional(name, Values.text("VALUE"), description, noEffect)

/** A flag that takes none. */
export const toggle = (name: string): Flag.Flag<boolean> => Flag.toggle(name, description, noEffect)

/** How the database and the execution of a restore are tuned. */
export const ofRestore = {
  replayConcurrencyLevel: value("replay-concurrency-level"),
  enableStateIndices: toggle("enable-state-indices"),
  enableStorageSharding: toggle("enable-storage-sharding"),
  ledgerDbMaxOpenFiles: value("ledger-db-max-open-files"),
  ledgerDbMaxTotalWalSize: value("ledger-db-max-total-wal-size"),
  stateMerkleDbMaxOpenFiles: value("state-merkle-db-max-open-files"),
  stateMerkleDbMaxTotalWalSize: value("state-merkle-db-max-total-wal-size"),
  stateKvDbMaxOpenFiles: value("state-kv-db-max-open-files"),
  stateKvDbMaxTotalWalSize: value("state-kv-db-max-total-wal-size"),
  indexDbMaxOpenFiles: value("index-db-max-open-files"),
  indexDbMaxTotalWalSize: value("index-db-max-total-wal-size"),
  maxBackgroundJobs: value("max-background-jobs"),
  blockCacheSize: value("block-cache-size")
}
