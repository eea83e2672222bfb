/**
 * What the backups of a storage cover, and what of it can be restored: plain functions of its metadata.
 *
 * A version can be restored from a snapshot at or before it if the epoch endings lead from epoch 0 to that snapshot without a
 * gap, and the transactions after the snapshot are there up to it. Where the transactions begin with version 0, that will
 * do in place of a snapshot. See {@link RestorePlan}, which chooses among these for one target.
 *
 * Source: the backup page of the specification, sections 3 and 7.
 */
import * as Ranges from "../base/Ranges.ts"
import type * as Metadata from "../format/Metadata.ts"
import type { Located, MetadataView } from "./MetadataView.ts"

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
export interface Restorable extends Ranges.Range {
  readonly snapshotEpochs: ReadonlyArray<number>
}

export interface Extent {
  /** Epochs, joined where they touch or overlap. */
  readonly epochs: ReadonlyArray<Ranges.Range>
  /** The versions of these epochs, as far as the metadata say. */
  readonly epochVersions: ReadonlyArray<Ranges.Range>
  /** The epochs from 0 on that are there without a gap, and the version that they end with. */
  readonly history: { readonly lastEpoch: number; readonly lastVersion: number } | undefined
  /** The first epochs whose endings are missing though later backups show that they have ended. */
  readonly missingEpochs: Ranges.Range | undefined
  /** By version, one for each. */
  readonly snapshots: ReadonlyArray<SnapshotExtent>
  /** Versions, joined. */
  readonly transactions: ReadonlyArray<Ranges.Range>
  /** By version, joined. */
  readonly restorable: ReadonlyArray<Restorable>
  /** The highest version that any backup reaches. */
  readonly newestVersion: number | undefined
}

/** What metadata say that there is. */
export const of = (view: MetadataView): Extent => {
  const epochs = Ranges.join(view.epochEndings.map(({ value }) => ({ first: value.firstEpoch, last: value.lastEpoch })))
  const transactions = Ranges.join(
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
    Math.max(version, Math.min(limit, Ranges.holding(transactions, version + 1)?.last ?? version))
  const genesis = history === undefined || Ranges.holding(transactions, 0) === undefined
    ? []
    : [{ first: 0, last: reach(0) }]
  const fromSnapshots = snapshots.filter(({ missing }) => missing === undefined)
  const restorable = Ranges.join([
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
  epochs: ReadonlyArray<Ranges.Range>,
  snapshots: ReadonlyArray<SnapshotExtent>
): Ranges.Range | undefined => {
  const next = (Ranges.holding(epochs, 0)?.last ?? -1) + 1
  const later = [...epochs.map(({ first }) => first - 1), ...snapshots.map(({ epoch }) => epoch)]
    .filter((epoch) => epoch >= next)
  return later.length === 0 ? undefined : { first: next, last: later.reduce((a, b) => Math.min(a, b)) }
}

const historyOf = (
  backups: ReadonlyArray<Located<Metadata.EpochEndingBackup>>,
  epochs: ReadonlyArray<Ranges.Range>
): Extent["history"] => {
  const lastEpoch = Ranges.holding(epochs, 0)?.last
  if (lastEpoch === undefined) return undefined
  const last = backups.find(({ value }) => value.lastEpoch === lastEpoch)
  return { lastEpoch, lastVersion: last?.value.lastVersion ?? 0 }
}

const missingFor = (epoch: number, lastEpoch: number, epochs: ReadonlyArray<Ranges.Range>): string | undefined => {
  if (epoch <= lastEpoch) return undefined
  const next = epochs.find(({ first }) => first > lastEpoch)
  return `the ending of ${Ranges.describe("epoch", { first: lastEpoch + 1, last: (next?.first ?? epoch + 1) - 1 })}`
}
