import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Records from "@holdfast/records/Records"
import * as Refusal from "@holdfast/records/Refusal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { RestoreRefused } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import { defaultMaxRecordBytes } from "../base/Settings.ts"
import type * as Manifest from "../format/Manifest.ts"

const corrupt = (detail: string) =>
  new LedgerStoreError.LedgerStoreError({ operation: "epoch endings", reason: "Corrupt", detail })

/** The chain of trust that a store holds, checked again: a waypoint that is trusted now may not have been before. */
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
    const checked = <A>(run: () => A) =>
      Refusal.attempt(run, (refusal) =>
        refusal._tag === "ProofError"
          ? new RestoreRefused({ detail: `the epoch endings in the store do not hold: ${refusal.message}` })
          : corrupt(refusal.message))
    const batches = Records.batches(target.epochEndings, {
      maxRecordBytes: defaultMaxRecordBytes,
      refused: (error) => corrupt(error.message)
    })
    const { nextEpoch } = yield* target.progress
    const tracker = yield* Progress.begin({ what: "epoch endings in the store", unit: "epochs", total: nextEpoch })
    yield* Stream.runForEach(batches, (batch) =>
      checked(() => {
        for (const record of Frames.recordsOf(batch)) history.push(record.slice())
        tracker.done += batch.count
        tracker.bytes += batch.bytes.length
      }))
    yield* checked(() => history.settle())
    return history
  }).pipe(Effect.scoped)

/** Refuses a backup of another ledger than the one that the store holds, as far as its manifest tells. */
export const checkSameLedger = (
  file: string,
  { firstEpoch: first, waypoints }: Manifest.EpochEndingManifest,
  history: EpochHistory.EpochHistory
): Effect.Effect<void, RestoreRefused> => {
  for (const [index, listed] of waypoints.entries()) {
    const known = history.ending(first + index)
    if (known === undefined) break
    if (Waypoint.format(known) !== listed) {
      return new RestoreRefused({
        detail:
          `the store holds another ledger: its epoch ${first + index} ends with waypoint ${Waypoint.format(known)}, `
          + `in ${file} with ${listed}`
      })
    }
  }
  return Effect.void
}
