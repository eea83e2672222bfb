/**
 * Backs up a node for years: epoch endings, state snapshots and transactions, as they become due.
 *
 * ```
 * node ── newest state, each second ──► epoch endings ── all closed epochs are in ──► state snapshots
 *                                                                               └──► transactions
 * ```
 *
 * Three loops run at most one backup each, and keep only the newest state that they have not seen. A loop that fails backs
 * off, longer after each failure, and stops no other loop. A restart resumes from what the storage holds. Records are
 * checked while they pass, against the chain of trust in the storage; data that fail a check never become a backup.
 * Everything lives in the scope of {@link run}: an interruption of `run` ends all of it.
 *
 * Source: the backup page of the specification, section 4.
 */
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type { Backup } from "../backup/BackupResult.ts"
import * as EpochEndingBackup from "../backup/EpochEndingBackup.ts"
import * as StateSnapshotBackup from "../backup/StateSnapshotBackup.ts"
import * as TransactionBackup from "../backup/TransactionBackup.ts"
import type {
  ImpossibleRequest,
  InvalidBackup,
  LocalStateError,
  SourceMismatch,
  StorageChanged
} from "../base/EngineError.ts"
import type * as Retries from "../base/Retries.ts"
import { type BackupSettings, defaultBackupSettings } from "../base/Settings.ts"
import type { MetadataCache } from "../catalogue/MetadataCache.ts"
import { type StorageHistory, storageHistory } from "../verify/storageEpochEndings.ts"
import { backupLoop, type Due } from "./backupLoop.ts"
import * as CoordinatorLease from "./CoordinatorLease.ts"
import { type CoordinatorStatus, metrics, updateNode } from "./CoordinatorStatus.ts"
import { type LatestBackups, latestBackups, type Reach } from "./latestBackups.ts"
import * as NextBackup from "./NextBackup.ts"

export interface CoordinatorSettings {
  /** A state snapshot is taken of epochs that are multiples of this. */
  readonly stateSnapshotInterval: number
  /** A batch of transactions ends at a multiple of this. */
  readonly transactionBatchSize: number
  /** The bounds of each backup. */
  readonly backup: BackupSettings
  /** Each stands for the signature of the epoch ending of its version. */
  readonly trustedWaypoints: ReadonlyArray<Waypoint.Waypoint>
  /** Files that are downloaded at a time. */
  readonly concurrentDownloads: number
  /** Accept the storage as a new one, whatever the cache has of it. */
  readonly newStorage: boolean
  /** How often the coordinator asks the node for its newest state. */
  readonly pollInterval: Duration.DurationInput
  /** After this long the coordinator looks at the storage again before a backup: others may back up there, too. */
  readonly syncInterval: Duration.DurationInput
  /** How long a loop waits after a failure. */
  readonly backoff: Retries.Delays
  /** The coordinator writes to the storage only while it holds this lease. */
  readonly lease: Omit<CoordinatorLease.LeaseOptions, "backoff"> | undefined
}

export const defaultSettings: CoordinatorSettings = {
  stateSnapshotInterval: 1,
  transactionBatchSize: 1_000_000,
  backup: defaultBackupSettings,
  trustedWaypoints: [],
  concurrentDownloads: 4,
  newStorage: false,
  pollInterval: "1 second",
  syncInterval: "5 minutes",
  backoff: { firstDelay: "1 second", longestDelay: "5 minutes" },
  lease: undefined
}

type Failure =
  | BackupServiceError.BackupServiceError
  | InvalidBackup
  | ImpossibleRequest
  | LocalStateError
  | SourceMismatch
  | StorageChanged
  | StorageError.StorageError

type Services = BackupStorage.BackupStorage | Client.BackupServiceClient | MetadataCache

