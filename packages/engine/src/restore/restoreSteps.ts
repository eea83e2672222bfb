/** Verified backups into a store: the pipelines of verify, with the store at their end. */
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { InvalidBackup, type RestoreRefused } from "../base/EngineError.ts"
import type { Tracker } from "../base/Progress.ts"
import type * as Manifest from "../format/Manifest.ts"
import { inconsistent } from "../reading/backupFiles.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { rootOfTrust, waypointRequired } from "../verify/rootOfTrust.ts"
import type { EpochEndingsEnd, StateEnd, TransactionsEnd } from "../verify/sinks.ts"
import { verifyEpochEndings } from "../verify/verifyEpochEndings.ts"
import { type CheckedRoot, verifyStateSnapshot } from "../verify/verifyStateSnapshot.ts"
import { verifyTransactions } from "../verify/verifyTransactions.ts"
import { checkSameLedger } from "./restoredChainOfTrust.ts"

type Failure = InvalidBackup | RestoreRefused | LedgerStoreError.LedgerStoreError
type Step = Effect.Effect<
  void,
  Failure | StorageError.StorageError,
  BackupStorage.BackupStorage | RestoreTarget.RestoreTarget
>

const unverifiable = (file: string, epoch: number, history: EpochHistory.EpochHistory): InvalidBackup =>
  new InvalidBackup({
    file,
    reason: "Unverifiable",
    detail: `it is proven by epoch ${epoch}, ${
      history.nextEpoch === 0
        ? "and no epoch ending is known"
        : `and the known epochs end with ${history.nextEpoch - 1}`
    }: restore the epoch endings first`
  })

/** Those that end an epoch at or before version `lastVersion` go to the store; the others only to the history. */
export const restoreEpochEndings = (
  file: string,
  manifest: Manifest.EpochEndingManifest,
  lastVersion: number,
  history: EpochHistory.EpochHistory,
  requireWaypoint: boolean,
  tracker: Tracker,
  options: ChunkStreamOptions
): Step =>
  Effect.flatMap(RestoreTarget.RestoreTarget, (target) => {
    const end: EpochEndingsEnd<Failure> = {
      add: (firstEpoch, records) =>
        Effect.suspend((): Effect.Effect<void, Failure> => {
          const { untrustedGenesis } = rootOfTrust(history)
          if (requireWaypoint && untrustedGenesis !== undefined) return waypointRequired(untrustedGenesis)
          const wanted = records.filter((_, index) => (history.ending(firstEpoch + index)?.version ?? 0) <= lastVersion)
          return wanted.length === 0 ? Effect.void : target.addEpochEndings(firstEpoch, wanted)
        })
    }
    return Effect.zipRight(
      checkSameLedger(file, manifest, history),
      verifyEpochEndings(file, manifest, history.nextEpoch, history, tracker, end, options)
    )
  })

/** The values, the tree, or whatever is missing of both, of the state of a manifest. */
export const restoreState = (
  file: string,
  manifest: Manifest.StateSnapshotManifest,
  history: EpochHistory.EpochHistory,
  part: RestoreTarget.StatePart,
  options: ChunkStreamOptions
): Step =>
  Effect.gen(function*() {
    const target = yield* RestoreTarget.RestoreTarget
    const begin =
      (each: RestoreTarget.StatePart) =>
      ({ rootProof, trusted }: CheckedRoot): Effect.Effect<StateEnd<Failure>, Failure, Scope.Scope> =>
        trusted
          ? target.importState({ rootProof, part: each })
          : unverifiable(manifest.proof, manifest.epoch, history)
    for (const each of missingParts(part, yield* target.progress)) {
      yield* verifyStateSnapshot(file, manifest, history, begin(each), options)
    }
  })

/** Values and tree that are equally far go on together. */
const missingParts = (
  part: RestoreTarget.StatePart,
  { state }: RestoreTarget.RestoreProgress
): ReadonlyArray<RestoreTarget.StatePart> => {
  if (Option.isNone(state)) return [part]
  const { tree, values } = state.value
  if (part === "all" && !values.complete && !tree.complete && values.items === tree.items) return [part]
  return [
    ...part !== "tree" && !values.complete ? ["values" as const] : [],
    ...part !== "values" && !tree.complete ? ["tree" as const] : []
  ]
}

/** The transactions from the next one on, as far as the import goes. */
export const restoreTransactions = (
  file: string,
  manifest: Manifest.TransactionManifest,
  range: { readonly first: number; readonly last: number },
  history: EpochHistory.EpochHistory,
  transactions: RestoreTarget.TransactionImport,
  tracker: Tracker,
  options: ChunkStreamOptions
): Step => {
  const end: TransactionsEnd<Failure> = {
    stage: transactions.stage,
    flush: transactions.flush,
    settle: (ledgerInfo, trusted, proof) =>
      trusted
        ? Effect.mapError(transactions.settle(ledgerInfo), (error) =>
          error.reason === "Inconsistent" ? inconsistent(file, error.detail) : error)
        : unverifiable(proof, ledgerInfo.value.ledgerInfo.commitInfo.epoch, history)
  }
  return verifyTransactions(file, manifest, range, history, tracker, () => undefined, end, options)
}
