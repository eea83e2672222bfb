/**
 * Verifies backups from a storage alone, without node or database: epoch endings from 0 on, state snapshots, and the
 * transactions of a range, by the rules of the formats page of the specification, section 9.
 *
 * What is wrong is collected in the report, and what could be checked beside it is still checked. Only what says nothing
 * about the backup (a storage that cannot be listed, no permission, no answer in time) fails.
 */
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { ImpossibleRequest, InvalidBackup } from "../base/EngineError.ts"
import * as EngineMetrics from "../base/EngineMetrics.ts"
import * as Progress from "../base/Progress.ts"
import { defaultMaxRecordBytes } from "../base/Settings.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import { check } from "../reading/backupFiles.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { timestamped } from "./progressMetrics.ts"
import { rootOfTrust, waypointAdvised, waypointRequired } from "./rootOfTrust.ts"
import { nowhere, type TransactionsEnd } from "./sinks.ts"
import { addInOrder, chunkRuns, skippedChunk, skippedSnapshot } from "./skippedParts.ts"
import type { VerifiedParts } from "./verifiedParts.ts"
import { epochEndingManifest, verifyEpochEndings } from "./verifyEpochEndings.ts"
import type { Fault, Unverified, VerifiedEpochEndings, VerifiedStateSnapshot, VerifyReport } from "./VerifyReport.ts"
import { stateSnapshotManifest, verifyStateSnapshot } from "./verifyStateSnapshot.ts"
import { type CheckedChunk, transactionManifest, verifyTransactions } from "./verifyTransactions.ts"
import { UnprovenRanges, VerifiedRange } from "./versionRanges.ts"

/** What to verify. Everything that is there, unless a bound says otherwise. */
export interface VerifyRequest {
  /** Each stands for the signature of the epoch ending of its version. */
  readonly trustedWaypoints: ReadonlyArray<Waypoint.Waypoint>
  /** Refuse to take epoch 0 as it stands. */
  readonly requireWaypoint: boolean
  /** First version of the transactions to check. */
  readonly startVersion: number
  /** Last version of the transactions to check; `undefined`: as far as there are. */
  readonly endVersion: number | undefined
  /** The newest snapshot at or before this version is checked; `undefined`: the newest of all. */
  readonly stateSnapshotBeforeVersion: number | undefined
  /** Check every snapshot, not just one. */
  readonly allSnapshots: boolean
  /** Check no chain of trust: then no proof is verified further than to its own ledger info. */
  readonly skipEpochEndings: boolean
  /** Whatever could not be checked is an error. */
  readonly strict: boolean
  /** Files that are downloaded at a time. */
  readonly concurrentDownloads: number
  /** A record larger than this is refused. Bytes. */
  readonly maxRecordBytes: number
}

/** Verify all there is. */
export const everything: VerifyRequest = {
  trustedWaypoints: [],
  requireWaypoint: false,
  startVersion: 0,
  endVersion: undefined,
  stateSnapshotBeforeVersion: undefined,
  allSnapshots: false,
  skipEpochEndings: false,
  strict: false,
  concurrentDownloads: 4,
  maxRecordBytes: defaultMaxRecordBytes
}

/** What has been found so far. */
interface Findings {
  readonly errors: Array<InvalidBackup>
  readonly unverified: Array<Unverified>
  readonly notes: Array<string>
}

/**
 * Verifies what the request asks for. Parts that earlier runs verified are skipped; parts that this run verifies are added to them. Transactions that
 * are read go to their end, too. Fails with `ImpossibleRequest` and `StorageError`, and with the errors of that end; an invalid
 * backup is a report whose `ok` is false.
 */