/**
 * Runs until it is interrupted. Fails only at the start, and only with permanent errors: `StorageChanged` where the storage
 * is not the one of the cache, `StorageError` where the storage cannot be used, `LocalStateError` where the cache cannot be
 * used. Later such an error is an outage: nothing is written until the storage is what it was.
 *
 * With a lease the coordinator starts once it holds the lease, stops when the lease expires, and resumes once it holds the
 * lease again, with its knowledge of the storage: changes meanwhile are the work of another coordinator, or an outage.
 */
export const run = (
  changes: Partial<CoordinatorSettings> = {}
): Effect.Effect<
  never,
  LocalStateError | StorageChanged | StorageError.StorageError,
  Services | CoordinatorStatus
> =>
  Effect.gen(function*() {
    const settings = { ...defaultSettings, ...changes }
    const { backoff, lease } = settings
    let known: Known | undefined
    const work = Effect.gen(function*() {
      if (known === undefined) known = yield* firstLook(settings)
      else yield* known.knowledge.markStale
      return yield* backingUp(settings, known)
    })
    return yield* lease === undefined ? work : CoordinatorLease.holding({ ...lease, backoff }, work)
  }).pipe(Effect.withSpan("Coordinator.run"))

/** What a coordinator still knows after its lease expired. */
interface Known {
  readonly knowledge: LatestBackups
  readonly stored: StorageHistory
}

const firstLook = (settings: CoordinatorSettings) =>
  Effect.all({
    knowledge: latestBackups({ ...settings, concurrency: settings.concurrentDownloads }),
    stored: storageHistory(settings.trustedWaypoints, {
      concurrentDownloads: settings.concurrentDownloads,
      maxRecordBytes: settings.backup.maxRecordBytes
    })
  })

const backingUp = (
  settings: CoordinatorSettings,
  { knowledge, stored }: Known
): Effect.Effect<never, never, Services | CoordinatorStatus> =>
  Effect.gen(function*() {
    const polled = yield* Queue.sliding<LedgerInfo.DbState>(1)
    const forSnapshots = yield* Queue.sliding<LedgerInfo.DbState>(1)
    const forTransactions = yield* Queue.sliding<LedgerInfo.DbState>(1)
    const { backoff, backup } = settings
    const { failed, take } = takingWith(knowledge, backup.verifyWrites ? stored : undefined)

    const epochEndings = backupLoop({
      loop: "epochEndings",
      states: polled,
      backoff,
      failed,
      due: take((reach, { epoch }) => {
        const next = NextBackup.epochEnding(reach.epoch, epoch)
        return next === undefined ? undefined : {
          what: `epoch ending ${next}`,
          backup: (history) =>
            EpochEndingBackup.take({ firstEpoch: next, lastEpoch: next, settings: backup, ...history })
        }
      }),
      // The ledger infos that verify what the others back up are in the same storage by then.
      done: (state) => Effect.zipRight(Queue.offer(forSnapshots, state), Queue.offer(forTransactions, state))
    })
    const ofSnapshots = adoptingFirst(backup)
    const ofTransactions = adoptingFirst(backup)
    const stateSnapshots = backupLoop({
      loop: "stateSnapshots",
      states: forSnapshots,
      backoff,
      failed,
      due: take(({ snapshotEpoch }, state) => {
        const epoch = NextBackup.stateSnapshot(snapshotEpoch, state.epoch, settings.stateSnapshotInterval)
        return NextBackup.isClosed(epoch, state.epoch)
          ? {
            what: `state snapshot of epoch ${epoch}`,
            backup: (history) =>
              ofSnapshots((given) => StateSnapshotBackup.take({ epoch, settings: given, ...history }))
          }
          : undefined
      }),
      done: () => Effect.void
    })
    const transactions = backupLoop({
      loop: "transactions",
      states: forTransactions,
      backoff,
      failed,
      due: take(({ epoch, version }, { committedVersion }) => {
        // On a chain that has a genesis and nothing else, no epoch has ended that could prove it.
        if (epoch === undefined) return undefined
        const { firstVersion, lastVersion } = NextBackup.transactions(version, settings.transactionBatchSize)
        return lastVersion <= committedVersion
          ? {
            what: `transactions ${firstVersion} to ${lastVersion}`,
            backup: (history) =>
              ofTransactions((given) =>
                TransactionBackup.take({ firstVersion, lastVersion, settings: given, ...history })
              )
          }
          : undefined
      }),
      done: () => Effect.void
    })
    return yield* Effect.all([poll(settings, polled), epochEndings, stateSnapshots, transactions], {
      concurrency: "unbounded"
    }).pipe(Effect.zipRight(Effect.never))
  })

