/** Epoch endings of a storage, for the ledger infos that its other backups lead to. */
import * as Frames from "@holdfast/ledger/Frames"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type * as Manifest from "../format/Manifest.ts"
import type * as Metadata from "../format/Metadata.ts"
import { type Check, check, fileRecords, inconsistent, namedBy } from "../reading/backupFiles.ts"
import { nowhere } from "../verify/sinks.ts"
import { epochEndingManifest, verifyEpochEndings } from "../verify/verifyEpochEndings.ts"
import type { StorageReading } from "./Exploration.ts"
import type { EndingSource } from "./ledgerInfoTrust.ts"

/** `blamed` is the file that holds the ledger infos whose signatures are checked. */
export const storedEndings = (
  view: MetadataView.MetadataView,
  blamed: string,
  { concurrentDownloads, maxRecordBytes }: StorageReading
): EndingSource<InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> => ({
  where: "the storage",
  check: (run) => check(blamed, run),
  one: (epoch) =>
    Effect.gen(function*() {
      const [backup] = MetadataView.coveringEpochEndings(view, epoch, epoch).backups
      return backup === undefined ? undefined : yield* oneOf(backup, epoch, maxRecordBytes)
    }),
  all: (history, last) =>
    Effect.gen(function*() {
      const tracker = yield* Progress.begin({ what: `epoch endings 0 to ${last}`, unit: "epochs", total: last + 1 })
      const options = { ahead: concurrentDownloads, maxRecordBytes }
      for (const backup of MetadataView.coveringEpochEndings(view, 0, last).backups) {
        const manifest = yield* epochEndingManifest(backup)
        const { manifest: file } = backup.value
        yield* verifyEpochEndings(file, manifest, 0, history, tracker, nowhere.epochEndings, options)
      }
    }).pipe(Effect.scoped)
})

const oneOf = (
  backup: MetadataView.Located<Metadata.EpochEndingBackup>,
  epoch: number,
  maxRecordBytes: number
): Check<Uint8Array | undefined> =>
  Effect.gen(function*() {
    const manifest = yield* epochEndingManifest(backup)
    const file = backup.value.manifest
    const chunk = manifest.chunks.find((each) => each.firstEpoch <= epoch && epoch <= each.lastEpoch)
    if (chunk === undefined) return undefined
    const record = yield* recordAt(chunk.ledgerInfos, epoch - chunk.firstEpoch, maxRecordBytes).pipe(namedBy(file))
    if (record === undefined) {
      return yield* inconsistent(chunk.ledgerInfos, `it ends before epoch ${epoch}, which its manifest says it holds`)
    }
    return record
  })

/** Record `index` of a file, counted from 0, copied. */
const recordAt = (file: string, index: number, maxRecordBytes: number): Check<Uint8Array | undefined> => {
  let before = 0
  return fileRecords(file, maxRecordBytes).pipe(
    Stream.filterMap((batch) => {
      const at = index - before
      before += batch.count
      return at >= 0 && at < batch.count
        ? Option.some(Frames.recordAt(batch, at).slice())
        : Option.none()
    }),
    Stream.runHead,
    Effect.map(Option.getOrUndefined)
  )
}

/** The version that a manifest says an epoch ends with. */
export const endingVersion = (manifest: Manifest.EpochEndingManifest, epoch: number): number | undefined =>
  Waypoint.parse(manifest.waypoints[epoch - manifest.firstEpoch] ?? "")?.version
