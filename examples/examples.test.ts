import { describe, expect, it } from "@effect/vitest"
import * as Progress from "@holdfast/engine/Progress"
import * as Verify from "@holdfast/engine/Verify"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as MemoryStorage from "@holdfast/storage/MemoryStorage"
import * as BackupStorageSuite from "@holdfast/testkit/BackupStorageSuite"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { backUpClosedEpochs } from "./backupStep.ts"
import * as DevnetNode from "./devnetNode.ts"
import * as LimitedStorage from "./limitedStorage.ts"
import * as ProgressSink from "./progressSink.ts"

const layerStorage = LimitedStorage.layer(MemoryStorage.layer({ name: "of the examples" }), 6)

BackupStorageSuite.suite("limitedStorage.ts", layerStorage)

describe("the examples", () => {
  it.effect("tell progress one's own way: what began, how far it is, how it ended", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const work = Effect.scoped(Effect.gen(function*() {
        const tracker = yield* Progress.begin({ what: "state snapshot of epoch 2", unit: "items", total: 100 })
        yield* TestClock.adjust("2400 millis")
        tracker.done = 25
        yield* TestClock.adjust("2600 millis")
      }))
      yield* work.pipe(ProgressSink.withProgress(lines))
      expect(lines).toEqual([
        "state snapshot of epoch 2: began",
        "state snapshot of epoch 2: 25 of 100 items, 8 s left",
        "state snapshot of epoch 2: complete, 25 of 100 items"
      ])
    }))

  it.live("back up into a storage of one's own, with progress told one's own way", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const backup = yield* backUpClosedEpochs.pipe(ProgressSink.withProgress(lines))
      expect(backup).toEqual({ epochs: 3, recordedIn: "epoch_ending_0-2.meta" })
      expect(lines.filter((line) => !line.endsWith("epochs") || line.includes("complete"))).toEqual([
        "epoch endings 0 to 2: began",
        "epoch endings 0 to 2: complete, 3 of 3 epochs"
      ])
      const storage = yield* BackupStorage.BackupStorage
      expect(yield* storage.listMetadataFiles).toEqual(["metadata/epoch_ending_0-2.meta"])
      expect(yield* Verify.verify()).toMatchObject({ ok: true, epochEndings: { verified: 3 } })
    }).pipe(Effect.provide([DevnetNode.layer, layerStorage])))
})
