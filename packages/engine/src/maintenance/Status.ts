/**
 * Where a storage stands: what can be restored from it, and why not more; what it covers, how large and how old it is.
 *
 * Read are the metadata, and of backups no more than the manifests and chunks of the epoch endings at the ends of what can
 * be restored, for their times; of all others it is seen that the storage lists their manifests, where it lists files.
 * Nothing is verified: see {@link Verify}.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Ranges from "../base/Ranges.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import * as RestorableVersions from "../catalogue/RestorableVersions.ts"
import type { LastVerification } from "../verify/EarlierVerifications.ts"
import { endAtOrBefore, timeOfEnd } from "./epochTimes.ts"
import { type StorageUsage, usageOf } from "./storageUsage.ts"
import { notListed } from "./unneededFiles.ts"

/** How far the node is. */
export interface NodeState {
  readonly epoch: number
  readonly version: number
}

/**
 * Versions that can be restored. Times are unix seconds: of the epoch endings at or before the first and last version;
 * `null` where they are not known.
 */
export interface RestorableInterval {
  readonly firstVersion: number
  readonly lastVersion: number
  readonly firstEpoch: number
  /** The epoch of the last version: one that has not ended yet, or that ends with it or later. */
  readonly lastEpoch: number
  readonly firstTime: number | null
  readonly lastTime: number | null
  /** Epochs of the snapshots that it is restored from. */
  readonly snapshotEpochs: ReadonlyArray<number>
}

/** A gap between backups. */
export interface Gap extends Ranges.Range {
  readonly what: "epochs" | "transactions"
}

export interface Status {
  readonly storage: string
  /** When this was looked at, in unix seconds. */
  readonly at: number
  readonly restorable: ReadonlyArray<RestorableInterval>
  /** `null`: nothing can be restored. */
  readonly highestRestorable: number | null
  /** The highest version that any backup reaches. */
  readonly newestVersion: number | null
  /** Why the highest version that can be restored is no higher; empty if it is the newest. */
  readonly limits: ReadonlyArray<string>
  /** Versions between those that can be restored. */
  readonly holes: ReadonlyArray<Ranges.Range & { readonly why: string }>
  readonly gaps: ReadonlyArray<Gap>
  readonly epochs: ReadonlyArray<Ranges.Range>
  /** The versions of these epochs. */
  readonly epochVersions: ReadonlyArray<Ranges.Range>
  readonly snapshots: ReadonlyArray<RestorableVersions.SnapshotExtent>
  readonly transactions: ReadonlyArray<Ranges.Range>
  /** `null` where the storage cannot list its files. */
  readonly holdings: StorageUsage | null
  readonly node: (NodeState & { readonly epochsBehind: number; readonly versionsBehind: number }) | null
  /** The last verification that this machine knows of, and which versions it proved; `null` where it knows of none. */
  readonly verification: (LastVerification & { readonly proven: ReadonlyArray<Ranges.Range> }) | null
  readonly metadataFiles: number
  readonly problems: ReadonlyArray<InvalidBackup>
}

/** Looks at the storage. Fails with `StorageError` where it cannot be listed. */
export const look = (options: {
  readonly concurrency: number
  readonly node: NodeState | undefined
  readonly verification: LastVerification | undefined
}): Effect.Effect<Status, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const view = yield* MetadataView.load({ concurrency: options.concurrency })
    const extent = RestorableVersions.of(view)
    const found = yield* Progress.forEach(
      "what can be restored",
      "intervals",
      extent.restorable,
      (range) => interval(view, range),
      options.concurrency
    )
    const usage = yield* usageOf(storage, view)
    const missing = usage?.missing ?? []
    const highest = extent.restorable.at(-1)?.last
    return {
      storage: storage.description,
      at: Math.floor((yield* Clock.currentTimeMillis) / 1000),
      restorable: found.map(({ value }) => value),
      highestRestorable: highest ?? null,
      newestVersion: extent.newestVersion ?? null,
      limits: limitsOf(extent),
      holes: holesOf(extent),
      gaps: gapsOf(extent),
      epochs: extent.epochs,
      epochVersions: extent.epochVersions,
      snapshots: extent.snapshots,
      transactions: extent.transactions,
      holdings: usage?.holdings ?? null,
      node: options.node === undefined ? null : {
        ...options.node,
        // The epoch that is open cannot be backed up yet.
        epochsBehind: Math.max(0, options.node.epoch - 1 - (extent.history?.lastEpoch ?? -1)),
        versionsBehind: Math.max(0, options.node.version - (highest ?? -1))
      },
      verification: options.verification === undefined ? null : {
        ...options.verification,
        proven: provenBy(options.verification)
      },
      metadataFiles: view.files,
      problems: [
        ...view.problems,
        ...found.flatMap(({ problems }) => problems),
        ...(missing.length === 0 ? [] : [notListed(missing, storage.description)])
      ]
    }
  }).pipe(Effect.withSpan("Status.look"))

