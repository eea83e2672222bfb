/**
 * Which backups may go, and why each of the others stays: a plain function of the metadata and a policy.
 *
 * Whatever the policy, all epoch endings stay, and with every snapshot that stays the transactions that hold its version.
 * A snapshot that cannot be restored does not count as one that is kept.
 */
import type * as Ranges from "../base/Ranges.ts"
import type { MetadataView } from "../catalogue/MetadataView.ts"
import * as RestorableVersions from "../catalogue/RestorableVersions.ts"
import type * as Metadata from "../format/Metadata.ts"

export interface RetentionPolicy {
  /** So many of the newest snapshots that can be restored. At least one. */
  readonly keepSnapshots: number
  /** Beside those, the first snapshot of every so many epochs. */
  readonly keepEvery: number | undefined
  /** Every version from here on that can be restored now. `undefined`: all transactions stay. */
  readonly keepHistorySince: number | undefined
}

/** What becomes of a backup. */
export interface Verdict {
  readonly entry: Metadata.BackupEntry
  /** The metadata file that it was read from. */
  readonly file: string
  readonly kept: boolean
  /** Why it stays, or why it is not needed. */
  readonly why: string
}

export interface RetentionPlan {
  /** Epoch endings, snapshots, transactions; each from the oldest on. */
  readonly verdicts: ReadonlyArray<Verdict>
  /** What the operator should know of the result. */
  readonly notes: ReadonlyArray<string>
}

/** What becomes of each backup. */
export const make = (view: MetadataView, policy: RetentionPolicy): RetentionPlan => {
  const { restorable, snapshots } = RestorableVersions.of(view)
  const usable = snapshots.filter(({ missing }) => missing === undefined)
  const newest = usable.slice(-Math.max(1, policy.keepSnapshots))
  const [oldest] = newest
  if (oldest === undefined) return everythingStays(view)

  const bases = basesOf(usable, restorable, policy.keepHistorySince)
  const reasons = new Map([
    ...firstOfEach(usable, policy.keepEvery).map(({ epoch, version }) =>
      [version, `the first of the ${policy.keepEvery} epochs from ${bucketOf(epoch, policy.keepEvery)} on`] as const
    ),
    ...bases.map((version) => [version, `history since ${policy.keepHistorySince} starts from it`] as const),
    ...newest.map(({ version }) => [version, newestReason(newest.length)] as const),
    ...snapshots.filter(({ version }) => version > oldest.version).flatMap(({ missing, version }) =>
      missing === undefined ? [] : [[version, `it cannot be restored yet, for want of ${missing}`] as const]
    )
  ])
  const kept = snapshots.filter(({ version }) => reasons.has(version))
  const from = policy.keepHistorySince === undefined
    ? undefined
    : Math.min(policy.keepHistorySince, oldest.version, ...bases)
  return {
    verdicts: [
      ...epochEndingVerdicts(view),
      ...view.stateSnapshots.map(({ file, value }) =>
        verdict(file, { _tag: "StateSnapshotBackup", value }, reasons.get(value.version), "newer ones are kept")
      ),
      ...view.transactions.map(({ file, value }) =>
        verdict(
          file,
          { _tag: "TransactionBackup", value },
          transactionReason(value, from, kept),
          `before version ${from}, and no snapshot that is kept needs it`
        )
      )
    ],
    notes: [
      ...(newest.length < policy.keepSnapshots
        ? [`only ${newest.length} of the ${snapshots.length} snapshots can be restored, so all of those stay`]
        : []),
      ...notesOf(bases, policy.keepHistorySince),
      ...(policy.keepHistorySince === undefined
        ? ["all transactions stay, since the policy names no version that the history must begin with"]
        : [])
    ]
  }
}

const everythingStays = (view: MetadataView): RetentionPlan => {
  const why = "no snapshot can be restored, so nothing goes"
  return {
    verdicts: [
      ...epochEndingVerdicts(view),
      ...view.stateSnapshots.map(({ file, value }) => verdict(file, { _tag: "StateSnapshotBackup", value }, why)),
      ...view.transactions.map(({ file, value }) => verdict(file, { _tag: "TransactionBackup", value }, why))
    ],
    notes: [why]
  }
}

const epochEndingVerdicts = ({ epochEndings }: MetadataView): ReadonlyArray<Verdict> =>
  epochEndings.map(({ file, value }) =>
    verdict(file, { _tag: "EpochEndingBackup", value }, "whatever comes after it is proven by it")
  )

/** It stays if there is a reason for that. */
const verdict = (file: string, entry: Metadata.BackupEntry, reason: string | undefined, whyNot = ""): Verdict => ({
  entry,
  file,
  kept: reason !== undefined,
  why: reason ?? whyNot
})

const newestReason = (count: number): string =>
  count === 1 ? "the newest that can be restored" : `one of the ${count} newest that can be restored`

type Snapshots = ReadonlyArray<RestorableVersions.SnapshotExtent>

/**
 * The versions that history is restored from: in each interval that can be restored, the newest snapshot that is old enough,
 * or where the interval begins.
 */
const basesOf = (
  usable: Snapshots,
  restorable: ReadonlyArray<Ranges.Range>,
  since: number | undefined
): ReadonlyArray<number> =>
  since === undefined ?
    [] :
    restorable.filter(({ last }) => last >= since).map(({ first }) =>
      usable.findLast(({ version }) => version >= first && version <= Math.max(first, since))?.version ?? first
    )

const notesOf = (bases: ReadonlyArray<number>, since: number | undefined): ReadonlyArray<string> => {
  const [base] = bases
  return base === undefined || since === undefined || base <= since
    ? []
    : [`version ${since} cannot be restored now: what can be restored after it begins with version ${base}`]
}

const bucketOf = (epoch: number, length = 1): number => Math.floor(epoch / length) * length

const firstOfEach = (usable: Snapshots, length: number | undefined): Snapshots =>
  length === undefined
    ? []
    : usable.filter(({ epoch }, index) => bucketOf(epoch, length) !== bucketOf(usable[index - 1]?.epoch ?? -1, length))

const transactionReason = (
  { firstVersion: first, lastVersion: last }: Metadata.TransactionBackup,
  from: number | undefined,
  kept: Snapshots
): string | undefined => {
  if (from === undefined) return "all transactions are kept"
  if (last >= from) return `it holds versions from ${from} on`
  const holds = kept.find(({ version }) => first <= version && version <= last)
  return holds === undefined ? undefined : `it holds version ${holds.version}, of the snapshot of epoch ${holds.epoch}`
}
