/** A state snapshot of a storage, read in runs of one chunk each. */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as StateLookup from "@holdfast/ledger/StateLookup"
import * as StateRun from "@holdfast/ledger/StateRun"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import { type Check, check, fileRecords, inconsistent, readProof } from "../reading/backupFiles.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { type StateChunk, wrongKeys } from "../verify/verifyStateSnapshot.ts"
import { checked, type Step } from "./explorationProof.ts"
import { type Found, type StateRuns, stepOf } from "./provenLookup.ts"

/** The index of the chunk with the first item at or after a key, or else of the last chunk. */
export const chunkAt = (chunks: ReadonlyArray<StateChunk>, key: HashValue.HashValue): number => {
  const hex = HashValue.format(key)
  const index = chunks.findIndex((chunk) => chunk.lastKey >= hex)
  return index < 0 ? chunks.length - 1 : index
}

/** The runs of a snapshot. A fault that shows in no single file is the fault of `blamed`. */
export const runsOf = (
  manifestFile: string,
  chunks: ReadonlyArray<StateChunk>,
  blamed: string,
  { concurrentDownloads, maxRecordBytes }: ChunkStreamOptions
): StateRuns<InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> => {
  const read = (index: number, wanted?: HashValue.HashValue) => {
    const chunk = chunks[index]
    return chunk === undefined
      ? Effect.fail(inconsistent(manifestFile, `it has no chunk ${index}`))
      : readRun(manifestFile, chunk, maxRecordBytes, wanted)
  }
  return {
    check: (run) => check(blamed, run),
    at: (keyHash) =>
      Effect.gen(function*() {
        const index = chunkAt(chunks, keyHash)
        const before = HashValue.parse(chunks[index - 1]?.lastKey ?? "")
        return { run: yield* read(index, keyHash), before }
      }),
    siblings: (missing) =>
      Effect.gen(function*() {
        const placed = missing.map((each) => ({ each, index: chunkAt(chunks, each.start) }))
        const tops = yield* Effect.forEach(
          new Set(placed.map(({ index }) => index)),
          (needed) => siblingsIn(read(needed), placed.flatMap(({ each, index }) => index === needed ? [each] : [])),
          { concurrency: concurrentDownloads }
        )
        return new Map(tops.flat())
      })
  }
}

const siblingsIn = <E, R>(
  reading: Effect.Effect<StateRun.StateRun, E, R>,
  missing: ReadonlyArray<StateLookup.MissingSibling>
) => Effect.map(reading, (run) => missing.map((each) => [each.depth, StateLookup.siblingIn(each, run)] as const))

const readRun = (manifestFile: string, chunk: StateChunk, maxRecordBytes: number, wanted?: HashValue.HashValue) =>
  Effect.gen(function*() {
    const run = new StateRun.StateRun(wanted)
    const expected = chunk.lastIndex - chunk.firstIndex + 1
    const tracker = yield* Progress.begin({ what: `the state items of ${chunk.blobs}`, unit: "items", total: expected })
    yield* Stream.runForEach(fileRecords(chunk.blobs, maxRecordBytes), (batch) =>
      check(chunk.blobs, () => {
        run.push(batch)
        tracker.done += batch.count
        tracker.bytes += batch.bytes.length
        if (run.count > expected) throw inconsistent(manifestFile, `${chunk.blobs} holds more than ${expected} items`)
      }))
    const proof = yield* readProof(chunk.proof, Proofs.SparseMerkleRangeProof)
    yield* check(chunk.proof, () => run.end(proof))
    const wrong = run.count !== expected
      ? `holds ${run.count} items, not ${expected}`
      : wrongKeys(chunk, HashValue.format(run.firstKey), HashValue.format(run.lastKey))
    if (wrong !== undefined) return yield* inconsistent(manifestFile, `${chunk.blobs} ${wrong} as it says`)
    return run
  }).pipe(Effect.scoped)

/**
 * The steps from the key to the state root. A chunk that alone does not lead to the root is compared with the range proof of
 * the chunk before: a damaged chunk does not agree with that proof.
 */
export const snapshotSteps = (
  found: Found,
  root: HashValue.HashValue,
  chunks: ReadonlyArray<StateChunk>,
  index: number
): Check<ReadonlyArray<Step>> =>
  Effect.gen(function*() {
    const { before, lookup, proven } = found
    const chunksNeeded = new Set(lookup.missing.map(({ start }) => chunkAt(chunks, start))).size
    const unread = `what lies to the left of the path is in ${chunksNeeded} of the ${index} chunks before ${
      chunks[index]?.blobs
    }`
    const step = stepOf(found, root, unread)
    const chunkBefore = chunks[index - 1]
    if (proven || before === undefined || chunkBefore === undefined) return [step]
    const proof = yield* readProof(chunkBefore.proof, Proofs.SparseMerkleRangeProof)
    if (!StateLookup.agreesWithPreviousRun(lookup, before, proof)) {
      return yield* inconsistent(
        chunks[index]?.blobs ?? chunkBefore.blobs,
        `what it holds beside the key is not what the range proof of the chunk before, ${chunkBefore.proof}, says`
      )
    }
    return [checked(`the chunk agrees with the range proof of the chunk before, ${chunkBefore.proof}`), step]
  })
