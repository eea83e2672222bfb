/**
 * The errors of every ledger store, in one place.
 */
import * as Schema from "effect/Schema"

/**
 * - `NotAvailable`: the store has no such version, epoch or key: beyond its end, pruned, or never there.
 * - `Inconsistent`: what should be committed does not continue or does not match what the store holds.
 * - `Refused`: the store holds something else than what should come into it: another network, another state, more.
 * - `Corrupt`: what the store holds cannot be read back as what was written.
 * - `Io`: the medium failed.
 */
export const LedgerStoreErrorReason = Schema.Literal("NotAvailable", "Inconsistent", "Refused", "Corrupt", "Io")

/** A ledger store could not answer or refused to commit. */
export class LedgerStoreError
  extends Schema.TaggedError<LedgerStoreError>("@holdfast/ledger-store/LedgerStoreError")("LedgerStoreError", {
    operation: Schema.String,
    reason: LedgerStoreErrorReason,
    detail: Schema.String
  })
{
  override get message(): string {
    return `ledger store: ${this.operation}: ${this.detail}`
  }
}

/**
 * - `Missing`: there is no store to read.
 * - `Foreign`: the folder holds something else.
 * - `NewerFormat`: a newer version of this program made the store.
 * - `OtherNetwork`: the store holds the ledger of another network.
 * - `InUse`: another process, or another place in this one, writes to the store.
 * - `Corrupt`: the store's files are damaged.
 * - `Io`: the folder cannot be read or written.
 */
export const LedgerStoreOpenErrorReason = Schema.Literal(
  "Missing",
  "Foreign",
  "NewerFormat",
  "OtherNetwork",
  "InUse",
  "Corrupt",
  "Io"
)

/** A ledger store could not be opened. Nothing in its folder was changed. */
export class LedgerStoreOpenError
  extends Schema.TaggedError<LedgerStoreOpenError>("@holdfast/ledger-store/LedgerStoreOpenError")(
    "LedgerStoreOpenError",
    {
      directory: Schema.String,
      reason: LedgerStoreOpenErrorReason,
      detail: Schema.String
    }
  )
{
  override get message(): string {
    return `ledger store in ${this.directory}: ${this.detail}`
  }
}
