/**
 * Restores one backup, named by its manifest, into a ledger store: the pieces that {@link Restore.restore} puts together.
 *
 * Each goes on where the store stands. What cannot be proven by the epoch endings in the store is refused.
 */
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import { ImpossibleRequest, type InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Manifest from "../format/Manifest.ts"
import { readManifest } from "../reading/backupFiles.ts"
import { type RestoreError, type RestoreServices, type RestoreSettings, streamOptions } from "./Restore.ts"
import { restoredHistory } from "./restoredChainOfTrust.ts"
import { restoreEpochEndings, restoreState, restoreTransactions } from "./restoreSteps.ts"

/** Who names the manifest, for errors. */
const manifestGiven = <A>(
  file: string,
  parse: (file: string, text: string) => Either.Either<A, InvalidBackup>
): Effect.Effect<A, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> =>
  readManifest("the command line", file, parse)

/** Restores epoch endings from the next epoch of the store on. Returns the epoch that comes next then. */
export const epochEndings = (
  manifestFile: string,
  settings: RestoreSettings
): Effect.Effect<number, RestoreError, RestoreServices> =>
  Effect.gen(function*() {
    const manifest = yield* manifestGiven(manifestFile, Manifest.parseEpochEnding)
    const history = yield* restoredHistory(settings.trustedWaypoints)
    if (manifest.firstEpoch > history.nextEpoch) {
      return yield* new ImpossibleRequest({
        detail:
          `${manifestFile} begins with epoch ${manifest.firstEpoch}, in the store ${history.nextEpoch} comes next: `
          + "restore the backup before it first"
      })
    }
    const tracker = yield* Progress.begin({
      what: `epoch endings ${history.nextEpoch} to ${manifest.lastEpoch}`,
      unit: "epochs",
      total: manifest.lastEpoch - history.nextEpoch + 1
    })
    yield* restoreEpochEndings(
      manifestFile,
      manifest,
      Number.MAX_SAFE_INTEGER,
      history,
      settings.requireWaypoint,
      tracker,
      streamOptions(settings)
    )
    return history.nextEpoch
  }).pipe(Effect.scoped)

/**
 * Restores a state, or one half of it, into a store without a ledger. Returns where the store stands then: without a
 * ledger as long as the other half is missing.
 */
export const stateSnapshot = (
  manifestFile: string,
  intoVersion: number,
  part: RestoreTarget.StatePart,
  settings: RestoreSettings
): Effect.Effect<RestoreTarget.RestoreProgress, RestoreError, RestoreServices> =>
  Effect.gen(function*() {
    const manifest = yield* manifestGiven(manifestFile, Manifest.parseStateSnapshot)
    if (manifest.version !== intoVersion) {
      return yield* new ImpossibleRequest({
        detail: `${manifestFile} holds the state of version ${manifest.version}, not of ${intoVersion}`
      })
    }
    const history = yield* restoredHistory(settings.trustedWaypoints)
    yield* restoreState(manifestFile, manifest, history, part, streamOptions(settings))
    const target = yield* RestoreTarget.RestoreTarget
    return yield* target.progress
  })

/**
 * Restores transactions from the next version of the store on, as far as `lastVersion`. Returns the version that comes
 * next then.
 */
export const transactions = (
  manifestFile: string,
  lastVersion: number | undefined,
  settings: RestoreSettings
): Effect.Effect<number, RestoreError, RestoreServices> =>
  Effect.gen(function*() {
    const manifest = yield* manifestGiven(manifestFile, Manifest.parseTransaction)
    const target = yield* RestoreTarget.RestoreTarget
    const { nextVersion: first } = yield* target.progress
    const last = Math.min(lastVersion ?? manifest.lastVersion, manifest.lastVersion)
    if (manifest.firstVersion > first) {
      return yield* new ImpossibleRequest({
        detail: `${manifestFile} begins with version ${manifest.firstVersion}, in the store ${first} comes next: `
          + "restore what is before it first"
      })
    }
    const history = yield* restoredHistory(settings.trustedWaypoints)
    const tracker = yield* Progress.begin({
      what: `transactions ${first} to ${last}`,
      unit: "transactions",
      total: Math.max(last - first + 1, 0)
    })
    const end = yield* target.importTransactions({ lastVersion: last, maxStagedBytes: settings.maxChunkBytes })
    yield* restoreTransactions(manifestFile, manifest, { first, last }, history, end, tracker, streamOptions(settings))
    return (yield* target.progress).nextVersion
  }).pipe(Effect.scoped)