export const verify = <E = never>(
  request: VerifyRequest,
  verified?: VerifiedParts,
  end: TransactionsEnd<E> = nowhere.transactions
): Effect.Effect<VerifyReport, E | ImpossibleRequest | StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    yield* checkRequest(request)
    const started = yield* Clock.currentTimeMillis
    const { description } = yield* BackupStorage.BackupStorage
    const view = yield* MetadataView.load({ concurrency: request.concurrentDownloads })
    const findings: Findings = { errors: [...view.problems], unverified: [], notes: [] }
    if (view.epochEndings.length + view.stateSnapshots.length + view.transactions.length === 0) {
      findings.errors.push(
        new InvalidBackup({
          file: "metadata",
          reason: "Gap",
          detail: `no backup is listed in ${description}; is it the right storage, and may it be listed?`
        })
      )
    }
    const history = new EpochHistory.EpochHistory(request.trustedWaypoints)
    const epochEndings = yield* allEpochEndings(request, view, history, findings)
    if (verified?.anchorTo(history) === false) findings.notes.push(otherChain)
    const stateSnapshots = yield* someSnapshots(request, view, history, findings, verified)
    const transactions = yield* transactionRange(request, view, history, findings, verified, end)
    if (verified !== undefined) findings.notes.push(...verified.notes())
    noteReach(view, findings)
    const trust = trustOf(request, history, findings)

    const errors = findings.errors.map(faultOf)
    if (request.strict) {
      for (const { what, why } of findings.unverified) {
        errors.push(faultOf(new InvalidBackup({ file: what, reason: "Unverifiable", detail: `not verified: ${why}` })))
      }
    }
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

const faultOf = (error: InvalidBackup): Fault => ({
  tag: error._tag,
  reason: error.reason,
  file: error.file,
  message: error.message,
  ...(error.hint === undefined ? {} : { hint: error.hint })
})

const checkRequest = (request: VerifyRequest): Effect.Effect<void, ImpossibleRequest> => {
  const seen = new Map<number, Waypoint.Waypoint>()
  for (const waypoint of request.trustedWaypoints) {
    const other = seen.get(waypoint.version)
    if (other !== undefined && Waypoint.format(other) !== Waypoint.format(waypoint)) {
      return new ImpossibleRequest({
        detail: `two trusted waypoints for version ${waypoint.version}: ${Waypoint.format(other)} and ${
          Waypoint.format(waypoint)
        }`
      })
    }
    seen.set(waypoint.version, waypoint)
  }
  if (request.endVersion !== undefined && request.endVersion < request.startVersion) {
    return new ImpossibleRequest({ detail: `no versions from ${request.startVersion} up to ${request.endVersion}` })
  }
  return Effect.void
}

const streamOptions = (request: VerifyRequest): ChunkStreamOptions => ({
  ahead: request.concurrentDownloads,
  maxRecordBytes: request.maxRecordBytes,
  reached: EngineMetrics.verify
})

/** Runs a part; a fault of the backup goes to the findings. True if there was none. */
const collect = <E, R>(
  part: Effect.Effect<void, E | InvalidBackup, R>,
  findings: Findings
): Effect.Effect<boolean, Exclude<E | InvalidBackup, InvalidBackup>, R> =>
  part.pipe(
    Effect.as(true),
    Effect.catchIf((error): error is InvalidBackup => error instanceof InvalidBackup, (fault) =>
      Effect.sync(() => {
        findings.errors.push(fault)
        return false
      }))
  )

const allEpochEndings = (
  request: VerifyRequest,
  view: MetadataView.MetadataView,
  history: EpochHistory.EpochHistory,
  findings: Findings
) =>
  Effect.gen(function*() {
    const last = MetadataView.storageState(view).latestEpochEndingEpoch
    if (request.skipEpochEndings) {
      if (last !== undefined) {
        findings.unverified.push({ what: `epoch endings 0 to ${last}`, why: "skipped, as was asked for" })
      }
      return null
    }
    if (last === undefined) return null
    const { backups, gap } = MetadataView.coveringEpochEndings(view, 0, last)
    noteRedundant("epoch-ending", view.epochEndings, backups, gap, findings)
    const tracker = yield* Progress.begin({ what: `epoch endings 0 to ${last}`, unit: "epochs", total: last + 1 })
    let whole = true
    for (const backup of backups) {
      const checked = Effect.flatMap(epochEndingManifest(backup), (manifest) =>
        verifyEpochEndings(
          backup.value.manifest,
          manifest,
          0,
          history,
          tracker,
          nowhere.epochEndings,
          streamOptions(request)
        ))
      whole = yield* collect(checked, findings)
      // Only what is signed stays in the history, also where something else went wrong before that was checked.
      if (!whole) yield* collect(check(backup.value.manifest, () => history.settle()), findings)
      if (!whole) break
    }
    if (whole && gap !== undefined) findings.errors.push(gap)
    return verifiedEpochs(history)
  }).pipe(Effect.scoped)