/**
 * Takes backups with these settings. Only the first backup looks for leftovers, since the search lists all files of the
 * storage; the journal has the leftovers of later attempts.
 */
const adoptingFirst = (settings: BackupSettings) => {
  let { adopt } = settings
  return (take: (settings: BackupSettings) => Backup): Backup =>
    Effect.tap(
      Effect.suspend(() => take({ ...settings, adopt })),
      () =>
        Effect.sync(() => {
          adopt = false
        })
    )
}

interface Planned {
  readonly what: string
  readonly backup: (trust: { readonly history?: EpochHistory.EpochHistory }) => Backup
}

/**
 * Plans by what is known of the storage, refreshes that knowledge before a backup where a refresh is due, and reads the
 * chain of trust as far as the storage has it.
 */
const takingWith = (knowledge: LatestBackups, stored: StorageHistory | undefined) => ({
  failed: knowledge.markStale,
  take:
    (plan: (reach: Reach, state: LedgerInfo.DbState) => Planned | undefined) =>
    (state: LedgerInfo.DbState): Effect.Effect<Due<Failure, Services> | undefined, Failure, Services> =>
      Effect.gen(function*() {
        if (plan(yield* knowledge.reach, state) === undefined) return undefined
        yield* knowledge.refresh
        const reach = yield* knowledge.reach
        const planned = plan(reach, state)
        if (planned === undefined) return undefined
        const take = Effect.gen(function*() {
          if (stored !== undefined) yield* stored.extendTo(reach.epoch ?? -1, yield* knowledge.view)
          const taken = yield* planned.backup(stored === undefined ? {} : { history: stored.history })
          yield* knowledge.saved(taken)
          yield* Effect.annotateLogs(Effect.logInfo(`backed up ${planned.what}`), { manifest: taken.manifest })
        })
        return { what: planned.what, take }
      })
})

/** The first failed poll is logged, and then one in so many. */
const pollsPerWarning = 60

/** Asks the node how far it is, again and again. */
const poll = ({ pollInterval }: CoordinatorSettings, polled: Queue.Enqueue<LedgerInfo.DbState>) =>
  Effect.gen(function*() {
    const { dbState } = yield* Client.BackupServiceClient
    let silent = 0
    const missed = (why: string) =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        yield* updateNode((before) => ({ ...before, silentSince: before.silentSince ?? now }))
        if (silent++ % pollsPerWarning === 0) yield* Effect.logWarning(`the node does not say how far it is: ${why}`)
      })
    const answered = (state: LedgerInfo.DbState) =>
      Effect.gen(function*() {
        const heartbeat = yield* Clock.currentTimeMillis
        if (silent > 0) yield* Effect.logInfo("the node answers again")
        silent = 0
        yield* updateNode(() => ({ state, heartbeat, silentSince: undefined }))
        yield* Metric.set(metrics.heartbeat, heartbeat / 1000)
        yield* Queue.offer(polled, state)
      })
    yield* dbState.pipe(
      Effect.matchEffect({
        onFailure: ({ message }) => missed(message),
        onSuccess: Option.match({ onNone: () => missed("its database is not bootstrapped yet"), onSome: answered })
      }),
      Effect.schedule(Schedule.spaced(pollInterval))
    )
  })
