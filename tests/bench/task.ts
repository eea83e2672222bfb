/**
 * What a process of the bench is told to do, and what it found. Tasks travel as JSON on its command line.
 */
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
    maxChunkBytes: Schema.Int
  })
)

export const Outcome = Schema.Struct({
  /** How many of what is counted: hashes, records, bytes. */
  amount: Schema.Int,
  /** For the work alone, without the start of the process. */
  seconds: Schema.Number,
  cpuSeconds: Schema.Number,
  /** Largest resident memory of the process in its whole life. */
  peakBytes: Schema.Int
})

export type Storage = typeof Storage.Type
export type Task = typeof Task.Type
export type Outcome = typeof Outcome.Type
