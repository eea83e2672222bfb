/**
 * The coordinator backs up what the chain of trust of its storage proves, and nothing else.
 */
import { describe, expect } from "@effect/vitest"
import type * as Client from "@holdfast/backup-service/Client"
import * as Coordinator from "@holdfast/engine/Coordinator"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { settings } from "../support/backups.ts"
import { growing, makeCache, pass, saved, start, test } from "../support/coordinators.ts"
import { makeStorage } from "../support/memoryStorage.ts"
import { faults, verifyFiles } from "../support/storedBackups.ts"

type Node = Client.Service

describe("the coordinator", () => {
  test("C-5: backs up nothing of what a node makes up, and goes on when it is honest again", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const { client: other } = yield* growing({ seed: 12, epochs: 9 })
      const memory = makeStorage()
      let node = client
      const changing: Node = {
        ...client,
        dbState: Effect.suspend(() => node.dbState),
        epochEndingLedgerInfos: (...range) => node.epochEndingLedgerInfos(...range),
        stateItemCount: (version) => node.stateItemCount(version),
        stateItems: (...range) => node.stateItems(...range),
        stateRangeProof: (...place) => node.stateRangeProof(...place),
        stateRootProof: (version) => node.stateRootProof(version),
        transactions: (...range) => node.transactions(...range),
        transactionRangeProof: (...range) => node.transactionRangeProof(...range)
      }
      const cache = yield* makeCache
      const { status } = yield* start(changing, memory, cache)
      yield* pass(3)
      const before = saved(memory)
      node = other
      yield* pass(30)
      expect(saved(memory)).toEqual(before)
      expect((yield* status).epochEndings.lastError).toContain("epoch 5")
      node = client
      yield* grow(6)
      yield* pass(60)
      expect(saved(memory).length).toBeGreaterThan(before.length)
      const report = yield* verifyFiles(memory.files, { strict: true, allSnapshots: true })
      expect(faults(report)).toEqual([])
    }))

  test("knows the chain of trust of the storage when it is started again, and refuses one that does not hold", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const memory = makeStorage()
      const first = yield* start(client, memory, yield* makeCache)
      yield* pass(3)
      yield* first.stop
      const [chunk = ""] = [...memory.files.keys()].filter((file) => /^epoch_ending_2.*chunk$/.test(file))
      const bytes = Option.getOrThrow(Option.fromNullable(memory.files.get(chunk)))
      const spoilt = Uint8Array.from(bytes)
      spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1
      memory.files.set(chunk, spoilt)
      yield* grow(3)
      const before = saved(memory).length
      const second = yield* start(client, memory, yield* makeCache)
      yield* pass(3)
      expect((yield* second.status).epochEndings.lastError).toContain(chunk)
      expect(saved(memory).length).toBe(before)
      yield* second.stop
      // Who does not want it checked has to say so.
      const backup = { ...settings, verifyWrites: false }
      yield* start(client, memory, yield* makeCache, { backup })
      yield* pass(3)
      expect(saved(memory).length).toBeGreaterThan(before)
      expect(Coordinator.defaultSettings.backup.verifyWrites).toBe(true)
    }))
})
