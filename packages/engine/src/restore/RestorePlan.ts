/**
 * Which backups a restore needs: the state to begin on, the transactions after that state, the epoch endings that prove
 * both; or why the backups do not reach the target.
 *
 * Source: the backup page of the specification, section 7.
 */
import type * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { InvalidBackup, RestoreRefused } from "../base/EngineError.ts"
import * as Ranges from "../base/Ranges.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type * as Metadata from "../format/Metadata.ts"

/** What to restore. An empty goal asks for the newest version that the backups reach, and for as little as that takes. */
export interface RestoreGoal {
  /** The last version; as far as the backups reach by default. */
  readonly targetVersion?: number | undefined
  /**
   * Restore every transaction and every state from this version on. By default the ledger begins with the newest state that
   * the target needs.
   */
  readonly historyStartVersion?: number | undefined
  /** Take no epoch endings from the backups: those in the store must do. */
  readonly skipEpochEndings?: boolean
}

export interface RestorePlan {
  /** The last version that the store will hold. */
  readonly targetVersion: number
  /** The highest version that the backups reach. */
  readonly highestVersion: number
  /** Why the highest version is not higher. */
  readonly limit: string
  /** Epoch-ending backups to read, from the next epoch of the store on. */
  readonly epochEndings: ReadonlyArray<MetadataView.Located<Metadata.EpochEndingBackup>>
  /** The state to begin on; `undefined` if the ledger begins with version 0 or continues that of the store. */
  readonly base: MetadataView.Located<Metadata.StateSnapshotBackup> | undefined
  /** The first transaction to read; the version after the target if there is none to read. */
  readonly firstVersion: number
  /** Transaction backups of the versions from there to the target. */
  readonly transactions: ReadonlyArray<MetadataView.Located<Metadata.TransactionBackup>>
}

/** Where the ledger may begin, and how far the transactions reach from there. */
interface Start {
  readonly base: MetadataView.Located<Metadata.StateSnapshotBackup> | undefined
  readonly firstVersion: number
  /** The last version of these transactions; `firstVersion - 1` if there are none. */
  readonly reach: number
  readonly limit: string
}

/**
 * The plan for a goal and the progress of the store. Fails with `InvalidBackup` (`Gap`) if the backups do not reach the
 * goal; the error says how far they do reach. Fails with `RestoreRefused` if the store holds what the goal excludes.
 */
export const make = (
  view: MetadataView.MetadataView,
  goal: RestoreGoal,
  progress: RestoreTarget.RestoreProgress
): Either.Either<RestorePlan, InvalidBackup | RestoreRefused> =>
  Either.gen(function*() {
    yield* checkStore(goal, progress)
    const provable = provableEpochs(view, goal, progress)
    const starts = yield* startsOf(view, goal, progress, provable)
    const { targetVersion } = goal
    const best = starts.reduce<Start | undefined>((a, b) => a === undefined || b.reach > a.reach ? b : a, undefined)
    if (best === undefined || best.reach < 0) {
      return yield* Either.left(gap(`nothing can be restored: ${best?.limit ?? provable.limit}`))
    }
    const start = targetVersion === undefined ? best : starts.find(({ reach }) => reach >= targetVersion)
    if (start === undefined) {
      return yield* Either.left(
        gap(`version ${targetVersion} cannot be reached, only version ${best.reach}: ${best.limit}`)
      )
    }
    const target = targetVersion ?? best.reach
    const { base, firstVersion } = start
    return {
      targetVersion: target,
      highestVersion: best.reach,
      limit: best.limit,
      epochEndings: provable.backups.filter(({ value }) => value.firstVersion <= target),
      base,
      firstVersion,
      transactions: MetadataView.coveringTransactions(view, firstVersion, target).backups
    }
  })

const gap = (detail: string): InvalidBackup => new InvalidBackup({ file: "metadata", reason: "Gap", detail })

const refused = (detail: string) => Either.left(new RestoreRefused({ detail }))

