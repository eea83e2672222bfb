import type * as Arr from "effect/Array"
import type * as Extent from "../catalogue/Extent.ts"
import type * as Manifest from "../format/Manifest.ts"
import type { VerifyMemory } from "./VerifyMemory.ts"
import { type CheckedSnapshot, itemsOf } from "./verifyStateSnapshot.ts"
import { type CheckedChunk, chunksOf } from "./verifyTransactions.ts"

/** A snapshot that is passed over. */
export const provenBefore = (manifest: Manifest.StateSnapshotManifest): CheckedSnapshot => ({
  snapshot: {
    epoch: manifest.epoch,
    version: manifest.version,
    items: itemsOf(manifest),
    rootHash: manifest.root_hash
  },
  trusted: true
})

type TransactionChunk = Manifest.TransactionManifest["chunks"][number]

/** The chunks of a range, in parts that are passed over and parts that are not. */
export const partsOf = (
  manifest: Manifest.TransactionManifest,
  range: Extent.Range,
  memory: VerifyMemory | undefined
): ReadonlyArray<{ readonly chunks: Arr.NonEmptyArray<TransactionChunk>; readonly isProven: boolean }> => {
  const parts: Array<{ readonly chunks: Arr.NonEmptyArray<TransactionChunk>; readonly isProven: boolean }> = []
  for (const chunk of chunksOf(manifest, range)) {
    const isProven = memory?.passesChunk(chunk) === true
    const last = parts.at(-1)
    if (last?.isProven === isProven) last.chunks.push(chunk)
    else parts.push({ chunks: [chunk], isProven })
  }
  return parts
}

/** A chunk that is passed over. Which epoch proved it does not matter any more. */
export const provenChunk = (chunk: TransactionChunk): CheckedChunk => ({
  firstVersion: chunk.first_version,
  lastVersion: chunk.last_version,
  epoch: 0,
  trusted: true
})

/** Tells the memory of each of these chunks as it is checked, one after the other. */
export const learnInOrder = (chunks: ReadonlyArray<TransactionChunk>, memory: VerifyMemory | undefined) => {
  let index = 0
  return ({ trusted }: CheckedChunk): void => {
    const chunk = chunks[index++]
    if (trusted && chunk !== undefined) memory?.provenChunk(chunk)
  }
}
