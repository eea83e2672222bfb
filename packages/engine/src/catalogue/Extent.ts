/**
 * What the backups of a storage cover, and what of it can be restored: plain functions of its metadata.
 *
 * A version can be restored from a snapshot at or before it if the epoch endings lead from epoch 0 to that snapshot without a
 * gap, and the transactions after the snapshot are there up to it. Where the transactions begin with version 0, that will
 * do in place of a snapshot. See {@link RestorePlan}, which chooses among these for one target.
 *
 * Source: the backup page of the specification, sections 3 and 7.
 */
import type * as Metadata from "../format/Metadata.ts"
import type { Located, MetadataView } from "./MetadataView.ts"

/** Both ends included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** A state snapshot, and why it cannot be restored, if it cannot. */
export interface SnapshotExtent {
  readonly epoch: number
  readonly version: number
  readonly missing: string | undefined
}

/**
 * Versions that can be restored, and the epochs of the snapshots that they can be restored from. From version 0 on none
 * is needed.
 */
export interface Restorable extends Range {
  readonly snapshotEpochs: ReadonlyArray<number>
}

export interface Extent {
  /** Epochs, joined where they touch or overlap. */
  readonly epochs: ReadonlyArray<Range>
  /** The versions of these epochs, as far as the metadata say. */
  readonly epochVersions: ReadonlyArray<Range>
  /** The epochs from 0 on that are there without a gap, and the version that they end with. */
  readonly history: { readonly lastEpoch: number; readonly lastVersion: number } | undefined
  /** The first epochs whose endings are missing though later backups show that they have ended. */
  readonly missingEpochs: Range | undefined
  /** By version, one for each. */
  readonly snapshots: ReadonlyArray<SnapshotExtent>
  /** Versions, joined. */
  readonly transactions: ReadonlyArray<Range>
  /** By version, joined. */
  readonly restorable: ReadonlyArray<Restorable>
  /** The highest version that any backup reaches. */
  readonly newestVersion: number | undefined
}

/** Ranges in order, joined where they touch or overlap. */
export const join = (ranges: ReadonlyArray<Range>): ReadonlyArray<Range> => {
  const joined: Array<Range> = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = joined.at(-1)
    if (before !== undefined && range.first <= before.last + 1) {
      joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
    } else joined.push({ first: range.first, last: range.last })
  }
  return joined
}

/** What joined ranges leave out between `first` and their end. */
export const gaps = (joined: ReadonlyArray<Range>, first: number): ReadonlyArray<Range> => {
  const left: Array<Range> = []
  let next = first
  for (const range of joined) {
    if (range.first > next) left.push({ first: next, last: range.first - 1 })
    next = Math.max(next, range.last + 1)
  }
  return left
}

/** The range that holds a number. */
export const holding = <A extends Range>(ranges: ReadonlyArray<A>, value: number): A | undefined =>
  ranges.find(({ first, last }) => first <= value && value <= last)

/** What metadata say that there is. */
export const of = (view: MetadataView): Extent => {
  const epochs = join(view.epochEndings.map(({ value }) => ({ first: value.firstEpoch, last: value.lastEpoch })))
  const transactions = join(
    view.transactions.map(({ value }) => ({ first: value.firstVersion, last: value.lastVersion }))
  )
  const history = historyOf(view.epochEndings, epochs)
  const snapshots = [...new Map(view.stateSnapshots.map(({ value }) => [value.version, value])).values()].map(
    ({ epoch, version }) => ({ epoch, version, missing: missingFor(epoch, history?.lastEpoch ?? -1, epochs) })
  )
  const missingEpochs = missingEpochsOf(epochs, snapshots)
  // The validators of the first epoch whose ending is missing are known, those of the next are not.
  const limit = missingEpochs === undefined ? Number.MAX_SAFE_INTEGER : Math.max(
    history?.lastVersion ?? -1,
    snapshots.find(({ epoch }) => epoch === missingEpochs.first)?.version ?? -1
  )
  const reach = (version: number): number =>
    Math.max(version, Math.min(limit, holding(transactions, version + 1)?.last ?? version))
  const genesis = history === undefined || holding(transactions, 0) === undefined ? [] : [{ first: 0, last: reach(0) }]
  const fromSnapshots = snapshots.filter(({ missing }) => missing === undefined)
  const restorable = join([
    ...genesis,
    ...fromSnapshots.map(({ version }) => ({ first: version, last: reach(version) }))
  ])
  const ends = [
    ...transactions.map(({ last }) => last),
    ...snapshots.map(({ version }) => version),
    ...view.epochEndings.map(({ value }) => value.lastVersion)
  ]
  return {
    epochs,
    epochVersions: epochs.map(({ first, last }) => ({
      first: first === 0
        ? 0
        : view.epochEndings.find(({ value }) => value.firstEpoch === first)?.value.firstVersion ?? 0,
      last: view.epochEndings.find(({ value }) => value.lastEpoch === last)?.value.lastVersion ?? 0
    })),
    history,
    missingEpochs,
    snapshots,
    transactions,
    restorable: restorable.map(({ first, last }) => ({
      first,
      last,
      snapshotEpochs: fromSnapshots.filter(({ version }) => first <= version && version <= last).map(({ epoch }) =>
        epoch
      )
    })),
    newestVersion: ends.length === 0 ? undefined : ends.reduce((a, b) => Math.max(a, b))
  }
}

/** The first epochs whose endings are missing though later backups show that they have ended. */
const missingEpochsOf = (
  epochs: ReadonlyArray<Range>,
  snapshots: ReadonlyArray<SnapshotExtent>
): Range | undefined => {
  const next = (holding(epochs, 0)?.last ?? -1) + 1
  const later = [...epochs.map(({ first }) => first - 1), ...snapshots.map(({ epoch }) => epoch)]
    .filter((epoch) => epoch >= next)
  return later.length === 0 ? undefined : { first: next, last: later.reduce((a, b) => Math.min(a, b)) }
}

const historyOf = (
  backups: ReadonlyArray<Located<Metadata.EpochEndingBackup>>,
  epochs: ReadonlyArray<Range>
): Extent["history"] => {
  const lastEpoch = holding(epochs, 0)?.last
  if (lastEpoch === undefined) return undefined
  const last = backups.find(({ value }) => value.lastEpoch === lastEpoch)
  return { lastEpoch, lastVersion: last?.value.lastVersion ?? 0 }
}

const missingFor = (epoch: number, lastEpoch: number, epochs: ReadonlyArray<Range>): string | undefined => {
  if (epoch <= lastEpoch) return undefined
  const next = epochs.find(({ first }) => first > lastEpoch)
  return `the ending of ${rangeOf("epoch", { first: lastEpoch + 1, last: (next?.first ?? epoch + 1) - 1 })}`
}

/** `epoch 3`, `epochs 3 to 5`. */
export const rangeOf = (what: string, { first, last }: Range): string =>
  first === last ? `${what} ${first}` : `${what}s ${first} to ${last}`
