import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Progress from "../base/Progress.ts"

/** Goes through the listing of all files of a storage, as a task. `take` gets some files at a time. */
export const forEachListed = (
  listing: Stream.Stream<StorageFiles.StoredFile, StorageError.StorageError>,
  take: (files: Chunk.Chunk<StorageFiles.StoredFile>) => void
): Effect.Effect<void, StorageError.StorageError> =>
  Progress.begin({ what: "listing of the storage", unit: "files", total: undefined }).pipe(
    Effect.flatMap((tracker) =>
      Stream.runForEachChunk(listing, (files) =>
        Effect.sync(() => {
          take(files)
          tracker.done += Chunk.size(files)
        }))
    ),
    Effect.scoped
  )
