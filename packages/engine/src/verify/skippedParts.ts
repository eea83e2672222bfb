import type * as Arr from "effect/Array"
import type * as Ranges from "../base/Ranges.ts"
import type * as Manifest from "../format/Manifest.ts"
import type { VerifiedParts } from "./verifiedParts.ts"
import { type CheckedSnapshot, itemsOf } from "./verifyStateSnapshot.ts"
import { type CheckedChunk, chunksOf } from "./verifyTransactions.ts"

/** The result for a snapshot that is skipped. */
export const skippedSnapshot = (manifest: Manifest.StateSnapshotManifest): CheckedSnapshot => ({
  snapshot: {
    epoch: manifest.epoch,
    version: manifest.version,
    items: itemsOf(manifest),
    rootHash: manifest.rootHash
  },
  trusted: true
})

type TransactionChunk = Manifest.TransactionManifest["chunks"][number]

/** Neighbouring chunks that are either all skipped or all read. */
interface ChunkRun {
  readonly chunks: Arr.NonEmptyArray<TransactionChunk>
  readonly isSkipped: boolean
}

/** The chunks of a range, in runs. */
export const chunkRuns = (
  manifest: Manifest.TransactionManifest,
  range: Ranges.Range,
  verified: VerifiedParts | undefined
): ReadonlyArray<ChunkRun> => {
  const runs: Array<ChunkRun> = []
  for (const chunk of chunksOf(manifest, range)) {
    const isSkipped = verified?.skipsChunk(chunk) === true
    const last = runs.at(-1)
    if (last?.isSkipped === isSkipped) last.chunks.push(chunk)
    else runs.push({ chunks: [chunk], isSkipped })
  }
  return runs
}

/** The result for a chunk that is skipped. Its epoch only matters for chunks that nothing proves. */
export const skippedChunk = (chunk: TransactionChunk): CheckedChunk => ({
  firstVersion: chunk.firstVersion,
  lastVersion: chunk.lastVersion,
  epoch: 0,
  trusted: true
})

/** Adds each of these chunks to the verified parts when its result comes, one after the other. */
export const addInOrder = (chunks: ReadonlyArray<TransactionChunk>, verified: VerifiedParts | undefined) => {
  let index = 0
  return ({ trusted }: CheckedChunk): void => {
    const chunk = chunks[index++]
    if (trusted && chunk !== undefined) verified?.addChunk(chunk)
  }
}
