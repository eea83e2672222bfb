import type { EpochEndingSink } from "@holdfast/ledger-store/LedgerSink"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import type * as Manifest from "../format/Manifest.ts"
import { check, inconsistent } from "../reading/backupFiles.ts"
import { checkChunks, type CheckInto, type ChunkSource } from "./checkChunks.ts"
import { reachedEpoch } from "./progressMetrics.ts"

/** So many bytes of records may wait for a check of their signatures, about. */
const settleBytes = 4 * 1024 * 1024

export interface EpochEndingCheck<E> extends ChunkSource {
  readonly manifest: Manifest.EpochEndingManifest
  /** Reads no chunk whose epochs all lie before this one. */
  readonly from: number
  readonly history: EpochHistory.EpochHistory
  readonly sink: EpochEndingSink<E>
}

/**
 * Takes the epoch endings of one manifest into the history. Endings that the history holds already, from backups that
 * overlap, must be the same; all others go to the sink once their signatures are checked.
 */
export const verifyEpochEndings = <E>(
  { from, history, manifest, sink, ...source }: EpochEndingCheck<E>
): CheckInto<void, E> =>
  Effect.suspend(() => {
    /** New epoch endings whose signatures are not checked yet. */
    let pending: Array<Uint8Array> = []
    let pendingBytes = 0
    const settle = (file: string) =>
      Effect.suspend(() => {
        const records = pending
        pending = []
        pendingBytes = 0
        return Effect.zipRight(
          check(file, () => history.checkSignatures()),
          records.length === 0 ? Effect.void : Effect.zipRight(
            Effect.suspend(() => sink.add(history.nextEpoch - records.length, records)),
            reachedEpoch(source.options.reached, history)
          )
        )
      })
    const wanted = manifest.chunks.filter((chunk) => chunk.lastEpoch >= from)
    let epoch = wanted[0]?.firstEpoch ?? 0
    const take = (file: string, record: Uint8Array): void => {
      const isNew = epoch >= history.nextEpoch
      const found = isNew ? history.push(record) : history.checkRepeated(epoch, record)
      const listed = manifest.waypoints[epoch - manifest.firstEpoch]
      if (Waypoint.format(found) !== listed) {
        throw inconsistent(
          source.manifestFile,
          `its waypoint of epoch ${epoch} is ${listed}, ${file} holds ${Waypoint.format(found)}`
        )
      }
      if (isNew) {
        pending.push(record)
        pendingBytes += record.length
      }
      epoch += 1
    }
    return checkChunks(source, wanted, {
      file: (chunk) => chunk.ledgerInfos,
      proof: () => Effect.void,
      take: (chunk, batch) => {
        for (const record of Frames.recordsOf(batch)) {
          if (epoch > chunk.lastEpoch) {
            throw inconsistent(
              chunk.ledgerInfos,
              `it holds more than the epochs ${chunk.firstEpoch} to ${chunk.lastEpoch} that its manifest says`
            )
          }
          take(chunk.ledgerInfos, record)
        }
      },
      flush: (chunk) => pendingBytes >= settleBytes ? settle(chunk.ledgerInfos) : Effect.void,
      end: (chunk) =>
        Effect.zipRight(
          settle(chunk.ledgerInfos),
          check(chunk.ledgerInfos, () => {
            if (epoch !== chunk.lastEpoch + 1) {
              throw inconsistent(
                chunk.ledgerInfos,
                `it ends with epoch ${epoch - 1}, its manifest says ${chunk.lastEpoch}`
              )
            }
          })
        )
    })
  })