/** Refuses a goal that excludes what the store holds. */
const checkStore = (
  { historyStartVersion, targetVersion }: RestoreGoal,
  { firstVersion, nextVersion, state }: RestoreTarget.RestoreProgress
): Either.Either<void, RestoreRefused> => {
  const held = Option.match(state, { onNone: () => nextVersion - 1, onSome: ({ version }) => version })
  const holds = Option.isSome(state) ? `part of the state of version ${held}` : `the ledger up to version ${held}`
  if (targetVersion !== undefined && held > targetVersion) {
    return refused(`the store holds ${holds}, which is beyond version ${targetVersion}: restore into an empty folder`)
  }
  const begins = Option.isSome(state) ? held + 1 : firstVersion
  if (historyStartVersion !== undefined && held >= 0 && begins > historyStartVersion) {
    return refused(
      `the history in the store begins with version ${begins}, not with ${historyStartVersion}: restore into an empty folder`
    )
  }
  return Either.void
}

/** The epochs whose endings are in the store or in backups without a gap. */
const provableEpochs = (
  view: MetadataView.MetadataView,
  { skipEpochEndings = false }: RestoreGoal,
  { nextEpoch }: RestoreTarget.RestoreProgress
) => {
  const latest = MetadataView.storageState(view).latestEpochEndingEpoch ?? -1
  if (skipEpochEndings) {
    return { lastEpoch: nextEpoch - 1, backups: [], limit: "the epoch endings were skipped, as was asked for" }
  }
  const { backups, gap: missing } = MetadataView.coveringEpochEndings(view, nextEpoch, latest)
  return {
    lastEpoch: Math.max(nextEpoch - 1, backups.at(-1)?.value.lastEpoch ?? -1),
    backups,
    limit: missing?.detail ?? (latest < 0 ? "no epoch ending is backed up" : `no epoch after ${latest} is backed up`)
  }
}

/** Where the ledger may begin, the newest state first. */
const startsOf = (
  view: MetadataView.MetadataView,
  goal: RestoreGoal,
  { nextVersion, state }: RestoreTarget.RestoreProgress,
  provable: { readonly lastEpoch: number; readonly limit: string }
): Either.Either<ReadonlyArray<Start>, InvalidBackup> => {
  const runs = runsOf(view)
  const startAt = (base: Start["base"], firstVersion: number): Start => ({
    base,
    firstVersion,
    ...reachFrom(runs, firstVersion)
  })
  if (nextVersion > 0) return Either.right([startAt(undefined, nextVersion)])
  if (Option.isSome(state)) {
    const { version } = state.value
    const base = view.stateSnapshots.find((each) => each.value.version === version)
    return base === undefined
      ? Either.left(gap(
        `no backup holds the state of version ${version} any more, which the store has part of: restore into an empty folder`
      ))
      : Either.right([startAt(base, version + 1)])
  }
  const newest = Math.min(goal.targetVersion ?? Infinity, (goal.historyStartVersion ?? Infinity) - 1)
  const bases = view.stateSnapshots
    .filter(({ value }) => value.version <= newest && value.epoch <= provable.lastEpoch)
    .toReversed()
  return Either.right([...bases.map((base) => startAt(base, base.value.version + 1)), startAt(undefined, 0)])
}

/** The versions of all transaction backups. */
const runsOf = ({ transactions }: MetadataView.MetadataView): ReadonlyArray<Ranges.Range> =>
  Ranges.join(transactions.map(({ value }) => ({ first: value.firstVersion, last: value.lastVersion })))

/** How far transactions reach from a version on without a gap, and why no further. */
const reachFrom = (runs: ReadonlyArray<Ranges.Range>, version: number): Pick<Start, "reach" | "limit"> => {
  const run = runs.findLast(({ first }) => first <= version)
  const reach = Math.max(version - 1, run?.last ?? -1)
  const next = runs.find(({ first }) => first > reach)
  return {
    reach,
    limit: next !== undefined
      ? `no backup holds versions ${reach + 1} to ${next.first - 1}`
      : reach < version
      ? `no backup holds transactions from version ${version} on`
      : `the transactions that are backed up end with version ${reach}`
  }
}
