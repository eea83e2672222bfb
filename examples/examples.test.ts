import { describe, expect, it } from "@effect/vitest"
import { Verify } from "@holdfast/engine"
import { BackupStorage } from "@holdfast/storage"
import { BackupStorageSuite } from "@holdfast/testkit"
import * as Effect from "effect/Effect"
import { backUpClosedEpochs } from "./backupStep.ts"
import * as DevnetNode from "./devnetNode.ts"
import * as MemoryStorage from "./memoryStorage.ts"
import * as ProgressSink from "./progressSink.ts"

BackupStorageSuite.suite("memoryStorage.ts", MemoryStorage.layer, { listsNothing: true })

describe("the examples", () => {
  it.live("back up into a storage of one's own, with progress told one's own way", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const backup = yield* backUpClosedEpochs.pipe(Effect.provide(ProgressSink.layer(lines)))
      expect(backup).toEqual({ epochs: 3, recordedIn: "epoch_ending_0-2.meta" })
      expect(lines).toEqual(["epoch endings 0 to 2: 3 of 3 epochs"])
      const storage = yield* BackupStorage.BackupStorage
      expect(yield* storage.listMetadataFiles).toEqual(["metadata/epoch_ending_0-2.meta"])
      expect(yield* Verify.verify(Verify.everything)).toMatchObject({ ok: true, epochEndings: { verified: 3 } })
    }).pipe(Effect.provide([DevnetNode.layer, MemoryStorage.layer])))
})
