import type * as Frames from "@holdfast/ledger/Frames"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { InvalidBackup } from "../base/EngineError.ts"
import type { Tracker } from "../base/Progress.ts"
import { type Check, check, namedBy } from "../reading/backupFiles.ts"
import { chunkStream, type ChunkStreamOptions } from "../reading/chunkStream.ts"

/** A check whose records go to a sink that may fail with `E`. */
export type CheckInto<A, E, R = never> = Effect.Effect<
  A,
  InvalidBackup | StorageError.StorageError | E,
  BackupStorage.BackupStorage | R
>

/** Where the chunks come from and how they are read. */
export interface ChunkSource {
  /** The manifest that names the chunks. */
  readonly manifestFile: string
  readonly tracker: Tracker
  readonly options: ChunkStreamOptions
}

/** What is done with each chunk. */
export interface ChunkSteps<C, P, E> {
  /** The chunk's file of records. */
  readonly file: (chunk: C) => string
  /** Reads what proves the chunk. */
  readonly proof: (chunk: C) => Check<P>
  readonly begin?: (chunk: C) => void
  /** Takes the next records. Throws what is wrong with them. */
  readonly take: (chunk: C, batch: Frames.RecordBatch) => void
  /** Runs after each batch. */
  readonly flush: (chunk: C) => CheckInto<void, E>
  /** Runs after the last batch. */
  readonly end: (chunk: C, proof: P) => CheckInto<void, E>
}

/** Reads chunks in order, several of them ahead, and counts their records. */
export const checkChunks = <C, P, E>(
  { manifestFile, options, tracker }: ChunkSource,
  chunks: ReadonlyArray<C>,
  steps: ChunkSteps<C, P, E>
): CheckInto<void, E> =>
  Stream.runForEach(chunkStream(chunks, steps.file, steps.proof, options), (part): CheckInto<void, E> => {
    const { chunk } = part
    switch (part._tag) {
      case "Start":
        return Effect.sync(() => steps.begin?.(chunk))
      case "Records": {
        const { batch } = part
        const taken = check(steps.file(chunk), () => {
          steps.take(chunk, batch)
          tracker.done += batch.count
          tracker.bytes += batch.bytes.length
        })
        return Effect.zipRight(taken, Effect.suspend(() => steps.flush(chunk)))
      }
      case "End":
        return steps.end(chunk, part.proof)
    }
  }).pipe(namedBy(manifestFile))
