/** Work on many files, shown as a task of its own. */
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Progress from "./Progress.ts"

/** Runs an effect for each of many, `concurrency` at a time. `unit` is what they are, in the plural. None is no task. */
export const shownEach = <A, B, E, R>(
  what: string,
  unit: string,
  many: Iterable<A>,
  run: (each: A) => Effect.Effect<B, E, R>,
  concurrency: number
): Effect.Effect<ReadonlyArray<B>, E, R> =>
  Effect.suspend(() => {
    const all = Array.from(many)
    if (all.length === 0) return Effect.succeed([])
    return Effect.flatMap(Progress.begin({ what, unit, total: all.length }), (tracker) => {
      const counted = (each: A) => Effect.tap(run(each), () => Effect.sync(() => void tracker.done++))
      return Effect.forEach(all, counted, { concurrency })
    })
  }).pipe(Effect.scoped)

/** Goes through the listing of all files. `take` hears of some at a time. */
export const shownListing = (
  listing: Stream.Stream<BackupStorage.StoredFile, StorageError.StorageError>,
  take: (files: Chunk.Chunk<BackupStorage.StoredFile>) => void
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
