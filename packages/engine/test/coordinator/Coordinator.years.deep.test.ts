/**
 * The coordinator through years: polls each second, outages of a month and of a week, and nothing that grows.
 */
import { describe, expect } from "@effect/vitest"
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as MetadataCache from "@holdfast/engine/MetadataCache"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Supervisor from "effect/Supervisor"
import { growing, leap, makeCache, pass, saved, start, test, Time } from "../support/coordinators.ts"
import { failure, makeStorage } from "../support/memoryStorage.ts"
import { faults, verifyFiles } from "../support/storedBackups.ts"

/** Counts the fibers that are alive. */
class Living extends Supervisor.AbstractSupervisor<number> {
  private readonly fibers = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  override readonly value = Effect.sync(() => this.fibers.size)
  override onStart<A, E, R>(
    _: Context.Context<R>,
    _effect: Effect.Effect<A, E, R>,
    _parent: unknown,
    fiber: Fiber.RuntimeFiber<A, E>
  ) {
    this.fibers.add(fiber)
  }
  override onEnd(_: unknown, fiber: Fiber.RuntimeFiber<unknown, unknown>) {
    this.fibers.delete(fiber)
  }
}

const unreachable = new BackupServiceError.BackupServiceError({
  reason: "Unreachable",
  address: "http://node.test",
  endpoint: "/db_state",
  detail: "injected"
})

/** Lets years pass in steps of so long: within one, each who waits is woken once. */
const passBy = (whole: Duration.DurationInput, step: Duration.DurationInput) =>
  Effect.repeatN(leap(step), Math.ceil(Duration.toMillis(whole) / Duration.toMillis(step)) - 1)

describe("the coordinator", () => {
  test("C-1 C-2: goes through three years with outages of a month and a week, catches up, and nothing grows", () => {
    const living = new Living()
    const logged: Array<unknown> = []
    const logger = Logger.make(({ message }) => void logged.push(message))
    return Effect.gen(function*() {
      const { client, grow } = yield* growing({ epochs: 2 })
      let nodeAway = false
      let storageAway = false
      const outage = (file: string) => Effect.suspend(() => storageAway ? failure("write", "Io", file) : Effect.void)
      const memory = makeStorage({ confirm: outage, list: outage, read: outage })
      const node: typeof client = { ...client, dbState: Effect.suspend(() => nodeAway ? unreachable : client.dbState) }
      const cache = yield* makeCache
      const { status } = yield* start(node, memory, cache)
      const { sleeping } = yield* Time

      /** What must not grow, in a quiet moment. */
      const held = Effect.gen(function*() {
        yield* pass(3)
        const { files, saved: unlisted } = yield* Context.get(cache, MetadataCache.MetadataCache).load
        return {
          sleeping: yield* sleeping,
          fibers: yield* living.value,
          metrics: (yield* Metric.snapshot).length,
          forgotten: saved(memory).length - files.size - unlisted.size,
          open: memory.open.reads + memory.open.writes
        }
      })
      const expectCaughtUp = Effect.gen(function*() {
        const now = yield* status
        for (const worker of CoordinatorStatus.loops) {
          expect(now[worker]).toMatchObject({ activity: { _tag: "Waiting" }, failures: 0, stalledSince: undefined })
        }
        expect(now.node.silentSince).toBeUndefined()
        expect(saved(memory)).toContain(
          `epoch_ending_${(now.node.state?.epoch ?? 0) - 1}-${(now.node.state?.epoch ?? 0) - 1}.meta`
        )
      })
      yield* grow(3)
      yield* pass(5)
      const before = yield* held

      // Minutes second by second, then years in leaps: the network grows now and then.
      yield* pass(600)
      for (let quarter = 0; quarter < 11; quarter++) {
        yield* passBy("90 days", "1 day")
        yield* grow(1)
        yield* pass(2)
        yield* expectCaughtUp
      }
      expect(yield* held).toEqual({ ...before, forgotten: expect.any(Number) })

      nodeAway = true
      const warnings = logged.length
      yield* passBy("30 days", "1 hour")
      expect((yield* status).node.silentSince).toBeDefined()
      expect(logged.length - warnings).toBeLessThan(30)
      yield* grow(4)
      nodeAway = false
      yield* pass(5)
      yield* expectCaughtUp

      storageAway = true
      yield* grow(4)
      yield* passBy("7 days", "10 minutes")
      const { epochEndings } = yield* status
      expect(epochEndings).toMatchObject({ activity: { _tag: "BackingOff" } })
      expect(epochEndings.failures).toBeGreaterThan(900)
      storageAway = false
      // The longest delay and no more.
      yield* pass(301)
      yield* expectCaughtUp
      expect(yield* held).toEqual({ ...before, forgotten: expect.any(Number) })

      // The next failure is waited for a second again.
      storageAway = true
      yield* grow(4)
      yield* pass(2)
      storageAway = false
      yield* pass(3)
      yield* expectCaughtUp
      const said = logged.join("\n")
      expect(said).toMatch(/will be tried again at \S+Z: [^\n]*injected/)
      expect(said).toMatch(/will be tried again at \S+Z, failing since \S+Z \(\d{3} times\): /)
      expect(said).toMatch(/works again; it had failed since \S+Z \(\d+ times\)/)
      expect(faults(yield* verifyFiles(memory.files, { strict: true, allSnapshots: true }))).toEqual([])
    }).pipe(Effect.supervised(living), Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
  })
})
