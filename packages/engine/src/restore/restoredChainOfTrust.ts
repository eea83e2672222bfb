import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as BcsError from "@holdfast/ledger/BcsError"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as ProofError from "@holdfast/ledger/ProofError"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { RestoreRefused } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import { defaultMaxRecordBytes } from "../base/Settings.ts"
import type * as Manifest from "../format/Manifest.ts"
import { records } from "../reading/records.ts"

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
    const checked = (run: () => void) =>
      Effect.suspend((): Effect.Effect<void, RestoreRefused | LedgerStoreError.LedgerStoreError> => {
        try {
          run()
          return Effect.void
        } catch (error) {
          if (error instanceof BcsError.BcsError) return Effect.fail(corrupt(error.message))
          if (error instanceof ProofError.ProofError) {
            return new RestoreRefused({ detail: `the epoch endings in the store do not hold: ${error.message}` })
          }
          return Effect.die(error)
        }
      })
    const batches = records(target.epochEndings, defaultMaxRecordBytes, (error) => corrupt(error.message))
    const { nextEpoch } = yield* target.progress
    const tracker = yield* Progress.begin({ what: "epoch endings in the store", unit: "epochs", total: nextEpoch })
    yield* Stream.runForEach(batches, (batch) =>
      checked(() => {
        for (let index = 0; index < batch.count; index++) {
          history.push(batch.bytes.slice(batch.starts[index], batch.ends[index]))
        }
        tracker.done += batch.count
        tracker.bytes += batch.bytes.length
      }))
    yield* checked(() => history.settle())
    return history
  }).pipe(Effect.scoped)

/** Refuses a backup of another ledger than the one that the store holds, as far as its manifest tells. */
export const checkSameLedger = (
  file: string,
  { first_epoch: first, waypoints }: Manifest.EpochEndingManifest,
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
