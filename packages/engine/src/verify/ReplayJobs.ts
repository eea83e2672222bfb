/**
 * Splits the history of a storage into jobs that a fleet replays side by side. A job is a list of ranges of versions; each
 * range begins after a state snapshot that can be restored.
 */
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import { InvalidBackup } from "../base/EngineError.ts"
import type * as Ranges from "../base/Ranges.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import * as RestorableVersions from "../catalogue/RestorableVersions.ts"

/** Which versions to replay, and how to split them. */
export interface ReplayJobsRequest {
  /** No range begins before this version. */
  readonly startVersion: number
  /** Replay at most so many of the newest epochs with a snapshot. */
  readonly maxEpochs: number
  /** Neighbouring ranges are joined up to so many versions; a range that is larger by itself is cut. */
  readonly maxVersionsPerRange: number
  readonly maxRangesPerJob: number
  /** Ranges with any of these versions are left out. */
  readonly skipped: ReadonlyArray<Ranges.Range>
}

/** Versions to replay from the state of a snapshot on. */
export interface ReplayRange {
  readonly firstVersion: number
  readonly lastVersion: number
  /** The epoch of the snapshot to begin with: the state of `firstVersion - 1`. */
  readonly snapshotEpoch: number
  /** How many versions were cut off between the range and the next snapshot. */
  readonly omitted: number
}

export interface ReplayJobs {
  readonly jobs: ReadonlyArray<ReadonlyArray<ReplayRange>>
  /** How many versions all jobs have together. */
  readonly versions: number
}

/** The jobs for a view of the metadata. The ranges are dealt out to the jobs in turn, the newest first. */
export const plan = (view: MetadataView.MetadataView, request: ReplayJobsRequest): ReplayJobs => {
  const ranges = joined(pieces(view, request), request.maxVersionsPerRange).map((range) =>
    cut(range, request.maxVersionsPerRange)
  ).filter(({ firstVersion, lastVersion }) =>
    !request.skipped.some(({ first, last }) => first <= lastVersion && firstVersion <= last)
  ).reverse()
  const count = Math.ceil(ranges.length / request.maxRangesPerJob)
  return {
    jobs: Array.from({ length: count }, (_, job) => ranges.filter((_range, index) => index % count === job)),
    versions: ranges.reduce((sum, { firstVersion, lastVersion }) => sum + lastVersion - firstVersion + 1, 0)
  }
}

/** The versions between restorable snapshots, and after the newest one, as far as transactions follow without a gap. */
const pieces = (view: MetadataView.MetadataView, request: ReplayJobsRequest): ReadonlyArray<ReplayRange> => {
  const { restorable, snapshots } = RestorableVersions.of(view)
  const usable = snapshots.filter(({ missing }) => missing === undefined).slice(-request.maxEpochs)
  return usable.flatMap(({ epoch, version }, index) => {
    const within = restorable.find(({ first, last }) => first <= version && version <= last)
    const next = usable[index + 1]?.version
    const firstVersion = version + 1
    const lastVersion = Math.min(next ?? Number.MAX_SAFE_INTEGER, within?.last ?? version)
    return lastVersion < firstVersion || firstVersion < request.startVersion
      ? []
      : [{ firstVersion, lastVersion, snapshotEpoch: epoch, omitted: 0 }]
  })
}

/** Joins neighbours, as long as the result has at most `most` versions. */
const joined = (ranges: ReadonlyArray<ReplayRange>, most: number): ReadonlyArray<ReplayRange> => {
  const all: Array<ReplayRange> = []
  for (const range of ranges) {
    const last = all.at(-1)
    if (last?.lastVersion === range.firstVersion - 1 && range.lastVersion - last.firstVersion + 1 <= most) {
      all[all.length - 1] = { ...last, lastVersion: range.lastVersion }
    } else all.push(range)
  }
  return all
}

const cut = (range: ReplayRange, most: number): ReplayRange => {
  const omitted = Math.max(0, range.lastVersion - range.firstVersion + 1 - most)
  return { ...range, lastVersion: range.lastVersion - omitted, omitted }
}

/**
 * The jobs for a storage. Fails with `InvalidBackup` if metadata cannot be read, or no snapshot can be restored for a replay
 * to begin with.
 */
export const make = (
  request: ReplayJobsRequest,
  options: { readonly concurrency: number } = { concurrency: 4 }
): Effect.Effect<ReplayJobs, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const view = yield* MetadataView.load(options)
    const [problem] = view.problems
    if (problem !== undefined) return yield* problem
    const usable = RestorableVersions.of(view).snapshots.filter(({ missing }) => missing === undefined)
    if (usable.length === 0) {
      return yield* new InvalidBackup({
        file: "metadata",
        reason: "Gap",
        detail: "no state snapshot can be restored, so no replay can begin",
        hint: "LookAtStatus"
      })
    }
    return plan(view, request)
  }).pipe(Effect.withSpan("ReplayJobs.make"))
