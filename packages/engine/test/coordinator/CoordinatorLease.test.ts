/**
 * One coordinator works while it holds the lease, the others wait; a lease that is not renewed ends by time.
 */
import { describe, expect } from "@effect/vitest"
import * as CoordinatorLease from "@holdfast/engine/CoordinatorLease"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { growing, makeCache, pass, saved, start, test } from "../support/coordinators.ts"
import { failure, type Hooks, makeStorage, type MemoryStorage } from "../support/memoryStorage.ts"

const leaseOf = (host: string, pid = 1) => ({ duration: "60 seconds", host, pid }) as const

const leasesIn = ({ files }: MemoryStorage): ReadonlyArray<string> =>
  [...files.keys()].filter((file) => file.endsWith(".lease"))

const isLease = (file: string): boolean => file.endsWith(".lease")

/** As after KILL: nothing of what is done for cleanliness comes to pass. */
const killed = ({ storage }: MemoryStorage): BackupStorage.Service => ({
  ...storage,
  capabilities: {
    ...storage.capabilities,
    deleteFile: Either.right((file) => failure("deleteFile", "PermissionDenied", file))
  }
})

describe("two coordinators that ask for a lease", () => {
  test("C-9: the second one waits, says for whom, and goes on when the first one stops", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const memory = makeStorage()
      const first = yield* start(client, memory, yield* makeCache, { lease: leaseOf("a") })
      yield* pass(3)
      const names = saved(memory)
      expect(names.length).toBeGreaterThan(5)
      expect((yield* first.status).lease).toEqual({ _tag: "Held", until: 60_000 })
      const second = yield* start(client, memory, yield* makeCache, { lease: leaseOf("b"), newStorage: true })
      yield* pass(30)
      // The lease was renewed meanwhile, by a new file, and the old one is gone.
      expect((yield* first.status).lease).toEqual({ _tag: "Held", until: 80_000 })
      expect(leasesIn(memory)).toEqual([
        expect.stringMatching(/^coordinator_lease-\.[0-9a-f]{4}\/until-80000-pid-1-host-a\.lease$/)
      ])
      expect((yield* second.status).lease).toMatchObject({ _tag: "Waiting", host: "a", pid: 1 })
      expect((yield* second.status).node.heartbeat).toBeUndefined()
      expect(saved(memory)).toEqual(names)

      yield* first.stop
      expect(leasesIn(memory)).toEqual([])
      yield* grow(4)
      yield* pass(24)
      expect((yield* second.status).lease._tag).toBe("Held")
      expect(saved(memory).length).toBeGreaterThan(names.length)
      expect((yield* Metric.value(CoordinatorStatus.metrics.leaseHeldUntil)).value).toBeGreaterThan(0)
      yield* second.stop
      expect(leasesIn(memory)).toEqual([])
    }))

  test("C-9: one that was killed is waited for until its lease has ended, and no longer", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      const memory = makeStorage()
      const first = yield* start(client, { ...memory, storage: killed(memory) }, yield* makeCache, {
        lease: leaseOf("a")
      })
      yield* pass(1)
      yield* first.stop
      expect(leasesIn(memory)).toHaveLength(1)
      const second = yield* start(client, memory, yield* makeCache, { lease: leaseOf("b") })
      yield* pass(67)
      expect((yield* second.status).lease).toMatchObject({ _tag: "Waiting", until: 70_000 })
      yield* pass(5)
      expect((yield* second.status).lease._tag).toBe("Held")
      // What was left is cleaned up.
      expect(leasesIn(memory)).toHaveLength(1)
    }))

  test("C-9: who cannot renew it stops all work in time, and goes on when it has it again", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      let isAway = false
      const memory = makeStorage({
        confirm: (file) => isAway && isLease(file) ? failure("write", "NoSpace", file) : Effect.void
      })
      const { fiber, status } = yield* start(client, memory, yield* makeCache, { lease: leaseOf("a") })
      yield* pass(3)
      isAway = true
      yield* pass(56)
      expect((yield* status).lease._tag).toBe("Held")
      yield* pass(2)
      expect((yield* status).lease._tag).toBe("None")
      const names = saved(memory)
      yield* grow(10)
      yield* pass(40)
      expect(saved(memory)).toEqual(names)
      isAway = false
      yield* pass(30, "10 seconds")
      expect((yield* status).lease._tag).toBe("Held")
      expect(saved(memory).length).toBeGreaterThan(names.length)
      expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
    }))

  test("C-11: of who lost it nothing is under way, and what had failed works again where others did it meanwhile", () =>
    Effect.gen(function*() {
      const { client } = yield* growing()
      const memory = makeStorage()
      let isAway = true
      const ofFirst: MemoryStorage = {
        ...memory,
        storage: {
          ...memory.storage,
          write: (backup, file, bytes) =>
            isAway && (!isLease(file) || saved(memory).length > 0)
              ? failure("write", "NoSpace", file)
              : memory.storage.write(backup, file, bytes)
        }
      }
      const first = yield* start(client, ofFirst, yield* makeCache, {
        lease: leaseOf("a"),
        backoff: { firstDelay: "1 minute", longestDelay: "1 minute" }
      })
      yield* pass(3)
      expect((yield* first.status).epochEndings).toMatchObject({ activity: { _tag: "BackingOff" }, failures: 1 })
      yield* pass(60)
      const lost = yield* first.status
      expect(lost.lease._tag).toBe("None")
      for (const worker of CoordinatorStatus.loops) expect(lost[worker].activity).toEqual({ _tag: "Waiting" })
      expect(lost.epochEndings.stalledSince).toBeDefined()

      const second = yield* start(client, memory, yield* makeCache, { lease: leaseOf("b") })
      yield* pass(20)
      expect(saved(memory).length).toBeGreaterThan(5)
      yield* second.stop
      const names = saved(memory)
      isAway = false
      yield* pass(60)
      const again = yield* first.status
      expect(again.lease._tag).toBe("Held")
      expect(again.epochEndings).toMatchObject({ failures: 0, stalledSince: undefined, lastError: undefined })
      expect(saved(memory)).toEqual(names)
      yield* first.stop
    }))

  test("C-9: who lost it is not ended by what the storage shows when it has it again, but waits until that is whole", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const memory = makeStorage()
      let isAway = false
      let denied = false
      const ofFirst: MemoryStorage = {
        ...memory,
        storage: {
          ...memory.storage,
          write: (backup, file, bytes) =>
            isAway && isLease(file)
              ? failure("write", "NoSpace", file)
              : memory.storage.write(backup, file, bytes),
          listMetadataFiles: Effect.suspend(() => denied ? Effect.succeed([]) : memory.storage.listMetadataFiles)
        }
      }
      const first = yield* start(client, ofFirst, yield* makeCache, { lease: leaseOf("a") })
      yield* pass(3)
      isAway = true
      yield* pass(60)
      const second = yield* start(client, memory, yield* makeCache, { lease: leaseOf("b") })
      yield* pass(20)
      expect((yield* second.status).lease._tag).toBe("Held")
      yield* grow(6)
      yield* pass(10)
      yield* second.stop
      const names = saved(memory)
      isAway = false
      denied = true
      yield* grow(6)
      yield* pass(60)
      expect((yield* first.status).lease._tag).toBe("Held")
      expect((yield* first.status).epochEndings.lastError).toContain("not what it was")
      expect(saved(memory)).toEqual(names)
      denied = false
      yield* pass(60)
      expect(yield* Fiber.poll(first.fiber)).toEqual(Option.none())
      expect((yield* first.status).epochEndings).toMatchObject({ failures: 0, lastError: undefined })
      expect(saved(memory).length).toBeGreaterThan(names.length)
    }))
})

