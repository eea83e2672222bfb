/**
 * A write whose sibling fails lets go of its source, and is gone, before the failure is seen.
 */
import { expect, it } from "@effect/vitest"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { make } from "./support/faultyCommands.ts"

it.scopedLive("a write whose sibling fails closes its source and ends", () =>
  Effect.gen(function*() {
    const commands = yield* make
    const storage = yield* commands.storage()
    const backup = yield* storage.createBackup("backup")
    for (const concurrency of [2, "unbounded"] as const) {
      const flowing = yield* Deferred.make<void>()
      let closed = false
      const source = Stream.make(new Uint8Array(1_000)).pipe(
        Stream.concat(Stream.fromEffect(Effect.zipRight(Deferred.succeed(flowing, undefined), Effect.never))),
        Stream.ensuring(Effect.sync(() => {
          closed = true
        }))
      )
      const write = storage.write(backup, `${concurrency}-.chunk`, source)
      const sibling = Effect.zipRight(Deferred.await(flowing), Effect.fail("the sibling failed"))
      expect(yield* Effect.flip(Effect.all([write, sibling], { concurrency }))).toBe("the sibling failed")
      expect({ concurrency, closed }).toEqual({ concurrency, closed: true })
      expect(yield* commands.left).toEqual([])
    }
  }).pipe(Effect.provide(CommandPool.layer)))
