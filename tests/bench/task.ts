/**
 * What a process of the bench is told to do, and what it found. Tasks travel as JSON on its command line.
 */
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as Schema from "effect/Schema"

/** Where a backup lies: a folder, written and read by us or by shell commands. */
export const Storage = Schema.Struct({
  directory: Schema.String,
  access: Schema.Literal("files", "cat", "gzip")
})

/** The backups that a task takes, one after the other. */
export const Backups = Schema.Struct({
  /** All epochs up to this one. */
  lastEpoch: Schema.Int,
  snapshotOfEpoch: Schema.optional(Schema.Int),
  /** All transactions up to this version. */
  lastVersion: Schema.optional(Schema.Int)
})

export const Task = Schema.Union(
  Schema.TaggedStruct("Hash", { inputs: Schema.Int, batch: Schema.Boolean }),
  Schema.TaggedStruct("Scan", {
    records: Schema.Literal("transactions", "state records"),
    directory: Schema.String
  }),
  Schema.TaggedStruct("Verify", {
    storage: Storage,
    count: Schema.Literal("epochs", "items", "transactions")
  }),
  Schema.TaggedStruct("Restore", {
    storage: Storage,
    /** Where the ledger store is made. */
    directory: Schema.String,
    count: Schema.Literal("items", "transactions")
  }),
  Schema.TaggedStruct("BackUp", {
    storage: Storage,
    address: Schema.String,
    backups: Backups,
    maxChunkBytes: Schema.Int,
    /** Not checked while it passes. */
    unchecked: Schema.Boolean
  }),
  Schema.TaggedStruct("SyncMetadata", {
    directory: Schema.String,
    entries: Schema.Int
  }),
  /** Grows a network into a new store. */
  Schema.TaggedStruct("Grow", { directory: Schema.String, options: DevnetOptions.DevnetOptions }),
  /** Serves a store. */
  Schema.TaggedStruct("Serve", {
    directory: Schema.String,
    what: Schema.Literal("state", "transactions", "range proofs")
  }),
  Schema.TaggedStruct("Size", { directory: Schema.String }),
  /** Packs the command line into the folder and asks it for help. */
  Schema.TaggedStruct("Start", { directory: Schema.String, starts: Schema.Int })
)

/** What the process that only counts is told to ask, and what it found. */
export const Asking = Schema.Struct({
  address: Schema.String,
  /** One after the other, and from the first on again. */
  paths: Schema.Array(Schema.String),
  requests: Schema.Int,
  connections: Schema.Int
})

export const Counted = Schema.Struct({
  answers: Schema.Int,
  bytes: Schema.Int,
  seconds: Schema.Number
})

export const Outcome = Schema.Struct({
  /** How many of what is counted: hashes, records, bytes. */
  amount: Schema.Int,
  /** What the amount is divided by: the seconds that the work took, or how many there are of what has a size. */
  per: Schema.Number,
  /** For the work alone, without the start of the process. */
  seconds: Schema.Number,
  cpuSeconds: Schema.Number,
  /** Largest resident memory of the process in its whole life. */
  peakBytes: Schema.Int
})

export type Asking = typeof Asking.Type
export type Counted = typeof Counted.Type
export type Storage = typeof Storage.Type
export type Task = typeof Task.Type
export type Outcome = typeof Outcome.Type
