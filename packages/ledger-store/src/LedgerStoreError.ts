/**
 * The errors of every ledger store, in one place.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * - `NotAvailable`: the store has no such version, epoch or key: beyond its end, pruned, or never there.
 * - `Inconsistent`: what should be committed does not continue or does not match what the store holds.
 * - `Corrupt`: what the store holds cannot be read back as what was written.
 * - `Io`: the medium failed.
 *
 * @since 0.1.0
 * @category models
 */
export const LedgerStoreErrorReason = Schema.Literal("NotAvailable", "Inconsistent", "Corrupt", "Io")

/**
 * A ledger store could not answer or refused to commit.
 *
 * @since 0.1.0
 * @category errors
 */
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
