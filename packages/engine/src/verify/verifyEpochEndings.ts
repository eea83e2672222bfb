import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { InvalidBackup } from "../base/EngineError.ts"
import type { Tracker } from "../base/Progress.ts"
import type { Located } from "../catalogue/MetadataView.ts"
import * as Manifest from "../format/Manifest.ts"
import type * as Metadata from "../format/Metadata.ts"
import { type Check, check, inconsistent, namedBy, readManifest } from "../reading/backupFiles.ts"
import { chunkStream, type ChunkStreamOptions } from "../reading/chunkStream.ts"
import { reachedEpoch } from "./progressMetrics.ts"
import type { EpochEndingsEnd } from "./sinks.ts"

/** A check whose records go to an end that may fail with `E`. */
export type CheckInto<A, E> = Effect.Effect<
  A,
  InvalidBackup | StorageError.StorageError | E,
  BackupStorage.BackupStorage
>

/** The manifest that metadata point to; they must say the same. */
export const epochEndingManifest = (
  { file, value }: Located<Metadata.EpochEndingBackup>
): Check<Manifest.EpochEndingManifest> =>
  Effect.tap(
    readManifest(file, value.manifest, Manifest.parseEpochEnding),
    (manifest) => matchesMetadata(file, value, manifest)
  )

/** Bytes of records that wait for their signatures to be checked, about. */
const settleBytes = 4 * 1024 * 1024

/**
 * Takes the epoch endings of one manifest into the history, from the chunk on that holds epoch `from`. Epochs that the
 * history has already (backups may overlap) must be the same; all others go to the end.
 */
export const verifyEpochEndings = <E>(
  file: string,
  manifest: Manifest.EpochEndingManifest,
  from: number,
  history: EpochHistory.EpochHistory,
  tracker: Tracker,
  end: EpochEndingsEnd<E>,
  options: ChunkStreamOptions
): CheckInto<void, E> => {
  /** New epochs whose signatures are not checked yet. */
  let pending: Array<Uint8Array> = []
  let pendingBytes = 0
  const settle = (chunk: { readonly ledgerInfos: string }) =>
    Effect.suspend(() => {
      const records = pending
      pending = []
      pendingBytes = 0
      return Effect.zipRight(
        check(chunk.ledgerInfos, () => history.settle()),
        records.length === 0 ? Effect.void : Effect.zipRight(
          Effect.suspend(() => end.add(history.nextEpoch - records.length, records)),
          reachedEpoch(options.reached, history)
        )
      )
    })
  const wanted = manifest.chunks.filter((chunk) => chunk.lastEpoch >= from)
  let epoch = wanted[0]?.firstEpoch ?? 0
  const parts = chunkStream(wanted, (chunk) => chunk.ledgerInfos, () => Effect.void, options)
  return Stream.runForEach(parts, (part) => {
    const { chunk } = part
    switch (part._tag) {
      case "Start":
        return Effect.void
      case "Records": {
        const { batch } = part
        const taken = check(chunk.ledgerInfos, () => {
          for (let index = 0; index < batch.count; index++) {
            if (epoch > chunk.lastEpoch) throw inconsistent(chunk.ledgerInfos, tooMany(chunk))
            const record = Frames.recordAt(batch, index)
            const isNew = epoch >= history.nextEpoch
            const found = isNew ? history.push(record) : history.repeat(epoch, record)
            const listed = manifest.waypoints[epoch - manifest.firstEpoch]
            if (Waypoint.format(found) !== listed) {
              throw inconsistent(
                file,
                `its waypoint of epoch ${epoch} is ${listed}, ${chunk.ledgerInfos} holds ${Waypoint.format(found)}`
              )
            }
            if (isNew) {
              pending.push(record)
              pendingBytes += record.length
            }
            epoch += 1
            tracker.done += 1
          }
          tracker.bytes += batch.bytes.length
        })
        return Effect.zipRight(taken, Effect.suspend(() => pendingBytes >= settleBytes ? settle(chunk) : Effect.void))
      }
      case "End":
        return Effect.zipRight(
          settle(chunk),
          check(chunk.ledgerInfos, () => {
            if (epoch !== chunk.lastEpoch + 1) {
              throw inconsistent(
                chunk.ledgerInfos,
                `it ends with epoch ${epoch - 1}, its manifest says ${chunk.lastEpoch}`
              )
            }
          })
        )
    }
  }).pipe(namedBy(file))
}

const tooMany = (chunk: { readonly firstEpoch: number; readonly lastEpoch: number }): string =>
  `it holds more than the epochs ${chunk.firstEpoch} to ${chunk.lastEpoch} that its manifest says`

const matchesMetadata = (file: string, entry: Metadata.EpochEndingBackup, manifest: Manifest.EpochEndingManifest) => {
  const version = (text: string | undefined): number | undefined => Waypoint.parse(text ?? "")?.version
  const pairs = [
    ["first epoch", entry.firstEpoch, manifest.firstEpoch],
    ["last epoch", entry.lastEpoch, manifest.lastEpoch],
    ["first version", entry.firstVersion, version(manifest.waypoints[0])],
    ["last version", entry.lastVersion, version(manifest.waypoints.at(-1))]
  ] as const
  return expectSame(file, entry.manifest, pairs)
}

/** Metadata must say the same as the manifest that they point to. */
export const expectSame = (
  file: string,
  manifest: string,
  pairs: ReadonlyArray<readonly [what: string, metadata: number, manifest: number | undefined]>
) => {
  const wrong = pairs.find(([, a, b]) => a !== b)
  return wrong === undefined
    ? Effect.void
    : Effect.fail(inconsistent(file, `its ${wrong[0]} is ${wrong[1]}, that of ${manifest} is ${wrong[2]}`))
}
