/** The memory storage, bare and decorated: the common suite. */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as MemoryStorage from "@holdfast/storage/MemoryStorage"
import * as StorageDecorator from "@holdfast/storage/StorageDecorator"
import * as BackupStorageSuite from "@holdfast/testkit/BackupStorageSuite"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

const memory = MemoryStorage.layer({ name: "of the suite" })

BackupStorageSuite.suite("the memory", memory)

BackupStorageSuite.suite(
  "a decorated storage",
  Layer.effect(
    BackupStorage.BackupStorage,
    Effect.map(BackupStorage.BackupStorage, (storage) =>
      StorageDecorator.decorate(storage, {
        effect: (_, run) => Effect.zipRight(Effect.yieldNow(), run),
        written: (_, bytes) => Stream.rechunk(bytes, 3),
        read: (_, bytes) => Stream.rechunk(bytes, 3),
        listed: (_, files) => Stream.rechunk(files, 3)
      }))
  ).pipe(Layer.provide(memory))
)
