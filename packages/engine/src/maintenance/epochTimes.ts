import * as Bcs from "@holdfast/ledger/Bcs"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import type { InvalidBackup } from "../base/EngineError.ts"
import { defaultMaxRecordBytes } from "../base/Settings.ts"
import type { MetadataView } from "../catalogue/MetadataView.ts"
import { check } from "../reading/backupFiles.ts"
import { endingVersion, epochEndingManifest } from "../verify/manifests.ts"
import { endingOf } from "../verify/storageEpochEndings.ts"

/** The end of an epoch. */
export interface EpochEnd {
  readonly epoch: number
  readonly version: number
}

type Reading<A> = Effect.Effect<A, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage>

/**
 * The newest end of an epoch at or before a version, as far as the metadata and, where a backup holds several epochs, its
 * manifest say.
 */
export const endAtOrBefore = (view: MetadataView, version: number): Reading<EpochEnd | undefined> =>
  Effect.gen(function*() {
    const backup = view.epochEndings.findLast(({ value }) => value.firstVersion <= version)
    if (backup === undefined) return undefined
    const { firstEpoch: first, firstVersion, lastEpoch: last } = backup.value
    if (first === last) return { epoch: first, version: firstVersion }
    const manifest = yield* epochEndingManifest(backup)
    for (let epoch = last; epoch > first; epoch--) {
      const end = endingVersion(manifest, epoch)
      if (end !== undefined && end <= version) return { epoch, version: end }
    }
    return { epoch: first, version: firstVersion }
  })

/** When an epoch ended, in unix seconds: read from its ledger info. `undefined` for a time that no clock told. */
export const timeOfEnd = (view: MetadataView, epoch: number): Reading<number | undefined> =>
  Effect.gen(function*() {
    const record = yield* endingOf(view, epoch, defaultMaxRecordBytes)
    if (record === undefined) return undefined
    const { value } = yield* check("metadata", () => Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record))
    const { timestampUsecs } = value.ledgerInfo.commitInfo
    return timestampUsecs === 0 ? undefined : Math.floor(timestampUsecs / 1_000_000)
  })
