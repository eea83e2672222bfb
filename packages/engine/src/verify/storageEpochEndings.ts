/** The epoch endings of a storage: the chain of trust that they form, and one of them alone. */
import { discard } from "@holdfast/ledger-store/LedgerSink"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Progress from "../base/Progress.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type * as Metadata from "../format/Metadata.ts"
import { type Check, fileRecords, inconsistent, namedBy } from "../reading/backupFiles.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { epochEndingManifest } from "./manifests.ts"
import { verifyEpochEndings } from "./verifyEpochEndings.ts"

type Backup = MetadataView.Located<Metadata.EpochEndingBackup>

/** The chain of trust that the epoch endings of a storage form, as far as it is read. */
export interface StorageHistory {
  readonly history: EpochHistory.EpochHistory
  /** Reads and checks what the history lacks up to an epoch. Fails with a `Gap` that names what the storage lacks. */
  readonly extendTo: (lastEpoch: number, view: MetadataView.MetadataView) => Check<void>
}

export const storageHistory = (
  trustedWaypoints: ReadonlyArray<Waypoint.Waypoint>,
  options: ChunkStreamOptions
): Effect.Effect<StorageHistory> =>
  Effect.map(Effect.makeSemaphore(1), (one) => {
    const history = new EpochHistory.EpochHistory(trustedWaypoints)
    return {
      history,
      extendTo: (lastEpoch, view) =>
        Effect.suspend(() => {
          if (history.nextEpoch > lastEpoch) return Effect.void
          const { backups, gap } = MetadataView.coveringEpochEndings(view, history.nextEpoch, lastEpoch)
          return gap ?? extend(history, "chain of trust, epoch endings", backups, lastEpoch, options)
        }).pipe(one.withPermits(1))
    }
  })

/** Takes the endings that a history lacks up to an epoch from backups. `what` is shown as the name of the task. */
export const extend = (
  history: EpochHistory.EpochHistory,
  what: string,
  backups: ReadonlyArray<Backup>,
  lastEpoch: number,
  options: ChunkStreamOptions
): Check<void> =>
  Effect.gen(function*() {
    const first = history.nextEpoch
    const tracker = yield* Progress.begin({
      what: `${what} ${first} to ${lastEpoch}`,
      unit: "epochs",
      total: lastEpoch - first + 1
    })
    for (const backup of backups) {
      yield* verifyEpochEndings({
        manifestFile: backup.value.manifest,
        manifest: yield* epochEndingManifest(backup),
        from: history.nextEpoch,
        history,
        sink: discard.epochEndings,
        tracker,
        options
      })
    }
  }).pipe(Effect.scoped)

/** The ending of one epoch, as BCS; `undefined` if no backup holds it. */
export const endingOf = (
  view: MetadataView.MetadataView,
  epoch: number,
  maxRecordBytes: number
): Check<Uint8Array | undefined> =>
  Effect.gen(function*() {
    const [backup] = MetadataView.coveringEpochEndings(view, epoch, epoch).backups
    const chunks = backup === undefined ? [] : (yield* epochEndingManifest(backup)).chunks
    const chunk = chunks.find((each) => each.firstEpoch <= epoch && epoch <= each.lastEpoch)
    if (backup === undefined || chunk === undefined) return undefined
    const { ledgerInfos: file } = chunk
    const record = yield* recordAt(file, epoch - chunk.firstEpoch, maxRecordBytes).pipe(namedBy(backup.value.manifest))
    return record ?? (yield* inconsistent(file, `it ends before epoch ${epoch}, which its manifest says it holds`))
  })

/** A copy of record `index` of a file, counted from 0. */
const recordAt = (file: string, index: number, maxRecordBytes: number): Check<Uint8Array | undefined> => {
  let before = 0
  return fileRecords(file, maxRecordBytes).pipe(
    Stream.filterMap((batch) => {
      const at = index - before
      before += batch.count
      return at >= 0 && at < batch.count ? Option.some(Frames.recordAt(batch, at).slice()) : Option.none()
    }),
    Stream.runHead,
    Effect.map(Option.getOrUndefined)
  )
}
