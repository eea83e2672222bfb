import { type EpochHistory, Waypoint } from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Manifest from "../Manifest.ts"
import type * as Metadata from "../Metadata.ts"
import type { Located } from "../MetadataView.ts"
import type { Tracker } from "../Progress.ts"
import { type Check, check, inconsistent, namedBy, readManifest } from "./backupFiles.ts"
import { chunkStream, type ChunkStreamOptions } from "./chunkStream.ts"

/**
 * Takes the epoch endings of one backup into the history. Epochs that the history has already (backups may overlap) must
 * be the same.
 */
export const verifyEpochEndings = (
  { file, value }: Located<Metadata.EpochEndingBackup>,
  history: EpochHistory.EpochHistory,
  tracker: Tracker,
  options: ChunkStreamOptions
): Check<void> =>
  Effect.gen(function*() {
    const manifest = yield* readManifest(file, value.manifest, Manifest.parseEpochEnding)
    yield* matchesMetadata(file, value, manifest)

    let epoch = manifest.first_epoch
    const parts = chunkStream(manifest.chunks, (chunk) => chunk.ledger_infos, () => Effect.void, options)
    yield* Stream.runForEach(parts, (part) => {
      const { chunk } = part
      return check(chunk.ledger_infos, () => {
        switch (part._tag) {
          case "Start":
            break
          case "Records": {
            const { batch } = part
            for (let index = 0; index < batch.count; index++) {
              if (epoch > chunk.last_epoch) throw inconsistent(chunk.ledger_infos, tooMany(chunk))
              const record = batch.bytes.subarray(batch.starts[index], batch.ends[index])
              const found = epoch < history.nextEpoch ? history.repeat(epoch, record) : history.push(record)
              const listed = manifest.waypoints[epoch - manifest.first_epoch]
              if (Waypoint.format(found) !== listed) {
                throw inconsistent(
                  value.manifest,
                  `its waypoint of epoch ${epoch} is ${listed}, ${chunk.ledger_infos} holds ${Waypoint.format(found)}`
                )
              }
              epoch += 1
              tracker.done += 1
            }
            tracker.bytes += batch.bytes.length
            break
          }
          case "End":
            history.settle()
            if (epoch !== chunk.last_epoch + 1) {
              throw inconsistent(
                chunk.ledger_infos,
                `it ends with epoch ${epoch - 1}, its manifest says ${chunk.last_epoch}`
              )
            }
        }
      })
    }).pipe(namedBy(value.manifest))
  })

const tooMany = (chunk: { readonly first_epoch: number; readonly last_epoch: number }): string =>
  `it holds more than the epochs ${chunk.first_epoch} to ${chunk.last_epoch} that its manifest says`

const matchesMetadata = (file: string, entry: Metadata.EpochEndingBackup, manifest: Manifest.EpochEndingManifest) => {
  const version = (text: string | undefined): number | undefined => Waypoint.parse(text ?? "")?.version
  const pairs = [
    ["first epoch", entry.first_epoch, manifest.first_epoch],
    ["last epoch", entry.last_epoch, manifest.last_epoch],
    ["first version", entry.first_version, version(manifest.waypoints[0])],
    ["last version", entry.last_version, version(manifest.waypoints.at(-1))]
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
