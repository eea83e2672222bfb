/**
 * What a storage holds, as its metadata say: sorted, without duplicates, and the selections that backups, verify and
 * restore make from it.
 *
 * Source: the backup page of the specification, section 3, "View".
 */
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import { InvalidBackup } from "../base/EngineError.ts"
import type * as Metadata from "../format/Metadata.ts"
import { readMetadataFiles } from "./readMetadata.ts"

/** An entry and the metadata file that it was read from. */
export interface Located<A> {
  readonly file: string
  readonly value: A
}

/** The metadata of a storage. */
export interface MetadataView {
  /** By first epoch. */
  readonly epochEndings: ReadonlyArray<Located<Metadata.EpochEndingBackup>>
  /** By version. */
  readonly stateSnapshots: ReadonlyArray<Located<Metadata.StateSnapshotBackup>>
  /** By first version. */
  readonly transactions: ReadonlyArray<Located<Metadata.TransactionBackup>>
  /** Ids that the storage was given; normally one or none. */
  readonly identities: ReadonlyArray<string>
  /** Files and lines that could not be read. */
  readonly problems: ReadonlyArray<InvalidBackup>
  /** Metadata files read. */
  readonly files: number
}

/** The newest of each kind; `undefined` where there is none. */
export interface StorageState {
  readonly latestEpochEndingEpoch: number | undefined
  readonly latestStateSnapshotEpoch: number | undefined
  readonly latestStateSnapshotVersion: number | undefined
  readonly latestTransactionVersion: number | undefined
}

/**
 * Lists and reads all metadata of the storage, `concurrency` files at a time. A file that was moved aside since it was
 * listed is no problem: then everything is listed and read again, with what replaced it.
 */
export const load = (
  options: { readonly concurrency: number }
): Effect.Effect<MetadataView, StorageError.StorageError, BackupStorage.BackupStorage> =>
  readMetadataFiles(options.concurrency).pipe(Effect.map(make), Effect.withSpan("MetadataView.load"))

/** The view of metadata files that were read. */
export const make = (
  files: ReadonlyArray<{
    readonly file: string
    readonly entries: ReadonlyArray<Metadata.Entry>
    readonly problems: ReadonlyArray<InvalidBackup>
  }>
): MetadataView => {
  const seen = new Set<string>()
  const epochEndings: Array<Located<Metadata.EpochEndingBackup>> = []
  const stateSnapshots: Array<Located<Metadata.StateSnapshotBackup>> = []
  const transactions: Array<Located<Metadata.TransactionBackup>> = []
  const identities: Array<string> = []
  for (const { entries, file } of files) {
    for (const entry of entries) {
      const key = keyOf(entry)
      if (seen.has(key)) continue
      seen.add(key)
      switch (entry._tag) {
        case "EpochEndingBackup":
          epochEndings.push({ file, value: entry.value })
          break
        case "StateSnapshotBackup":
          stateSnapshots.push({ file, value: entry.value })
          break
        case "TransactionBackup":
          transactions.push({ file, value: entry.value })
          break
        case "Identity":
          identities.push(entry.value.id)
          break
        case "CompactionTimestamps":
          break
      }
    }
  }
  return {
    epochEndings: epochEndings.sort((a, b) =>
      a.value.firstEpoch - b.value.firstEpoch || a.value.lastEpoch - b.value.lastEpoch
    ),
    stateSnapshots: stateSnapshots.sort((a, b) => a.value.version - b.value.version),
    transactions: transactions.sort((a, b) =>
      a.value.firstVersion - b.value.firstVersion || a.value.lastVersion - b.value.lastVersion
    ),
    identities,
    problems: files.flatMap((each) => each.problems),
    files: files.length
  }
}

/** Two entries that say the same have the same, and no others. */
const keyOf = ({ _tag, value }: Metadata.Entry): string => {
  switch (_tag) {
    case "EpochEndingBackup":
      return `epochs ${value.firstEpoch} ${value.lastEpoch} ${value.firstVersion} ${value.lastVersion} ${value.manifest}`
    case "StateSnapshotBackup":
      return `state ${value.epoch} ${value.version} ${value.manifest}`
    case "TransactionBackup":
      return `transactions ${value.firstVersion} ${value.lastVersion} ${value.manifest}`
    case "Identity":
      return `identity ${value.id}`
    case "CompactionTimestamps":
      return _tag
  }
}

/** How many backups there are. */
export const size = (view: MetadataView): number =>
  view.epochEndings.length + view.stateSnapshots.length + view.transactions.length

/** The newest of each kind. */
export const storageState = (view: MetadataView): StorageState => {
  const snapshot = view.stateSnapshots.at(-1)?.value
  return {
    latestEpochEndingEpoch: newest(view.epochEndings.map((each) => each.value.lastEpoch)),
    latestStateSnapshotEpoch: snapshot?.epoch,
    latestStateSnapshotVersion: snapshot?.version,
    latestTransactionVersion: newest(view.transactions.map((each) => each.value.lastVersion))
  }
}

const newest = (values: ReadonlyArray<number>): number | undefined =>
  values.reduce<number | undefined>((a, b) => a === undefined || b > a ? b : a, undefined)

/** The newest snapshot at or before a version. */
export const snapshotAtOrBefore = (
  view: MetadataView,
  version: number
): Located<Metadata.StateSnapshotBackup> | undefined =>
  view.stateSnapshots.findLast((each) => each.value.version <= version)

/** Epoch-ending backups that together cover epochs `first` … `last`, in order; a gap is an error that names it. */
export const coveringEpochEndings = (view: MetadataView, first: number, last: number) =>
  covering("epoch", view.epochEndings, (value) => [value.firstEpoch, value.lastEpoch], first, last)

/** Transaction backups that together cover versions `first` … `last`, in order; a gap is an error that names it. */
export const coveringTransactions = (view: MetadataView, first: number, last: number) =>
  covering("version", view.transactions, (value) => [value.firstVersion, value.lastVersion], first, last)

/** A selection: the backups up to the first gap, and that gap. */
export interface Covering<A> {
  readonly backups: ReadonlyArray<Located<A>>
  readonly gap: InvalidBackup | undefined
}

/** Overlaps are common (two coordinators, a retry after a lost answer): take what reaches furthest at each step. */
const covering = <A>(
  what: string,
  sorted: ReadonlyArray<Located<A>>,
  range: (value: A) => readonly [number, number],
  first: number,
  last: number
): Covering<A> => {
  const backups: Array<Located<A>> = []
  let next = first
  let index = 0
  while (next <= last) {
    let best: Located<A> | undefined
    let reach = next - 1
    for (; index < sorted.length; index++) {
      const candidate = sorted[index]
      if (candidate === undefined) break
      const [from, to] = range(candidate.value)
      if (from > next) break
      if (to > reach) {
        best = candidate
        reach = to
      }
    }
    if (best === undefined) {
      const following = sorted[index]
      const until = following === undefined ? last : Math.min(last, range(following.value)[0] - 1)
      return {
        backups,
        gap: new InvalidBackup({
          file: following?.file ?? "metadata",
          reason: "Gap",
          detail: `no backup holds ${what} ${next}${until > next ? ` to ${until}` : ""}`
        })
      }
    }
    backups.push(best)
    next = reach + 1
  }
  return { backups, gap: undefined }
}
