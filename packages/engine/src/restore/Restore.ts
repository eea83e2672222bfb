/**
 * Restores a ledger store from a storage: epoch endings, a state, transactions, with the checks of verify. Nothing counts in
 * the store before it is proven. However a restore ends, the next one continues from there.
 *
 * Source: the backup page of the specification, section 7.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as Accumulator from "@holdfast/ledger/Accumulator"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ImpossibleRequest, RestoreRefused } from "../base/EngineError.ts"
import { InvalidBackup } from "../base/EngineError.ts"
import * as EngineMetrics from "../base/EngineMetrics.ts"
import { epochEndingManifest, stateSnapshotManifest, transactionManifest } from "../verify/manifests.ts"
import { timestamped } from "../verify/progressMetrics.ts"
import { rootOfTrust, waypointAdvised } from "../verify/rootOfTrust.ts"
import { checkSameLedger } from "./restoredChainOfTrust.ts"
import * as RestorePlan from "./RestorePlan.ts"
import { defaults, type RestoreSettings } from "./RestoreSettings.ts"
import {
  beginRestoration,
  epochEndingSteps,
  loadView,
  type Restoration,
  restoreState,
  transactionSteps
} from "./restoreSteps.ts"

/** What a store holds after a restore. */
export interface RestoreReport {
  /** The last version. */
  readonly version: number
  /** The epoch of the latest ledger info. */
  readonly epoch: number
  readonly stateRoot: string
  readonly accumulatorRoot: string
  /** How many state items there are at the last version. */
  readonly items: number
  /** How many transactions the store holds. */
  readonly transactions: number
  /** The root of trust: `waypoint VERSION:HEX`, or `genesis`. */
  readonly trust: string
  readonly notes: ReadonlyArray<string>
  readonly seconds: number
}

export type RestoreError =
  | InvalidBackup
  | ImpossibleRequest
  | RestoreRefused
  | LedgerStoreError.LedgerStoreError
  | StorageError.StorageError

/** What a restore reads from and writes to. */
export type RestoreServices = BackupStorage.BackupStorage | LedgerStore.LedgerStore | RestoreTarget.RestoreTarget

/** Brings the store to the goal, from wherever the store stands. */
export const restore = (
  goal: RestorePlan.RestoreGoal = {},
  settings: RestoreSettings = {}
): Effect.Effect<RestoreReport, RestoreError, RestoreServices> =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    const { concurrentDownloads } = { ...defaults, ...settings }
    const target = yield* RestoreTarget.RestoreTarget
    const view = yield* loadView(concurrentDownloads)
    const plan = yield* RestorePlan.make(view, goal, yield* target.progress)
    const restoration = yield* beginRestoration(settings)
    const { history } = restoration
    const [oldest] = view.epochEndings
    if (oldest !== undefined && history.nextEpoch > 0) {
      yield* checkSameLedger(oldest.value.manifest, yield* epochEndingManifest(oldest), history)
    }
    yield* restoreEpochEndings(plan, restoration)
    const notes = trustNotes(restoration)

    if (plan.base !== undefined) {
      const manifest = yield* stateSnapshotManifest(plan.base)
      yield* restoreState(restoration, { manifestFile: plan.base.value.manifest, manifest }, "all")
    }

    const applied = restoreTransactions(plan, restoration)
    yield* goal.targetVersion !== undefined ? applied : Effect.catchIf(
      applied,
      (error) => error instanceof InvalidBackup && error.reason === "Unverifiable",
      // Nobody asked for this very version: the restore ends with what is proven.
      ({ message }) => Effect.sync(() => void notes.push(`restored as far as the epoch endings prove it: ${message}`))
    )
    return yield* reportOf(rootOfTrust(history).trust, notes, started)
  }).pipe(
    (run) => timestamped(EngineMetrics.restore, run, () => true),
    Effect.withSpan("Restore.restore")
  )

/** What the operator should know of the root of trust. */
const trustNotes = ({ history, settings }: Restoration): Array<string> => {
  const { untrustedGenesis } = rootOfTrust(history)
  return [
    ...untrustedGenesis === undefined ? [] : [waypointAdvised(untrustedGenesis)],
    ...settings.trustedWaypoints.filter((waypoint) => !history.matchedWaypoints.includes(waypoint)).map((waypoint) =>
      `the trusted waypoint ${Waypoint.format(waypoint)} was not reached: no epoch ending of its version came in`
    )
  ]
}

const restoreEpochEndings = (
  { epochEndings: backups, targetVersion }: RestorePlan.RestorePlan,
  restoration: Restoration
) =>
  Effect.gen(function*() {
    const lastEpoch = backups.at(-1)?.value.lastEpoch
    if (lastEpoch === undefined) return
    const step = yield* epochEndingSteps(restoration, lastEpoch, targetVersion)
    for (const backup of backups) {
      yield* step({ manifestFile: backup.value.manifest, manifest: yield* epochEndingManifest(backup) })
    }
  }).pipe(Effect.scoped)

const restoreTransactions = (
  { firstVersion, targetVersion, transactions: backups }: RestorePlan.RestorePlan,
  restoration: Restoration
) =>
  Effect.gen(function*() {
    const step = yield* transactionSteps(restoration, { first: firstVersion, last: targetVersion })
    let from = firstVersion
    for (const backup of backups) {
      yield* step({ manifestFile: backup.value.manifest, manifest: yield* transactionManifest(backup) }, from)
      from = backup.value.lastVersion + 1
    }
  }).pipe(Effect.scoped)

/** The report of what the store holds now. */
const reportOf = (trust: string, notes: ReadonlyArray<string>, started: number) =>
  Effect.gen(function*() {
    const store = yield* LedgerStore.LedgerStore
    const target = yield* RestoreTarget.RestoreTarget
    const { firstVersion } = yield* target.progress
    const { frozenSubtreeRoots, nextVersion, stateRoot } = yield* store.head
    const accumulator = new Accumulator.AccumulatorBuilder(
      HashValue.seeds.transactionAccumulator,
      nextVersion,
      frozenSubtreeRoots
    )
    const state = yield* store.dbState
    return {
      version: nextVersion - 1,
      epoch: Option.match(state, { onNone: () => 0, onSome: ({ epoch }) => epoch }),
      stateRoot: HashValue.format(stateRoot),
      accumulatorRoot: HashValue.format(accumulator.root()),
      items: yield* store.stateItemCount(nextVersion - 1),
      transactions: nextVersion - firstVersion,
      trust,
      notes,
      seconds: ((yield* Clock.currentTimeMillis) - started) / 1000
    }
  })
