/**
 * The programs of the simulation: each runs on a machine with a disk of its own, until it ends, is stopped, or dies.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Client from "@holdfast/backup-service/Client"
import * as BackupJournal from "@holdfast/engine/BackupJournal"
import * as Cleanup from "@holdfast/engine/Cleanup"
import * as Compaction from "@holdfast/engine/Compaction"
import * as Coordinator from "@holdfast/engine/Coordinator"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as EarlierVerifications from "@holdfast/engine/EarlierVerifications"
import * as IncrementalVerify from "@holdfast/engine/IncrementalVerify"
import * as LocalState from "@holdfast/engine/LocalState"
import * as MetadataCache from "@holdfast/engine/MetadataCache"
import * as Retries from "@holdfast/engine/Retries"
import * as Settings from "@holdfast/engine/Settings"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SubscriptionRef from "effect/SubscriptionRef"

const retries: Retries.RetryPolicy = { retries: 2, firstDelay: "500 millis", longestDelay: "5 seconds" }

const backup: Settings.BackupSettings = {
  ...Settings.defaultBackupSettings,
  maxChunkBytes: 2_500,
  itemsPerRequest: 10,
  retries
}

const settings: Coordinator.CoordinatorSettings = {
  ...Coordinator.defaultSettings,
  backup,
  transactionBatchSize: 20,
  stateSnapshotInterval: 2,
  pollInterval: "5 seconds",
  syncInterval: "1 minute",
  backoff: { firstDelay: "1 second", longestDelay: "30 seconds" }
}

/** Longer than a compaction takes. */
const retentionSeconds = 1_800

type Outcome = "ended" | { readonly failed: string } | { readonly wrong: string }

/** A program: what it comes to, where it needs nothing but a disk and a storage. */
export type Program = Effect.Effect<Outcome, never, FileSystem.FileSystem | BackupStorage.BackupStorage>

const directory = "/cache"

/** What an operator may see fail, of a storage that fails. */
const expected =
  <A>(check: (result: A) => Outcome) =>
  <R>(program: Effect.Effect<A, { readonly message: string }, R>): Effect.Effect<Outcome, never, R> =>
    program.pipe(
      Effect.provideService(Retries.Reading, retries),
      Effect.match({ onSuccess: check, onFailure: ({ message }): Outcome => ({ failed: message }) }),
      Effect.catchAllDefect((defect) => Effect.succeed<Outcome>({ wrong: `a defect: ${String(defect)}` }))
    )

export const coordinator = (
  client: Client.Service,
  changes: Partial<Coordinator.CoordinatorSettings>,
  status: CoordinatorStatus.Service
): Program =>
  Coordinator.run({ ...settings, ...changes }).pipe(
    Effect.provide(
      Layer.merge(MetadataCache.layer, BackupJournal.layer()).pipe(
        Layer.provide(LocalState.layer({ directory })),
        Layer.provide(Path.layer)
      )
    ),
    Effect.provideService(Client.BackupServiceClient, client),
    Effect.provideService(CoordinatorStatus.CoordinatorStatus, status),
    expected(() => "ended")
  )

export const newStatus = SubscriptionRef.make(CoordinatorStatus.initial)

export const compactor = (factor: number): Program =>
  Compaction.compact({
    factors: { epochEndings: factor, stateSnapshots: factor, transactions: factor },
    retentionSeconds,
    concurrency: 3,
    retries
  }).pipe(expected(() => "ended"))

export const cleaner = (olderThanSeconds: number): Program =>
  Cleanup.cleanUp({ olderThanSeconds, delete: true, concurrency: 3, retries }).pipe(expected(() => "ended"))

/** Files that cannot be read, or are not listed, are no fault of those who wrote them: what was read must hold. */
export const verifier = (torn: (file: string) => boolean): Program =>
  IncrementalVerify.verify({ allSnapshots: true }, { share: 0.2, seed: 1 }).pipe(
    Effect.provide(
      EarlierVerifications.layer.pipe(Layer.provide(LocalState.layer({ directory })), Layer.provide(Path.layer))
    ),
    expected(({ errors }): Outcome => {
      const lies = errors.filter(({ file, reason }) => !["Unreadable", "Gap"].includes(reason) && !torn(file))
      return lies.length === 0 ? "ended" : { wrong: lies.map(({ message }) => message).join("; ") }
    })
  )
