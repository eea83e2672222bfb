/**
 * The coordinator through hours of polling, outages and restarts.
 */
import { describe, expect } from "@effect/vitest"
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import { growing, makeCache, pass, passUntilQuiet, saved, start, test } from "../support/coordinators.ts"
import { failure, makeStorage, type MemoryStorage } from "../support/memoryStorage.ts"
import { faults, verifyFiles } from "../support/storedBackups.ts"

const expectVerifies = ({ files }: MemoryStorage) =>
  Effect.gen(function*() {
    const report = yield* verifyFiles(files, { strict: true, allSnapshots: true })
    expect(faults(report)).toEqual([])
    expect(report.ok).toBe(true)
    return report
  })

const unreachable = new BackupServiceError.BackupServiceError({
  reason: "Unreachable",
  address: "http://node.test",
  endpoint: "/db_state",
  detail: "injected"
})

describe("the coordinator", () => {
  test("gives an empty storage an identity, takes all epoch endings, then snapshots and transactions", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      const memory = makeStorage()
      const { status } = yield* start(client, memory, yield* makeCache)
      yield* pass(3)
      const names = saved(memory)
      expect(names[0]).toBe("identity.meta")
      expect(names.slice(1, 6)).toEqual([0, 1, 2, 3, 4].map((epoch) => `epoch_ending_${epoch}-${epoch}.meta`))
      // The newest closed multiple of two, and none before it.
      expect(names.filter((name) => name.startsWith("state"))).toHaveLength(1)
      expect(names.filter((name) => name.startsWith("transaction")).slice(0, 3)).toEqual([
        "transaction_0-0.meta",
        "transaction_1-20.meta",
        "transaction_21-40.meta"
      ])
      const report = yield* expectVerifies(memory)
      expect(report.stateSnapshot?.epoch).toBe(4)
      for (const worker of CoordinatorStatus.loops) {
        expect((yield* status)[worker]).toMatchObject({ activity: { _tag: "Waiting" }, failures: 0 })
      }
      expect((yield* Metric.value(CoordinatorStatus.metrics.epochEndingEpoch)).value).toBe(4)
      expect((yield* Metric.value(CoordinatorStatus.metrics.stateSnapshotEpoch)).value).toBe(4)
    }))

  test("follows a network that grows, and does nothing while it does not", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing({ epochs: 1 })
      const memory = makeStorage()
      yield* start(client, memory, yield* makeCache)
      for (let round = 0; round < 12; round++) {
        yield* grow(2)
        yield* pass(2)
      }
      yield* expectVerifies(memory)
      const { length } = memory.log
      const before = yield* Clock.currentTimeMillis
      yield* pass(60)
      expect(memory.log.length).toBe(length)
      const heartbeat = (yield* Metric.value(CoordinatorStatus.metrics.heartbeat)).value
      expect(heartbeat * 1000).toBeGreaterThan(before + 58_000)
      // One backup after the other, without a gap; each once.
      const names = saved(memory)
      expect(new Set(names).size).toBe(names.length)
    }))

  test("takes epoch endings first of all: without them the others have nothing to go by", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      let broken = true
      const memory = makeStorage({
        confirm: (file) => broken && file.startsWith("epoch_ending_3") ? failure("write", "Io", file) : Effect.void
      })
      const { status } = yield* start(client, memory, yield* makeCache)
      yield* pass(30)
      expect(saved(memory)).toEqual([
        "identity.meta",
        ...[0, 1, 2].map((epoch) => `epoch_ending_${epoch}-${epoch}.meta`)
      ])
      const { epochEndings, transactions } = yield* status
      expect(epochEndings.failures).toBeGreaterThan(3)
      expect(epochEndings.lastError).toContain("epoch_ending_3")
      expect(transactions).toMatchObject({ activity: { _tag: "Waiting" }, failures: 0 })
      broken = false
      yield* pass(60)
      yield* expectVerifies(memory)
      expect((yield* status).epochEndings).toMatchObject({ failures: 0, stalledSince: undefined, lastError: undefined })
    }))

  test("waits on a chain that has nothing but a genesis, until there is what proves it", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing({ epochs: 1, openBlocks: 0 })
      const memory = makeStorage()
      const { status } = yield* start(client, memory, yield* makeCache)
      yield* pass(60)
      expect(saved(memory)).toEqual(["identity.meta"])
      for (const worker of CoordinatorStatus.loops) {
        expect((yield* status)[worker]).toMatchObject({ activity: { _tag: "Waiting" }, failures: 0 })
      }
      yield* grow(1)
      yield* pass(2)
      expect(saved(memory)).toContain("transaction_0-0.meta")
      for (const worker of CoordinatorStatus.loops) expect((yield* status)[worker].lastError).toBeUndefined()
      yield* expectVerifies(memory)
    }))

  test("C-1: goes on with the others while one worker fails, waits longer each time, and says so", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      let broken = true
      const attempts: Array<number> = []
      const memory = makeStorage({
        confirm: (file) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            if (!broken || !file.endsWith("state.proof")) return Effect.void
            attempts.push(now)
            return failure("write", "NoSpace", file)
          })
      })
      const { status } = yield* start(client, memory, yield* makeCache, {
        backoff: { firstDelay: "1 second", longestDelay: "1 minute" },
        pollInterval: "5 seconds"
      })
      for (let round = 0; round < 10; round++) {
        yield* grow(1)
        yield* pass(6, "5 seconds")
      }
      const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0))
      expect(pauses.length).toBeGreaterThan(6)
      for (const [index, pause] of pauses.entries()) {
        const expected = Math.min(2 ** index, 60) * 1000
        expect(pause).toBeGreaterThanOrEqual(0.8 * expected - 1)
        expect(pause).toBeLessThanOrEqual(Math.min(1.2 * expected, 60_000) + 1000)
      }
      const { epochEndings, stateSnapshots, transactions } = yield* status
      expect(stateSnapshots.activity._tag).toBe("BackingOff")
      expect(stateSnapshots.stalledSince).toBe(attempts[0])
      expect(stateSnapshots.failures).toBe(attempts.length)
      expect((yield* Metric.value(Metric.tagged(CoordinatorStatus.metrics.failures, "worker", "stateSnapshots"))).value)
        .toBe(attempts.length)
      const { backingOffUntil } = CoordinatorStatus.metrics
      expect((yield* Metric.value(Metric.tagged(backingOffUntil, "worker", "stateSnapshots"))).value * 1000)
        .toBe(stateSnapshots.activity._tag === "BackingOff" ? stateSnapshots.activity.until : undefined)
      expect([epochEndings.failures, transactions.failures]).toEqual([0, 0])
      expect(saved(memory).some((name) => name.startsWith("epoch_ending_7"))).toBe(true)
      expect(saved(memory).some((name) => name.startsWith("state"))).toBe(false)
      broken = false
      yield* pass(14, "5 seconds")
      expect((yield* status).stateSnapshots).toMatchObject({ failures: 0, stalledSince: undefined })
      yield* expectVerifies(memory)
    }))

  test("C-1: survives a defect of one worker", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      const memory = makeStorage()
      let asked = 0
      const faulty: typeof client = {
        ...client,
        stateItemCount: (version) => asked++ < 2 ? Effect.dieMessage("a bug") : client.stateItemCount(version)
      }
      const { status } = yield* start(faulty, memory, yield* makeCache)
      yield* pass(1)
      expect((yield* status).stateSnapshots.lastError).toContain("a bug")
      yield* pass(10)
      expect((yield* status).stateSnapshots).toMatchObject({ failures: 0 })
      yield* expectVerifies(memory)
    }))

  test("C-2: waits for a node that is away for a day, and goes on when it is back", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      let away = false
      const node: typeof client = { ...client, dbState: Effect.suspend(() => away ? unreachable : client.dbState) }
      const memory = makeStorage()
      const { status } = yield* start(node, memory, yield* makeCache, { pollInterval: "15 minutes" })
      yield* pass(3)
      const { length } = memory.log
      away = true
      yield* pass(12, "2 hours")
      yield* grow(6)
      expect(memory.log.length).toBe(length)
      expect((yield* status).node.silentSince).toBeDefined()
      away = false
      yield* pass(3, "15 minutes")
      expect((yield* status).node.silentSince).toBeUndefined()
      expect(memory.log.length).toBeGreaterThan(length)
      yield* expectVerifies(memory)
    }))

  test("C-4: writes nothing while the storage lists nothing that was there, and goes on when it does", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const memory = makeStorage()
      let denied = false
      const { status } = yield* start(
        client,
        {
          ...memory,
          storage: {
            ...memory.storage,
            listMetadataFiles: Effect.suspend(() => denied ? Effect.succeed([]) : memory.storage.listMetadataFiles)
          }
        },
        yield* makeCache,
        { syncInterval: "1 second" }
      )
      yield* passUntilQuiet(memory)
      const { length } = memory.log
      denied = true
      yield* grow(9)
      yield* pass(60)
      expect(memory.log.length).toBe(length)
      expect((yield* status).epochEndings.lastError).toContain("not what it was")
      denied = false
      // Longer than it may have backed off by then.
      yield* pass(100)
      expect((yield* status).epochEndings.failures).toBe(0)
      expect(memory.log.length).toBeGreaterThan(length)
      yield* expectVerifies(memory)
    }))

  test("C-3: takes no backup twice whose answer was lost", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      const memory = makeStorage()
      const lost = new Set<string>()
      yield* start(
        client,
        {
          ...memory,
          storage: {
            ...memory.storage,
            saveMetadataLines: (name, lines) =>
              memory.storage.saveMetadataLines(name, lines).pipe(
                Effect.flatMap((file): Effect.Effect<string, StorageError.StorageError> => {
                  if (lost.has(name) || name === "identity.meta") return Effect.succeed(file)
                  lost.add(name)
                  return failure("saveMetadataLines", "Timeout", name)
                })
              )
          }
        },
        yield* makeCache
      )
      yield* pass(200)
      expect(lost.size).toBeGreaterThan(8)
      const begun = memory.log.filter((event) => event.startsWith("create "))
      expect(new Set(begun).size).toBe(begun.length)
      yield* expectVerifies(memory)
    }))
})

