/**
 * A storage of your own on top of another one: here, at most so many operations at once. A storage from the ground up is
 * not much longer: read `MemoryStorage` of the package `storage`, and let `BackupStorageSuite` of the testkit tell whether
 * yours keeps the contract.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageDecorator from "@holdfast/storage/StorageDecorator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** The storage, with a bound on its concurrent operations. */
export const limited = (storage: BackupStorage.Service, most: number): BackupStorage.Service => {
  const semaphore = Effect.unsafeMakeSemaphore(most)
  /** Holds a permit as long as the stream is read. */
  const held = Effect.acquireRelease(semaphore.take(1), () => semaphore.release(1))
  const whileRead = <A, E>(stream: Stream.Stream<A, E>) => Stream.unwrapScoped(Effect.as(held, stream))
  return StorageDecorator.decorate(storage, {
    effect: (_, run) => semaphore.withPermits(1)(run),
    read: (_, bytes) => whileRead(bytes),
    listed: (_, files) => whileRead(files)
  })
}

export const layer = <E, R>(
  storage: Layer.Layer<BackupStorage.BackupStorage, E, R>,
  most: number
): Layer.Layer<BackupStorage.BackupStorage, E, R> =>
  Layer.provide(
    Layer.effect(BackupStorage.BackupStorage, Effect.map(BackupStorage.BackupStorage, (each) => limited(each, most))),
    storage
  )
