/**
 * A storage that counts reads, for commands that promise to read little.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageDecorator from "@holdfast/storage/StorageDecorator"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** Files that were opened so far, metadata included, and the bytes that were read. */
export interface Reads {
  readonly files: number
  readonly bytes: number
}

/** The reads so far. */
export class CountedReads extends Context.Tag("@holdfast/cli/CountedReads")<CountedReads, Effect.Effect<Reads>>() {}

/** The storage, and the count of its reads. */
export const layer = <E, R>(
  storage: Layer.Layer<BackupStorage.BackupStorage, E, R>
): Layer.Layer<BackupStorage.BackupStorage | CountedReads, E, R> =>
  Layer.effectContext(Effect.map(BackupStorage.BackupStorage, (counted) => {
    const reads = { files: 0, bytes: 0 }
    return Context.make(
      BackupStorage.BackupStorage,
      StorageDecorator.decorate(counted, {
        read: (_, bytes) =>
          Stream.suspend(() => {
            reads.files += 1
            return bytes
          }).pipe(Stream.mapChunks((chunk) => {
            for (const part of chunk) reads.bytes += part.length
            return chunk
          }))
      })
    ).pipe(Context.add(CountedReads, Effect.sync(() => ({ ...reads }))))
  })).pipe(Layer.provide(storage))
