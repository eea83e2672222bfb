/**
 * The errors of every ledger store.
 */
import * as Schema from "effect/Schema"

/**
 * - `NotAvailable`: the store has no such version, epoch or key: not yet committed, pruned, or never there.
 * - `Inconsistent`: data to write do not continue the ledger, or contradict it.
 * - `Refused`: the store belongs to another network, or holds another state or a ledger already.
 * - `Corrupt`: the store reads back something else than was written.
 * - `Io`: the medium failed.
 */
export const LedgerStoreErrorReason = Schema.Literal("NotAvailable", "Inconsistent", "Refused", "Corrupt", "Io")

/** A ledger store cannot answer, or refuses to write. `operation` is a noun: `state items`. */
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
 * - `Missing`: the folder holds no store to read.
 * - `Foreign`: the folder holds something other than a store.
 * - `NewerFormat`: a newer version of this program made the store.
 * - `OtherNetwork`: the store holds the ledger of another network.
 * - `InUse`: another writer, in this process or another one, has the store open.
 * - `Corrupt`: the files of the store are damaged.
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

/** A ledger store cannot be opened. Its folder is unchanged. */
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
