/**
 * Restores a ledger store from a storage: epoch endings, a state, transactions, by the checks of verify. Nothing counts in
 * the store before it is proven; whatever ends a restore, it goes on from there when it is run again.
 *
 * Source: the backup page of the specification, section 7.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as Accumulator from "@holdfast/ledger/Accumulator"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
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
import * as Progress from "../base/Progress.ts"
import { defaultMaxRecordBytes } from "../base/Settings.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { timestamped } from "../verify/progressMetrics.ts"
import { rootOfTrust, waypointAdvised } from "../verify/rootOfTrust.ts"
import { epochEndingManifest } from "../verify/verifyEpochEndings.ts"
import { stateSnapshotManifest } from "../verify/verifyStateSnapshot.ts"
import { transactionManifest } from "../verify/verifyTransactions.ts"
import { checkSameLedger, restoredHistory } from "./restoredChainOfTrust.ts"
import * as RestorePlan from "./RestorePlan.ts"
import { restoreEpochEndings, restoreState, restoreTransactions } from "./restoreSteps.ts"

/** How to read and whom to trust, in every kind of restore. */
export interface RestoreSettings {
  /** Each stands for the signature of the epoch ending of its version. */
  readonly trustedWaypoints: ReadonlyArray<Waypoint.Waypoint>
  /** Refuse to take epoch 0 as it stands. */
  readonly requireWaypoint: boolean
  /** Files that are downloaded at a time. */
  readonly concurrentDownloads: number
  /** A record larger than this is refused. Bytes. */
  readonly maxRecordBytes: number
  /** A chunk of transactions larger than this is refused: it waits in memory for its proof. Bytes. */
  readonly maxChunkBytes: number
}

export const defaultSettings: RestoreSettings = {
  trustedWaypoints: [],
  requireWaypoint: false,
  concurrentDownloads: 4,
  maxRecordBytes: defaultMaxRecordBytes,
  maxChunkBytes: 256 * 1024 * 1024
}

/** What a store holds after a restore. */
export interface RestoreReport {
  /** The last version. */
  readonly version: number
  /** Of the latest ledger info. */
  readonly epoch: number
  readonly stateRoot: string
  readonly accumulatorRoot: string
  /** State items at the last version. */
  readonly items: number
  /** Transactions that are kept. */
  readonly transactions: number
  /** What all of it is proven by: `waypoint VERSION:HEX`, or `genesis`. */
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

/** The metadata of the storage, for a restore: what this version does not know might be what is needed. */
export const loadView = (
  concurrency: number
): Effect.Effect<
  MetadataView.MetadataView,
  InvalidBackup | StorageError.StorageError,
  BackupStorage.BackupStorage
> =>
  Effect.tap(MetadataView.load({ concurrency }), ({ problems }) => {
    const unknown = problems.find(({ reason }) => reason === "UnknownFormat")
    return unknown === undefined
      ? Effect.forEach(problems, ({ message }) => Effect.logWarning(`metadata passed over: ${message}`), {
        discard: true
      })
      : Effect.fail(unknown)
  })

/** Brings the store to the goal, from wherever it stands. */
export const restore = (
  goal: RestorePlan.RestoreGoal,
  settings: RestoreSettings
): Effect.Effect<RestoreReport, RestoreError, RestoreServices> =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    const target = yield* RestoreTarget.RestoreTarget
    const view = yield* loadView(settings.concurrentDownloads)
    const plan = yield* RestorePlan.make(view, goal, yield* target.progress)
    const notes: Array<string> = []

    const history = yield* restoredHistory(settings.trustedWaypoints)
    const [oldest] = view.epochEndings
    if (oldest !== undefined && history.nextEpoch > 0) {
      yield* checkSameLedger(oldest.value.manifest, yield* epochEndingManifest(oldest), history)
    }
    yield* addEpochEndings(plan, history, settings)
    noteTrust(history, settings, notes)

    if (plan.base !== undefined) {
      const manifest = yield* stateSnapshotManifest(plan.base)
      yield* restoreState(plan.base.value.manifest, manifest, history, "all", streamOptions(settings))
    }

    const applied = applyTransactions(plan, history, settings)
    yield* goal.targetVersion !== undefined ? applied : Effect.catchIf(
      applied,
      (error) => error instanceof InvalidBackup && error.reason === "Unverifiable",
      // Nobody asked for exactly this version: what is proven is as far as it goes.
      ({ message }) => Effect.sync(() => void notes.push(`restored as far as the epoch endings prove it: ${message}`))
    )
    return yield* reportOf(rootOfTrust(history).trust, notes, started)
  }).pipe(
    (run) => timestamped(EngineMetrics.restore, run, () => true),
    Effect.withSpan("Restore.restore")
  )

/** What the operator should know of the root of trust. */
const noteTrust = (history: EpochHistory.EpochHistory, settings: RestoreSettings, notes: Array<string>): void => {
  const { untrustedGenesis } = rootOfTrust(history)
  if (untrustedGenesis !== undefined) notes.push(waypointAdvised(untrustedGenesis))
  for (const waypoint of settings.trustedWaypoints) {
    if (!history.matched.includes(waypoint)) {
      notes.push(
        `the trusted waypoint ${Waypoint.format(waypoint)} was not reached: no epoch ending of its version came in`
      )
    }
  }
}

const addEpochEndings = (
  { epochEndings: backups, targetVersion }: RestorePlan.RestorePlan,
  history: EpochHistory.EpochHistory,
  settings: RestoreSettings
) =>
  Effect.gen(function*() {
    const lastEpoch = backups.at(-1)?.value.lastEpoch
    if (lastEpoch === undefined) return
    const tracker = yield* Progress.begin({
      what: `epoch endings ${history.nextEpoch} to ${lastEpoch}`,
      unit: "epochs",
      total: lastEpoch - history.nextEpoch + 1
    })
    for (const backup of backups) {
      const manifest = yield* epochEndingManifest(backup)
      yield* restoreEpochEndings(
        backup.value.manifest,
        manifest,
        targetVersion,
        history,
        settings.requireWaypoint,
        tracker,
        streamOptions(settings)
      )
    }
  }).pipe(Effect.scoped)

const applyTransactions = (
  { firstVersion, targetVersion, transactions: backups }: RestorePlan.RestorePlan,
  history: EpochHistory.EpochHistory,
  settings: RestoreSettings
) =>
  Effect.gen(function*() {
    const target = yield* RestoreTarget.RestoreTarget
    const tracker = yield* Progress.begin({
      what: `transactions ${firstVersion} to ${targetVersion}`,
      unit: "transactions",
      total: targetVersion - firstVersion + 1
    })
    const transactions = yield* target.importTransactions({
      lastVersion: targetVersion,
      maxStagedBytes: settings.maxChunkBytes
    })
    let first = firstVersion
    for (const backup of backups) {
      const manifest = yield* transactionManifest(backup)
      const range = { first, last: targetVersion }
      yield* restoreTransactions(
        backup.value.manifest,
        manifest,
        range,
        history,
        transactions,
        tracker,
        streamOptions(settings)
      )
      first = backup.value.lastVersion + 1
    }
  }).pipe(Effect.scoped)

/** @internal */
export const streamOptions = (settings: RestoreSettings): ChunkStreamOptions => ({
  ahead: settings.concurrentDownloads,
  maxRecordBytes: settings.maxRecordBytes,
  reached: EngineMetrics.restore
})

/** What the store holds now. */
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
