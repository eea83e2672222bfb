import { Bcs, LedgerInfo, Waypoint } from "@holdfast/ledger"
import type { BackupStorage, StorageError } from "@holdfast/storage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { InvalidBackup } from "../EngineError.ts"
import * as Manifest from "../Manifest.ts"
import type * as Metadata from "../Metadata.ts"
import type { Located, MetadataView } from "../MetadataView.ts"
import { defaultMaxRecordBytes } from "../Settings.ts"
import { check, fileRecords, readManifest } from "./backupFiles.ts"

/** The end of an epoch. */
export interface EpochEnd {
  readonly epoch: number
  readonly version: number
}

type Backup = Located<Metadata.EpochEndingBackup>
type Failure = InvalidBackup | StorageError.StorageError

/** Where epochs end, as far as the metadata and, where a backup holds several epochs, its manifest say. */
const endsIn = (
  { file, value }: Backup
): Effect.Effect<ReadonlyArray<EpochEnd>, Failure, BackupStorage.BackupStorage> =>
  value.first_epoch === value.last_epoch
    ? Effect.succeed([{ epoch: value.first_epoch, version: value.first_version }])
    : Effect.map(
      readManifest(file, value.manifest, Manifest.parseEpochEnding),
      ({ first_epoch: first, waypoints }) =>
        waypoints.map((waypoint, index) => ({ epoch: first + index, version: Waypoint.parse(waypoint)?.version ?? 0 }))
    )

/** The newest end of an epoch at or before a version. Reads a manifest at most. */
export const endAtOrBefore = (
  view: MetadataView,
  version: number
): Effect.Effect<EpochEnd | undefined, Failure, BackupStorage.BackupStorage> => {
  const backup = view.epochEndings.findLast(({ value }) => value.first_version <= version)
  return backup === undefined
    ? Effect.succeed(undefined)
    : Effect.map(endsIn(backup), (ends) => ends.findLast((end) => end.version <= version))
}

/** When an epoch ended, in unix seconds: read from its ledger info. `undefined` for a time that no clock told. */
export const timeOfEnd = (
  view: MetadataView,
  epoch: number
): Effect.Effect<number | undefined, Failure, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const backup = view.epochEndings.find(({ value }) => value.first_epoch <= epoch && epoch <= value.last_epoch)
    if (backup === undefined) return undefined
    const { chunks } = yield* readManifest(backup.file, backup.value.manifest, Manifest.parseEpochEnding)
    const chunk = chunks.find((each) => each.first_epoch <= epoch && epoch <= each.last_epoch)
    if (chunk === undefined) return undefined
    let skip = epoch - chunk.first_epoch
    const record = yield* fileRecords(chunk.ledger_infos, defaultMaxRecordBytes).pipe(
      Stream.filterMap((batch) => {
        if (skip >= batch.count) {
          skip -= batch.count
          return Option.none()
        }
        return Option.some(batch.bytes.slice(batch.starts[skip], batch.ends[skip]))
      }),
      Stream.runHead
    )
    if (Option.isNone(record)) return undefined
    const micros = yield* check(
      chunk.ledger_infos,
      () =>
        Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record.value).value.ledgerInfo.commitInfo.timestampUsecs
    )
    return micros === 0 ? undefined : Math.floor(micros / 1_000_000)
  })
