/**
 * Flags of today's tool that say something of its database or its virtual machine, which are not here: they are taken, so
 * that a command line need not be rewritten, and a warning says that they change nothing.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Flag from "./Flag.ts"
import * as Values from "./Values.ts"

const description = "Changes nothing here; taken since today's tool has it"

/** A flag that takes a value. */
export const value = (name: string): Flag.Flag<Option.Option<string>> =>
  Flag.ignored(Flag.optional({ name, placeholder: "VALUE", description, parse: Values.anyText }))

/** A flag that takes none. */
export const toggle = (name: string): Flag.Flag<boolean> => Flag.ignored(Flag.toggle(name, description))

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

/** The values of these flags. */
export type Given = { readonly [Name in keyof typeof ofRestore]: boolean | Option.Option<string> }

/** Warns of those that were given. */
export const warn = (flags: Given): Effect.Effect<void> => {
  const given = Object.entries(ofRestore).flatMap(([name, { shape }]) => {
    const found = Object.entries(flags).find(([each]) => each === name)?.[1]
    return found === true || (Option.isOption(found) && Option.isSome(found)) ? [shape.name] : []
  })
  return given.length === 0
    ? Effect.void
    : Effect.logWarning(`${given.join(", ")}: without meaning here, so nothing changes; the database is another one`)
}