describe("a coordinator that is started again", () => {
  test("goes on where the storage ends, with and without its cache", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const memory = makeStorage()
      const cache = yield* makeCache
      for (const each of [cache, cache, yield* makeCache, cache]) {
        const { stop } = yield* start(client, memory, each)
        yield* pass(3)
        yield* stop
        yield* grow(4)
      }
      const begun = memory.log.filter((event) => event.startsWith("create "))
      expect(new Set(begun).size).toBe(begun.length)
      yield* expectVerifies(memory)
    }))

  test("C-8: leaves nothing under way whenever it is stopped, and the next one goes on", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      const memory = makeStorage({ confirm: () => Effect.sleep("100 millis") })
      const cache = yield* makeCache
      for (let round = 0; round < 15; round++) {
        const { stop } = yield* start(client, memory, cache)
        yield* pass(1 + round, "70 millis")
        expect(Exit.isInterrupted(yield* stop)).toBe(true)
        expect(memory.open.writes + memory.open.reads).toBe(0)
      }
      yield* start(client, memory, cache)
      yield* pass(30)
      yield* expectVerifies(memory)
    }))

  test("C-4: refuses a storage that has lost something, unless it is told that it is a new one", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      const cache = yield* makeCache
      const first = yield* start(client, makeStorage(), cache)
      yield* pass(3)
      yield* first.stop
      const empty = makeStorage()
      const refused = yield* start(client, empty, cache)
      expect(yield* Effect.flip(Fiber.join(refused.fiber))).toMatchObject({
        _tag: "StorageChanged",
        reason: "Shrunken"
      })
      expect(empty.files.size).toBe(0)
      yield* start(client, empty, cache, { newStorage: true })
      yield* pass(3)
      yield* expectVerifies(empty)
    }))

  test("C-2: gives up where the storage refuses it, and waits where that can pass", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      let reason: StorageError.StorageErrorReason = "CommandNotFound"
      let broken = true
      const memory = makeStorage({
        list: (file) => Effect.suspend(() => broken ? failure("listMetadataFiles", reason, file) : Effect.void)
      })
      const { fiber } = yield* start(client, memory, yield* makeCache)
      expect(yield* Effect.flip(Fiber.join(fiber))).toMatchObject({ _tag: "StorageError", reason })
      reason = "Timeout"
      yield* start(client, memory, yield* makeCache)
      yield* pass(30)
      expect(memory.files.size).toBe(0)
      broken = false
      yield* pass(60)
      yield* expectVerifies(memory)
    }))

  test("gives up where what it saves is not listed", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      const memory = makeStorage()
      const blind = { ...memory, storage: { ...memory.storage, listMetadataFiles: Effect.succeed([]) } }
      const { fiber } = yield* start(client, blind, yield* makeCache)
      yield* pass(60)
      expect(yield* Effect.flip(Fiber.join(fiber))).toMatchObject({ _tag: "StorageError", reason: "Io" })
      expect(saved(memory)).toEqual(["identity.meta"])
    }))
})

describe("two coordinators on one storage", () => {
  test("C-7: do no harm", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const memory = makeStorage()
      yield* start(client, memory, yield* makeCache)
      yield* start(client, memory, yield* makeCache, { transactionBatchSize: 15, stateSnapshotInterval: 1 })
      for (let round = 0; round < 8; round++) {
        yield* grow(2)
        yield* pass(2)
      }
      yield* expectVerifies(memory)
      yield* start(client, memory, yield* makeCache)
      yield* pass(2)
      yield* expectVerifies(memory)
    }))
})
