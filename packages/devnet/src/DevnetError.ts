/**
 * The errors of a development network.
 */
import * as Schema from "effect/Schema"

/**
 * - `OtherLedger`: the store holds a ledger that is not this network's, or not from its beginning.
 * - `NotAtBlockEnd`: the store ends within a block, or has no ledger info for its newest version.
 */
export const DevnetErrorReason = Schema.Literal("OtherLedger", "NotAtBlockEnd")

/** A network cannot grow in the store it was given. */
export class DevnetError extends Schema.TaggedError<DevnetError>("@holdfast/devnet/DevnetError")("DevnetError", {
  reason: DevnetErrorReason,
  detail: Schema.String
}) {
  override get message(): string {
    return `development network: ${this.detail}; give it an empty store, or the one and the options it began with`
  }
}
