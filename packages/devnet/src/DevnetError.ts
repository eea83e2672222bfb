/**
 * The errors of a development network.
 */
import * as Schema from "effect/Schema"

/**
 * - `OtherLedger`: the store holds the ledger of another network, or lacks the beginning of the ledger.
 * - `NotAtBlockEnd`: the store ends within a block, or has no ledger info for its newest version.
 */
export const DevnetErrorReason = Schema.Literal("OtherLedger", "NotAtBlockEnd")

/** A network cannot grow in the given store. */
export class DevnetError extends Schema.TaggedError<DevnetError>("@holdfast/devnet/DevnetError")("DevnetError", {
  reason: DevnetErrorReason,
  detail: Schema.String
}) {
  override get message(): string {
    return `development network: ${this.detail}; use an empty store, or a store that began with the same options`
  }
}
