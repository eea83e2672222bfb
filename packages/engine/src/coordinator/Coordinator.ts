/**
 * Backs up a node for years: epoch endings, state snapshots and transactions, as they become due.
 *
 * ```
 * node ── newest state, each second ──► epoch endings ── all closed epochs are in ──► state snapshots
 *                                                                               └──► transactions
 * ```
 *
 * Three loops, each with one backup under way at most, each keeping only the newest state that it has not seen. What
 * fails is tried again after a while, which grows as long as nothing succeeds; a loop that fails stops no other. A
 * restart goes on from what the storage holds. What is backed up is checked while it passes, against the chain of trust
 * as the storage has it; what does not hold never becomes a backup. All of it lives in the scope of {@link run}: when
 * that is interrupted, nothing of it goes on.
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
  /** Whatever the storage holds is what it holds, whatever was seen there before. */
  readonly newStorage: boolean
  /** How often the node is asked how far it is. */
  readonly pollInterval: Duration.DurationInput
  /** After this long the storage is looked at again before a backup: somebody else may back up there, too. */
  readonly syncInterval: Duration.DurationInput
  /** How long a loop waits after a failure. */
  readonly backoff: Retries.Delays
  /** Nothing is done in the storage but while this lease is held. */
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
 * Runs until it is interrupted. Fails only as it starts, and there with what does not pass by itself: `StorageChanged`
 * where the storage is not what was seen there before, `StorageError` where it cannot be used, `LocalStateError` where the
 * cache cannot be. Later on such a storage is an outage: nothing is written until it is what it was.
 *
 * With a lease it starts when it holds the lease, stops when it has lost it, and goes on once it holds it again, with what
 * it knows of the storage: what changed there meanwhile is the work of another coordinator, or an outage.
 */
export const run = (
  settings: CoordinatorSettings
): Effect.Effect<
  never,
  LocalStateError | StorageChanged | StorageError.StorageError,
  Services | CoordinatorStatus
> =>
  Effect.gen(function*() {
    const { backoff, lease } = settings
    let known: Known | undefined
    const work = Effect.gen(function*() {
      if (known === undefined) known = yield* firstLook(settings)
      else yield* known.knowledge.doubt
      return yield* backingUp(settings, known)
    })
    return yield* lease === undefined ? work : CoordinatorLease.holding({ ...lease, backoff }, work)
  }).pipe(Effect.withSpan("Coordinator.run"))

/** What a coordinator knows, also after it has lost the lease. */
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
 * Takes backups with these settings. Leftovers are looked for until the first one is taken, since that lists all files of
 * the storage; what is left from then on is in the journal.
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
 * Plans by what is known of the storage, and looks at it again before a backup where that is due. Then the chain of trust
 * is read as far as the storage has it.
 */
const takingWith = (knowledge: LatestBackups, stored: StorageHistory | undefined) => ({
  failed: knowledge.doubt,
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

/** Polls that fail are told of at once, and then once in so many. */
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
