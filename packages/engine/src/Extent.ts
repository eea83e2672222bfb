/**
 * What the backups of a storage cover, and what of it can be restored: plain functions of its metadata.
 *
 * A version can be restored from the newest snapshot at or before it if the epoch endings lead from epoch 0 to that
 * snapshot without a gap, and the transactions from the snapshot's version to it are there without a gap.
 *
 * Source: the backup page of the specification, sections 3 and 7.
 *
 * @since 0.1.0
 */
import type * as Metadata from "./Metadata.ts"
import type { Located, MetadataView } from "./MetadataView.ts"

/**
 * Both ends included.
 *
 * @since 0.1.0
 * @category models
 */
export interface Range {
  readonly first: number
  readonly last: number
}

/**
 * A state snapshot, and why it cannot be restored, if it cannot.
 *
 * @since 0.1.0
 * @category models
 */
export interface SnapshotExtent {
  readonly epoch: number
  readonly version: number
  readonly missing: string | undefined
}

/**
 * Versions that can be restored, and the epochs of the snapshots that they are restored from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Restorable extends Range {
  readonly snapshotEpochs: ReadonlyArray<number>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Extent {
  /** Epochs, joined where they touch or overlap. */
  readonly epochs: ReadonlyArray<Range>
  /** The epochs from 0 on that are there without a gap, and the version that they end with. */
  readonly history: { readonly lastEpoch: number; readonly lastVersion: number } | undefined
  /** By version, one for each. */
  readonly snapshots: ReadonlyArray<SnapshotExtent>
  /** Versions, joined. */
  readonly transactions: ReadonlyArray<Range>
  /** By version, joined. */
  readonly restorable: ReadonlyArray<Restorable>
  /** The highest version that any backup reaches. */
  readonly newestVersion: number | undefined
}

/**
 * Ranges in order, joined where they touch or overlap.
 *
 * @since 0.1.0
 * @category combinators
 */
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

/**
 * What joined ranges leave out between `first` and their end.
 *
 * @since 0.1.0
 * @category combinators
 */
export const gaps = (joined: ReadonlyArray<Range>, first: number): ReadonlyArray<Range> => {
  const left: Array<Range> = []
  let next = first
  for (const range of joined) {
    if (range.first > next) left.push({ first: next, last: range.first - 1 })
    next = Math.max(next, range.last + 1)
  }
  return left
}

/**
 * The range that holds a number.
 *
 * @since 0.1.0
 * @category combinators
 */
export const holding = <A extends Range>(ranges: ReadonlyArray<A>, value: number): A | undefined =>
  ranges.find(({ first, last }) => first <= value && value <= last)

/**
 * What metadata say that there is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (view: MetadataView): Extent => {
  const epochs = join(view.epochEndings.map(({ value }) => ({ first: value.first_epoch, last: value.last_epoch })))
  const transactions = join(
    view.transactions.map(({ value }) => ({ first: value.first_version, last: value.last_version }))
  )
  const history = historyOf(view.epochEndings, epochs)
  const snapshots = [...new Map(view.stateSnapshots.map(({ value }) => [value.version, value])).values()].map((
    value
  ) => ({
    epoch: value.epoch,
    version: value.version,
    missing: missingFor(value, history?.lastEpoch ?? -1, epochs, transactions)
  }))
  // Beyond a gap in the epochs no signature can be checked. Without one, the epoch that is open signs what comes after.
  const limit = epochs.length > 1 ? history?.lastVersion ?? -1 : Number.MAX_SAFE_INTEGER
  const intervals = snapshots.flatMap(({ epoch, missing, version }) => {
    const last = Math.min(limit, holding(transactions, version)?.last ?? -1)
    return missing === undefined && last >= version ? [{ epoch, range: { first: version, last } }] : []
  })
  const ends = [
    ...transactions.map(({ last }) => last),
    ...snapshots.map(({ version }) => version),
    ...view.epochEndings.map(({ value }) => value.last_version)
  ]
  return {
    epochs,
    history,
    snapshots,
    transactions,
    restorable: join(intervals.map(({ range }) => range)).map((range) => ({
      ...range,
      snapshotEpochs: intervals.filter((each) => holding([range], each.range.first)).map(({ epoch }) => epoch)
    })),
    newestVersion: ends.length === 0 ? undefined : ends.reduce((a, b) => Math.max(a, b))
  }
}

const historyOf = (
  backups: ReadonlyArray<Located<Metadata.EpochEndingBackup>>,
  epochs: ReadonlyArray<Range>
): Extent["history"] => {
  const lastEpoch = holding(epochs, 0)?.last
  if (lastEpoch === undefined) return undefined
  const last = backups.find(({ value }) => value.last_epoch === lastEpoch)
  return { lastEpoch, lastVersion: last?.value.last_version ?? 0 }
}

const missingFor = (
  { epoch, version }: Metadata.StateSnapshotBackup,
  lastEpoch: number,
  epochs: ReadonlyArray<Range>,
  transactions: ReadonlyArray<Range>
): string | undefined => {
  if (epoch > lastEpoch) {
    const next = epochs.find(({ first }) => first > lastEpoch)
    return `${rangeOf("the epoch ending", { first: lastEpoch + 1, last: (next?.first ?? epoch + 1) - 1 })} to prove it`
  }
  if (holding(transactions, version) !== undefined) return undefined
  const before = transactions.findLast(({ last }) => last < version)
  const after = transactions.find(({ first }) => first > version)
  return after === undefined
    ? `transaction ${version}: the transactions ${
      before === undefined ? "are not there" : `reach version ${before.last} so far`
    }`
    : rangeOf("transaction", { first: (before?.last ?? -1) + 1, last: after.first - 1 })
}

/**
 * `epoch 3`, `epochs 3 to 5`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const rangeOf = (what: string, { first, last }: Range): string =>
  first === last ? `${what} ${first}` : `${what}s ${first} to ${last}`
