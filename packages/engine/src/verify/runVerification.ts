import type { TransactionSink } from "@holdfast/ledger-store/LedgerSink"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type ImpossibleRequest, InvalidBackup } from "../base/EngineError.ts"
import * as EngineMetrics from "../base/EngineMetrics.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type { VerifiedParts } from "./partsToSkip.ts"
import { timestamped } from "./progressMetrics.ts"
import { rootOfTrust, waypointAdvised, waypointRequired } from "./rootOfTrust.ts"
import { complete, Findings, type Verification } from "./verificationState.ts"
import { verifyChain } from "./verifyChain.ts"
import { verifyRange } from "./verifyRange.ts"
import type { Fault, VerifyReport } from "./VerifyReport.ts"
import type { VerifyRequest } from "./VerifyRequest.ts"
import { verifySnapshots } from "./verifySnapshots.ts"

/**
 * Verifies what the request asks for. Transactions go to the sink. An incremental verification skips what `parts` holds of
 * earlier runs, and adds what this run verifies.
 */
export const runVerification = <E>(
  request: VerifyRequest,
  sink: TransactionSink<E>,
  parts?: VerifiedParts
): Effect.Effect<VerifyReport, E | ImpossibleRequest | StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    const verification = yield* begin(request, parts)
    const { findings, history, request: { strict } } = verification
    const epochEndings = yield* verifyChain(verification)
    if (parts?.anchorTo(history) === false) findings.notes.push(otherChain)
    const stateSnapshots = yield* verifySnapshots(verification)
    const transactions = yield* verifyRange(verification, sink)
    if (parts !== undefined) findings.notes.push(...parts.notes())
    addReach(verification)
    const trust = trustOf(verification)
    const errors = (strict ? [...findings.errors, ...unverifiedErrors(verification)] : findings.errors).map(faultOf)
    return {
      ok: errors.length === 0,
      trust,
      epochEndings,
      stateSnapshot: stateSnapshots.at(-1) ?? null,
      stateSnapshots,
      transactions,
      unverified: findings.unverified,
      notes: findings.notes,
      errors,
      seconds: ((yield* Clock.currentTimeMillis) - started) / 1000
    }
  }).pipe(
    Effect.tap(({ errors, unverified }) =>
      Effect.zipRight(
        Metric.set(EngineMetrics.verifyResult.errors, errors.length),
        Metric.set(EngineMetrics.verifyResult.unverified, unverified.length)
      )
    ),
    (run) => timestamped(EngineMetrics.verify, run, ({ ok }) => ok),
    Effect.withSpan("Verify.verify")
  )

const otherChain = "the chain of trust is not the one that earlier verifications followed, so nothing is passed over"

const begin = (incomplete: VerifyRequest, parts: VerifiedParts | undefined) =>
  Effect.gen(function*() {
    const request = yield* complete(incomplete)
    const { description } = yield* BackupStorage.BackupStorage
    const view = yield* MetadataView.load({ concurrency: request.concurrentDownloads })
    const findings = new Findings(view.problems)
    if (view.epochEndings.length + view.stateSnapshots.length + view.transactions.length === 0) {
      findings.addGap(`no backup is listed in ${description}; is it the right storage, and may it be listed?`)
    }
    const history = new EpochHistory.EpochHistory(request.trustedWaypoints)
    return { request, view, history, findings, parts }
  })

const faultOf = (error: InvalidBackup): Fault => ({
  tag: error._tag,
  reason: error.reason,
  file: error.file,
  message: error.message,
  ...(error.hint === undefined ? {} : { hint: error.hint })
})

/** In a strict verification all that could not be verified is an error. */
const unverifiedErrors = ({ findings }: Verification): ReadonlyArray<InvalidBackup> =>
  findings.unverified.map(({ what, why }) =>
    new InvalidBackup({ file: what, reason: "Unverifiable", detail: `not verified: ${why}` })
  )

/** Parts of a storage may reach differently far for a while. A note tells the operator. */
const addReach = ({ findings, view }: Verification): void => {
  const transactions = newestOf(view.transactions, (value) => value.lastVersion)
  const epochEndings = newestOf(view.epochEndings, (value) => value.lastVersion)
  const snapshot = newestOf(view.stateSnapshots, (value) => value.version)
  const ahead = (what: string, version: number | undefined) => {
    if (version === undefined || version <= (transactions ?? -1)) return
    const reach = transactions === undefined
      ? "but there are no transactions"
      : `the transactions only version ${transactions}`
    findings.notes.push(`${what} version ${version}, ${reach}`)
  }
  ahead("the epoch endings reach", epochEndings)
  ahead("the newest state snapshot is of", snapshot)
}

const newestOf = <A>(
  backups: ReadonlyArray<MetadataView.Located<A>>,
  version: (value: A) => number
): number | undefined =>
  backups.reduce<number | undefined>((newest, { value }) => Math.max(newest ?? 0, version(value)), undefined)

/** The root of trust, as in the report. */
const trustOf = ({ findings, history, request }: Verification): string => {
  const { trust, untrustedGenesis } = rootOfTrust(history)
  if (untrustedGenesis !== undefined) {
    if (request.requireWaypoint) findings.errors.push(waypointRequired(untrustedGenesis))
    else findings.notes.push(waypointAdvised(untrustedGenesis))
  }
  if (!request.skipEpochEndings) {
    for (const waypoint of request.trustedWaypoints) {
      if (!history.matchedWaypoints.includes(waypoint)) {
        findings.unverified.push({
          what: `trusted waypoint ${Waypoint.format(waypoint)}`,
          why: `no epoch ending of version ${waypoint.version} was checked`
        })
      }
    }
  }
  return trust
}
