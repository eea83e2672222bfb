import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import { RestoreRefused } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import type * as Manifest from "../format/Manifest.ts"
import { corruptIn, storeBatches, takeEndings } from "../verify/ledgerStoreRecords.ts"

const corrupt = corruptIn("epoch endings")

/**
 * The chain of trust that the store holds. Its signatures are checked again: a waypoint that is trusted now may not have
 * been trusted when the store took the epoch endings.
 */
export const restoredHistory = (
  trustedWaypoints: ReadonlyArray<Waypoint.Waypoint>
): Effect.Effect<
  EpochHistory.EpochHistory,
  RestoreRefused | LedgerStoreError.LedgerStoreError,
  RestoreTarget.RestoreTarget
> =>
  Effect.gen(function*() {
    const target = yield* RestoreTarget.RestoreTarget
    const history = new EpochHistory.EpochHistory(trustedWaypoints)
    const { nextEpoch } = yield* target.progress
    const tracker = yield* Progress.begin({ what: "epoch endings in the store", unit: "epochs", total: nextEpoch })
    yield* takeEndings(history, storeBatches(target.epochEndings, corrupt), (refusal) =>
      refusal._tag === "ProofError"
        ? new RestoreRefused({ detail: `the epoch endings in the store do not hold: ${refusal.message}` })
        : corrupt(refusal), tracker)
    return history
  }).pipe(Effect.scoped)

/** Refuses a backup of another ledger than that of the store, as far as the manifest tells. */
export const checkSameLedger = (
  manifestFile: string,
  { firstEpoch: first, waypoints }: Manifest.EpochEndingManifest,
  history: EpochHistory.EpochHistory
): Effect.Effect<void, RestoreRefused> => {
  for (const [index, listed] of waypoints.entries()) {
    const known = history.waypointOf(first + index)
    if (known === undefined) break
    if (Waypoint.format(known) !== listed) {
      return new RestoreRefused({
        detail:
          `the store holds another ledger: its epoch ${first + index} ends with waypoint ${Waypoint.format(known)}, `
          + `in ${manifestFile} with ${listed}`
      })
    }
  }
  return Effect.void
}
