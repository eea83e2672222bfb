/**
 * Restores one backup, named by its manifest, into a ledger store: the pieces that {@link Restore.restore} puts together.
 *
 * Each restore continues where the store stands, and refuses what the epoch endings in the store do not prove.
 */
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import { ImpossibleRequest, type InvalidBackup } from "../base/EngineError.ts"
import * as Manifest from "../format/Manifest.ts"
import { readManifest } from "../reading/backupFiles.ts"
import type { RestoreError, RestoreServices } from "./Restore.ts"
import type { RestoreSettings } from "./RestoreSettings.ts"
import { beginRestoration, epochEndingSteps, restoreState, transactionSteps } from "./restoreSteps.ts"

/** Errors say that the command line names the manifest. */
const manifestGiven = <A>(
  file: string,
  parse: (file: string, text: string) => Either.Either<A, InvalidBackup>
): Effect.Effect<A, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> =>
  readManifest("the command line", file, parse)

/** Restores epoch endings from the next epoch of the store on. Returns the next epoch of the store after that. */
export const epochEndings = (
  manifestFile: string,
  settings: RestoreSettings = {}
): Effect.Effect<number, RestoreError, RestoreServices> =>
  Effect.gen(function*() {
    const manifest = yield* manifestGiven(manifestFile, Manifest.parseEpochEnding)
    const restoration = yield* beginRestoration(settings)
    const { history } = restoration
    if (manifest.firstEpoch > history.nextEpoch) {
      return yield* new ImpossibleRequest({
        detail:
          `${manifestFile} begins with epoch ${manifest.firstEpoch}, in the store ${history.nextEpoch} comes next: `
          + "restore the backup before it first"
      })
    }
    const step = yield* epochEndingSteps(restoration, manifest.lastEpoch, Number.MAX_SAFE_INTEGER)
    yield* step({ manifestFile, manifest })
    return history.nextEpoch
  }).pipe(Effect.scoped)

/**
 * Restores a state, or one half of a state, into a store without a ledger. Returns where the store stands after that:
 * without a ledger as long as the other half is missing.
 */
export const stateSnapshot = (
  manifestFile: string,
  intoVersion: number,
  part: RestoreTarget.StatePart = "all",
  settings: RestoreSettings = {}
): Effect.Effect<RestoreTarget.RestoreProgress, RestoreError, RestoreServices> =>
  Effect.gen(function*() {
    const manifest = yield* manifestGiven(manifestFile, Manifest.parseStateSnapshot)
    if (manifest.version !== intoVersion) {
      return yield* new ImpossibleRequest({
        detail: `${manifestFile} holds the state of version ${manifest.version}, not of ${intoVersion}`
      })
    }
    const restoration = yield* beginRestoration(settings)
    yield* restoreState(restoration, { manifestFile, manifest }, part)
    return yield* restoration.target.progress
  })

/**
 * Restores transactions from the next version of the store on, up to `lastVersion` or the end of the backup. Returns the
 * next version of the store after that.
 */
export const transactions = (
  manifestFile: string,
  lastVersion?: number,
  settings: RestoreSettings = {}
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
    const step = yield* transactionSteps(yield* beginRestoration(settings), { first, last })
    yield* step({ manifestFile, manifest }, first)
    return (yield* target.progress).nextVersion
  }).pipe(Effect.scoped)