const verifiedEpochs = (history: EpochHistory.EpochHistory): VerifiedEpochEndings | null =>
  history.nextEpoch === 0
    ? null
    : { firstEpoch: 0, lastEpoch: history.nextEpoch - 1, lastVersion: history.lastVersion, verified: history.nextEpoch }

/** Why a proof by that epoch could not be verified. */
const beyondHistory = (request: VerifyRequest, history: EpochHistory.EpochHistory, epochs: string): string =>
  request.skipEpochEndings
    ? "the epoch endings were skipped, as was asked for"
    : history.nextEpoch === 0
    ? `it is proven by ${epochs}, and no epoch ending is known`
    : `it is proven by ${epochs}; the known epochs end with ${history.nextEpoch - 1}`

const someSnapshots = (
  request: VerifyRequest,
  view: MetadataView.MetadataView,
  history: EpochHistory.EpochHistory,
  findings: Findings,
  parts: VerifiedParts | undefined
) =>
  Effect.gen(function*() {
    const before = request.stateSnapshotBeforeVersion ?? Number.MAX_SAFE_INTEGER
    const eligible = view.stateSnapshots.filter((each) => each.value.version <= before)
    const chosen = request.allSnapshots ? eligible : eligible.slice(-1)
    if (chosen.length === 0 && request.stateSnapshotBeforeVersion !== undefined) {
      findings.errors.push(
        new InvalidBackup({
          file: "metadata",
          reason: "Gap",
          detail: `no state snapshot at or before version ${before}`
        })
      )
    }
    const others = view.stateSnapshots.length - chosen.length
    if (others > 0) {
      findings.notes.push(
        `${others} other state snapshot${others === 1 ? " was" : "s were"} not asked for`
      )
    }
    const verified: Array<VerifiedStateSnapshot> = []
    for (const backup of chosen) {
      const checked = Effect.flatMap(stateSnapshotManifest(backup), (manifest) =>
        parts?.skipsSnapshot(manifest) === true ? Effect.succeed(skippedSnapshot(manifest)) : verifyStateSnapshot(
          backup.value.manifest,
          manifest,
          history,
          () =>
            Effect.succeed(nowhere.state),
          streamOptions(request)
        ).pipe(Effect.tap(({ trusted }) => Effect.sync(() => trusted && parts?.addSnapshot(manifest)))))
      yield* collect(
        Effect.map(checked, ({ snapshot, trusted }) => {
          if (trusted) {
            verified.push(snapshot)
          } else {
            findings.unverified.push({
              what: `state snapshot of epoch ${snapshot.epoch}, version ${snapshot.version}`,
              why: beyondHistory(request, history, `epoch ${snapshot.epoch}`)
            })
          }
        }),
        findings
      )
    }
    return verified
  })