/** Runs until the scope ends; what it does while it holds the lease is up to `work`. */
const contend = (
  storage: BackupStorage.Service,
  host: string,
  work: Effect.Effect<never>
) =>
  Effect.gen(function*() {
    const status = yield* SubscriptionRef.make(CoordinatorStatus.initial)
    return yield* CoordinatorLease.holding(
      { ...leaseOf(host), backoff: { firstDelay: "1 second", longestDelay: "5 seconds" } },
      work
    ).pipe(
      Effect.provideService(BackupStorage.BackupStorage, storage),
      Effect.provideService(CoordinatorStatus.CoordinatorStatus, status)
    )
  })

/** A clock that is ahead of the others. */
const ahead = (millis: number) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.clockWith((clock) =>
    Effect.withClock(effect, {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + millis),
      currentTimeNanos: clock.currentTimeNanos,
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + millis,
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
      sleep: (duration) => clock.sleep(duration)
    })
  )

describe("the lease", () => {
  for (let seed = 1; seed <= 2; seed++) {
    test(`seed ${seed}: C-9: is held by one at a time: slow and failing storage, kills, clocks that differ`, () =>
      Effect.gen(function*() {
        const chance = (share: number) => Effect.map(Random.next, (value) => value < share)
        const slow = Effect.flatMap(Random.nextIntBetween(0, 3_000), (millis) => Effect.sleep(Duration.millis(millis)))
        const faulty = (operation: StorageError.StorageOperation) => (file: string) =>
          Effect.gen(function*() {
            yield* slow
            if (yield* chance(0.3)) return yield* failure(operation, "Io", file)
          })
        const hooks: Hooks = {
          confirm: faulty("write"),
          list: faulty("listFiles"),
          remove: faulty("deleteFile")
        }
        const memory = makeStorage(hooks)
        const working = new Set<string>()
        const held = new Map<string, number>()
        const workOf = (host: string) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              working.add(host)
              held.set(host, (held.get(host) ?? 0) + 1)
              expect([...working]).toEqual([host])
            }),
            () => Effect.never,
            () => Effect.sync(() => working.delete(host))
          )
        const skew = Duration.toMillis(CoordinatorLease.allowedSkew)
        const startOf = (host: string, offset: number) =>
          Effect.flatMap(chance(0.5), (isKilled) =>
            Effect.forkScoped(
              contend(isKilled ? killed(memory) : memory.storage, host, workOf(host)).pipe(ahead(offset))
            ))
        const offsets = [0, skew / 2, -skew / 2]
        const running = yield* Effect.forEach(offsets, (offset, index) => startOf(`host-${index}`, offset))
        for (let round = 0; round < 150; round++) {
          yield* pass(1, "3 seconds")
          for (const [index, fiber] of running.entries()) {
            const ended = yield* Fiber.poll(fiber)
            if (Option.isSome(ended)) expect(ended.value).toBe("never")
            if (!(yield* chance(0.03))) continue
            yield* Fiber.interruptFork(fiber)
            running[index] = yield* startOf(`host-${index}`, offsets[index] ?? 0)
          }
        }
        // It goes round.
        expect(held.size).toBeGreaterThan(1)
        expect([...held.values()].reduce((sum, times) => sum + times, 0)).toBeGreaterThan(2)
        // To give a lease back takes a while, by this clock.
        yield* Effect.forEach(running, Fiber.interruptFork)
        yield* pass(3)
      }).pipe(Effect.withRandom(Random.make(`lease ${seed}`))))
  }

  test("C-9: of two that write at once, at most one works", () =>
    Effect.gen(function*() {
      const memory = makeStorage({ confirm: () => Effect.sleep("1 second") })
      const working = new Set<string>()
      for (const host of ["a", "b"]) {
        yield* Effect.forkScoped(contend(
          memory.storage,
          host,
          Effect.zipRight(Effect.sync(() => working.add(host)), Effect.never)
        ))
      }
      yield* pass(2)
      // Both have written before either looked.
      expect(memory.log.filter((line) => line.startsWith("confirm"))).toHaveLength(2)
      expect(working.size).toBeLessThanOrEqual(1)
      yield* pass(60)
      expect(working.size).toBe(1)
    }))

  test("C-9: one whose clock is ahead waits until the holder has stopped", () =>
    Effect.gen(function*() {
      const memory = makeStorage({
        confirm: (file) => file.includes("host-a") && !file.includes("until-60000-") ? Effect.never : Effect.void
      })
      const working = new Set<string>()
      const workOf = (host: string) =>
        Effect.acquireUseRelease(
          Effect.sync(() => working.add(host)),
          () => Effect.never,
          () => Effect.sync(() => working.delete(host))
        )
      yield* Effect.forkScoped(contend(killed(memory), "a", workOf("a")))
      yield* pass(1)
      yield* Effect.forkScoped(contend(memory.storage, "b", workOf("b")).pipe(ahead(9_900)))
      yield* pass(58)
      expect([...working]).toEqual(["a"])
      yield* pass(1)
      expect([...working]).toEqual([])
      yield* pass(3)
      expect([...working]).toEqual(["b"])
    }))

  test("C-9: a storage that does not list what was written, or cannot list at all, gives none", () =>
    Effect.gen(function*() {
      const memory = makeStorage()
      const never = Effect.dieMessage("the lease was given")
      const { capabilities } = memory.storage
      const without = {
        ...memory.storage,
        capabilities: { ...capabilities, listFiles: Capabilities.missing("listFiles", "it", "it cannot") }
      }
      expect(yield* Effect.flip(contend(without, "a", never))).toMatchObject({ reason: "Unsupported" })
      const unable = {
        ...memory.storage,
        capabilities: { ...capabilities, deleteFile: Capabilities.missing("deleteFile", "it", "it cannot") }
      }
      expect(yield* Effect.flip(contend(unable, "a", never))).toMatchObject({ reason: "Unsupported" })
      expect(memory.log).toEqual([])
      const blind = makeStorage({ list: (file) => failure("listFiles", "NotFound", file) })
      yield* Effect.forkScoped(contend(blind.storage, "a", never))
      yield* pass(30)
      expect(leasesIn(blind)).toEqual([])
    }))

  test("C-9: is passed over by whoever looks for backups or for leftovers", () =>
    Effect.gen(function*() {
      const memory = makeStorage()
      yield* Effect.forkScoped(contend(memory.storage, "häßlich $HOST; rm", Effect.never))
      yield* pass(1)
      expect(leasesIn(memory)).toEqual([expect.stringMatching(/\/until-60000-pid-1-host-h__lich__HOST__rm\.lease$/)])
      expect(yield* memory.storage.listMetadataFiles).toEqual([])
    }))
})
