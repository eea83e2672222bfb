import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { nowhere } from "./sinks.ts"
import { epochEndingManifest, verifyEpochEndings } from "./verifyEpochEndings.ts"

/** The chain of trust as the epoch endings in a storage have it. */
export interface StoredHistory {
  /** What is known by now. */
  readonly history: EpochHistory.EpochHistory
  /** Reads and checks what is missing up to an epoch. A gap is an error that names it. */
  readonly upTo: (
    lastEpoch: number,
    view: MetadataView.MetadataView
  ) => Effect.Effect<void, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage>
}

export const storedHistory = (
  trustedWaypoints: ReadonlyArray<Waypoint.Waypoint>,
  options: ChunkStreamOptions
): Effect.Effect<StoredHistory> =>
  Effect.map(Effect.makeSemaphore(1), (one) => {
    const history = new EpochHistory.EpochHistory(trustedWaypoints)
    return {
      history,
      upTo: (lastEpoch, view) =>
        Effect.gen(function*() {
          const first = history.nextEpoch
          if (first > lastEpoch) return
          const { backups, gap } = MetadataView.coveringEpochEndings(view, first, lastEpoch)
          if (gap !== undefined) return yield* gap
          const tracker = yield* Progress.begin({
            what: `chain of trust, epoch endings ${first} to ${lastEpoch}`,
            unit: "epochs",
            total: lastEpoch - first + 1
          })
          for (const backup of backups) {
            const manifest = yield* epochEndingManifest(backup)
            const { manifest: file } = backup.value
            yield* verifyEpochEndings(
              file,
              manifest,
              history.nextEpoch,
              history,
              tracker,
              nowhere.epochEndings,
              options
            )
          }
        }).pipe(Effect.scoped, one.withPermits(1))
    }
  })