const transactionRange = <E>(
  request: VerifyRequest,
  view: MetadataView.MetadataView,
  history: EpochHistory.EpochHistory,
  findings: Findings,
  parts: VerifiedParts | undefined,
  end: TransactionsEnd<E>
) =>
  Effect.gen(function*() {
    const newest = MetadataView.storageState(view).latestTransactionVersion
    const first = request.startVersion
    const last = request.endVersion ?? newest
    if (last === undefined) return null
    if (newest === undefined || newest < first) {
      findings.errors.push(
        new InvalidBackup({
          file: "metadata",
          reason: "Gap",
          detail: newest === undefined
            ? `no transactions, though versions ${first} to ${last} are asked for`
            : `the transactions end with version ${newest}, before version ${first} that is asked for`
        })
      )
      return null
    }
    const { backups, gap } = MetadataView.coveringTransactions(view, first, last)
    const inRange = view.transactions.filter(({ value }) => value.lastVersion >= first && value.firstVersion <= last)
    noteRedundant("transaction", inRange, backups, gap, findings)
    const tracker = yield* Progress.begin({
      what: `transactions ${first} to ${last}`,
      unit: "transactions",
      total: last - first + 1
    })

    const verified = new VerifiedRange(first, last)
    const unproven = new UnprovenRanges()
    const done = (chunk: CheckedChunk) => chunk.trusted ? verified.add(chunk) : unproven.add(chunk)
    let next = first
    let whole = true
    for (const backup of backups) {
      const range = { first: next, last }
      const checked = Effect.flatMap(transactionManifest(backup), (manifest) =>
        Effect.forEach(chunkRuns(manifest, range, parts), ({ chunks, isSkipped }) => {
          if (isSkipped) {
            return Effect.sync(() =>
              chunks.forEach((chunk) => done(skippedChunk(chunk)))
            )
          }
          const add = addInOrder(chunks, parts)
          return verifyTransactions(
            backup.value.manifest,
            { ...manifest, chunks },
            range,
            history,
            tracker,
            (chunk) => {
              done(chunk)
              add(chunk)
            },
            end,
            streamOptions(request)
          )
        }, { discard: true }))
      whole = yield* collect(checked, findings)
      if (!whole) break
      next = backup.value.lastVersion + 1
    }
    if (whole && gap !== undefined) findings.errors.push(gap)
    for (const { epochs, firstVersion, lastVersion } of unproven.ranges) {
      findings.unverified.push({
        what: `transactions ${firstVersion} to ${lastVersion}`,
        why: beyondHistory(
          request,
          history,
          epochs[0] === epochs[1] ? `epoch ${epochs[0]}` : `epochs ${epochs[0]} to ${epochs[1]}`
        )
      })
    }
    return verified.result()
  }).pipe(Effect.scoped)

/** Backups that are not needed since others hold the same range. */
const noteRedundant = <A extends { readonly manifest: string }>(
  kind: string,
  all: ReadonlyArray<MetadataView.Located<A>>,
  chosen: ReadonlyArray<MetadataView.Located<A>>,
  gap: InvalidBackup | undefined,
  findings: Findings
): void => {
  if (gap !== undefined) return
  const unused = all.filter((each) => !chosen.includes(each))
  for (const { value } of unused) {
    findings.notes.push(`the ${kind} backup ${value.manifest} was not checked: others hold the same range`)
  }
}

/** A storage whose parts reach differently far is normal for a while; an operator wants to know. */
const noteReach = (view: MetadataView.MetadataView, findings: Findings): void => {
  const transactions = newestOf(view.transactions, (value) => value.lastVersion)
  const epochEndings = newestOf(view.epochEndings, (value) => value.lastVersion)
  const snapshot = newestOf(view.stateSnapshots, (value) => value.version)
  const behind = (what: string, version: number | undefined) => {
    if (version !== undefined && version > (transactions ?? -1)) {
      findings.notes.push(
        `${what} version ${version}, ${
          transactions === undefined ? "but there are no transactions" : `the transactions only version ${transactions}`
        }`
      )
    }
  }
  behind("the epoch endings reach", epochEndings)
  behind("the newest state snapshot is of", snapshot)
}

const newestOf = <A>(
  backups: ReadonlyArray<MetadataView.Located<A>>,
  version: (value: A) => number
): number | undefined =>
  backups.reduce<number | undefined>((newest, { value }) => Math.max(newest ?? 0, version(value)), undefined)

const trustOf = (request: VerifyRequest, history: EpochHistory.EpochHistory, findings: Findings): string => {
  const { trust, untrustedGenesis } = rootOfTrust(history)
  if (untrustedGenesis !== undefined) {
    if (request.requireWaypoint) findings.errors.push(waypointRequired(untrustedGenesis))
    else findings.notes.push(waypointAdvised(untrustedGenesis))
  }
  if (!request.skipEpochEndings) {
    for (const waypoint of request.trustedWaypoints) {
      if (!history.matched.includes(waypoint)) {
        findings.unverified.push({
          what: `trusted waypoint ${Waypoint.format(waypoint)}`,
          why: `no epoch ending of version ${waypoint.version} was checked`
        })
      }
    }
  }
  return trust
}