const provenBy = ({ snapshotVersions, transactions }: LastVerification): ReadonlyArray<Ranges.Range> =>
  Ranges.join([
    ...(transactions === null ? [] : [transactions]),
    ...snapshotVersions.map((version) => ({ first: version, last: version }))
  ])

const interval = (view: MetadataView.MetadataView, range: RestorableVersions.Restorable) =>
  Effect.gen(function*() {
    const problems: Array<InvalidBackup> = []
    /** What cannot be read is not known, and told. */
    const orUnknown = <A, R>(read: Effect.Effect<A, InvalidBackup | StorageError.StorageError, R>) =>
      Effect.catchTag(
        read,
        "InvalidBackup",
        (problem) => Effect.as(Effect.sync(() => problems.push(problem)), undefined)
      )
    const [snapshotEpoch = 0] = range.snapshotEpochs
    const firstEpoch = range.first === 0 ? 0 : snapshotEpoch
    const end = yield* orUnknown(endAtOrBefore(view, range.last))
    const firstTime = yield* orUnknown(timeOfEnd(view, firstEpoch))
    const lastTime = end === undefined ? undefined : yield* orUnknown(timeOfEnd(view, end.epoch))
    const value: RestorableInterval = {
      firstVersion: range.first,
      lastVersion: range.last,
      firstEpoch,
      lastEpoch: end === undefined ? firstEpoch : end.version === range.last ? end.epoch : end.epoch + 1,
      firstTime: firstTime ?? null,
      lastTime: lastTime ?? null,
      snapshotEpochs: range.snapshotEpochs
    }
    return { value, problems }
  })

/** Every gap between backups. What comes before the first transactions is none: history may begin anywhere. */
export const gapsOf = ({ epochs, transactions }: RestorableVersions.Extent): ReadonlyArray<Gap> => [
  ...Ranges.gaps(epochs, 0).map((range): Gap => ({ what: "epochs", ...range })),
  ...Ranges.gaps(transactions, transactions[0]?.first ?? 0).map((range): Gap => ({ what: "transactions", ...range }))
]

/** Versions between those that can be restored, and why they cannot be. */
export const holesOf = ({ restorable, transactions }: RestorableVersions.Extent): Status["holes"] =>
  Ranges.gaps(restorable, restorable[0]?.first ?? 0).map(({ first, last }) => {
    const next = transactions.find((range) => range.first > first)
    return {
      first,
      last,
      why: next === undefined
        ? `no transactions after version ${first - 1} are backed up yet`
        : missing({ first, last: next.first - 1 })
    }
  })

const missing = (range: Ranges.Range): string =>
  `${Ranges.describe("transaction", range)} ${range.first === range.last ? "is" : "are"} in no backup`

/** Why the highest version that can be restored is lower than the newest that any backup reaches. */
export const limitsOf = (extent: RestorableVersions.Extent): ReadonlyArray<string> => {
  const { epochs, missingEpochs, newestVersion, restorable, snapshots, transactions } = extent
  const highest = restorable.at(-1)?.last ?? -1
  if (newestVersion === undefined) return ["there is no backup"]
  if (highest === newestVersion) return []
  if (epochs.length === 0) return ["there are no epoch endings, so nothing can be proven"]
  if (missingEpochs !== undefined) {
    return [
      `the ending of ${Ranges.describe("epoch", missingEpochs)} is in no backup, so nothing after it can be proven`
    ]
  }
  if (restorable.length === 0) {
    return snapshots.length === 0
      ? ["there is neither a state snapshot to start from nor transaction 0"]
      : ["no state snapshot can be proven"]
  }
  const later = transactions.find(({ first }) => first > highest + 1)
  return [
    later === undefined
      ? `no transactions after version ${highest} are backed up yet: a batch is when it is full`
      : missing({ first: highest + 1, last: later.first - 1 })
  ]
}
