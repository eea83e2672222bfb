/**
 * What a restore would do: which files it would read, how much it would write, about how much disk space and time that
 * takes, and why it would reach no further. Nothing is restored.
 */
import type * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { InvalidBackup, RestoreRefused } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import { forEachListed } from "../reading/listedFiles.ts"
import {
  chunksOf,
  epochEndingManifest,
  itemsOf,
  stateSnapshotManifest,
  transactionManifest
} from "../verify/manifests.ts"
import * as RestorePlan from "./RestorePlan.ts"
import { loadView } from "./restoreSteps.ts"

export interface RestorePreview {
  /** The last version that the store would hold. */
  readonly targetVersion: number
  readonly highestVersion: number
  /** Why the highest version is not higher. */
  readonly limit: string
  /** How many epoch endings it would read. */
  readonly epochs: number
  /** The state that the ledger would begin on. */
  readonly base: { readonly epoch: number; readonly version: number; readonly manifest: string } | null
  /** How many state items it would read. */
  readonly items: number
  /** How many transactions it would read, and the first of them. */
  readonly transactions: number
  readonly firstVersion: number
  /** File handles of what it would read, manifests first. */
  readonly files: ReadonlyArray<string>
  /** Reads of the storage, metadata included. */
  readonly requests: number
  /** Bytes of these files; `null` if the storage cannot list its files. */
  readonly bytes: number | null
  /** Bytes of the store after the restore, about; `null` if `bytes` is. */
  readonly diskBytes: number | null
  /** How long the restore takes, about, if the storage is not slower than the restore. */
  readonly seconds: number
}

/** Measured on two cores; see the bench. */
const itemsPerSecond = 60_000
const transactionsPerSecond = 12_000
const epochsPerSecond = 1_000

/** Bytes of the store for each byte read: the tree takes as much as small values. */
const diskFactor = 1.8

/** The preview for a goal and the progress of the store. Reads `concurrency` files at a time. */
export const make = (
  goal: RestorePlan.RestoreGoal,
  progress: RestoreTarget.RestoreProgress,
  concurrency = 4
): Effect.Effect<
  RestorePreview,
  InvalidBackup | RestoreRefused | StorageError.StorageError,
  BackupStorage.BackupStorage
> =>
  Effect.gen(function*() {
    const view = yield* loadView(concurrency)
    const plan = yield* RestorePlan.make(view, goal, progress)
    const { base, epochEndings, firstVersion, targetVersion, transactions } = plan
    const manifests = [...epochEndings, ...base === undefined ? [] : [base], ...transactions]
    const files = manifests.map(({ value }) => value.manifest)

    let epochs = 0
    for (
      const manifest of yield* Progress.forEach("manifests", "files", epochEndings, epochEndingManifest, concurrency)
    ) {
      const chunks = manifest.chunks.filter(({ lastEpoch: last }) => last >= progress.nextEpoch)
      epochs += manifest.lastEpoch - Math.max(manifest.firstEpoch, progress.nextEpoch) + 1
      files.push(...chunks.map((chunk) => chunk.ledgerInfos))
    }
    let items = 0
    if (base !== undefined) {
      const manifest = yield* stateSnapshotManifest(base)
      items = itemsOf(manifest)
      files.push(manifest.proof, ...manifest.chunks.flatMap(({ blobs, proof }) => [blobs, proof]))
    }
    for (
      const manifest of yield* Progress.forEach("manifests", "files", transactions, transactionManifest, concurrency)
    ) {
      const chunks = chunksOf(manifest, { first: firstVersion, last: targetVersion })
      files.push(...chunks.flatMap((chunk) => [chunk.transactions, chunk.proof]))
    }
    const count = Math.max(targetVersion - firstVersion + 1, 0)
    const bytes = yield* bytesOf(new Set(files))
    return {
      targetVersion,
      highestVersion: plan.highestVersion,
      limit: plan.limit,
      epochs,
      base: base === undefined ? null : base.value,
      items,
      transactions: count,
      firstVersion,
      files,
      requests: view.files + files.length,
      bytes,
      diskBytes: bytes === null ? null : Math.ceil(bytes * diskFactor),
      seconds: epochs / epochsPerSecond + items / itemsPerSecond + count / transactionsPerSecond
    }
  }).pipe(Effect.withSpan("RestorePreview.make"))

/** Bytes of files; `null` if the storage cannot list its files. */
const bytesOf = (files: ReadonlySet<string>) =>
  Effect.gen(function*() {
    const { capabilities: { listFiles } } = yield* BackupStorage.BackupStorage
    if (Either.isLeft(listFiles)) return null
    let total = 0
    yield* forEachListed(listFiles.right, (some) => {
      for (const { bytes, file } of some) if (files.has(file)) total += bytes
    })
    return total
  })
