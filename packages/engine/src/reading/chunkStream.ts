import type * as Frames from "@holdfast/ledger/Frames"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { InvalidBackup } from "../base/EngineError.ts"
import type { ProgressMetrics } from "../base/EngineMetrics.ts"
import { fileRecords } from "./backupFiles.ts"
import { concatPrefetched } from "./prefetch.ts"

/** What passes while chunks are read in order: the start of each, its records, its proof. */
export type ChunkPart<C, P> =
  | { readonly _tag: "Start"; readonly chunk: C }
  | { readonly _tag: "Records"; readonly chunk: C; readonly batch: Frames.RecordBatch }
  | { readonly _tag: "End"; readonly chunk: C; readonly proof: P }

type Failure = InvalidBackup | StorageError.StorageError
type Storage = BackupStorage.BackupStorage

export interface ChunkStreamOptions {
  /** Chunks that are downloaded at a time. */
  readonly concurrentDownloads: number
  /** A record larger than this is refused. Bytes. */
  readonly maxRecordBytes: number
  /** The metrics that say how far the pipeline has come. */
  readonly reached?: ProgressMetrics
}

/** Parts of a chunk that may be ready before they are wanted; a part is about a buffer of the storage. */
const partsAhead = 4

/** Reads chunks and their proofs, several at a time, and delivers them in order. */
export const chunkStream = <C, P>(
  chunks: ReadonlyArray<C>,
  file: (chunk: C) => string,
  proof: (chunk: C) => Effect.Effect<P, Failure, Storage>,
  options: ChunkStreamOptions
): Stream.Stream<ChunkPart<C, P>, Failure, Storage> =>
  concatPrefetched(
    Stream.fromIterable(chunks).pipe(
      Stream.map((chunk) => {
        const start: ChunkPart<C, P> = { _tag: "Start", chunk }
        return Stream.make(start).pipe(
          Stream.concat(
            Stream.map(
              fileRecords(file(chunk), options.maxRecordBytes),
              (batch): ChunkPart<C, P> => ({ _tag: "Records", chunk, batch })
            )
          ),
          Stream.concat(
            Stream.fromEffect(
              Effect.map(proof(chunk), (read): ChunkPart<C, P> => ({ _tag: "End", chunk, proof: read }))
            )
          )
        )
      })
    ),
    { ahead: options.concurrentDownloads, buffered: partsAhead }
  )
