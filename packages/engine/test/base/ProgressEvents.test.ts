import { describe, expect, it } from "@effect/vitest"
import * as Progress from "@holdfast/engine/Progress"
import * as ProgressEvents from "@holdfast/engine/ProgressEvents"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as fs from "node:fs"

const items = { what: "state snapshot of epoch 2", unit: "items", total: 2000 }

/** Everything that is told from here on; it ends with the layer. */
const heard = Effect.gen(function*() {
  const { events } = yield* ProgressEvents.ProgressEvents
  const all: Array<ProgressEvents.Event> = []
  yield* Effect.forkScoped(Stream.runForEach(events, (event) => Effect.sync(() => all.push(event))))
  yield* TestClock.adjust(0)
  return all
})

const briefly = (events: ReadonlyArray<ProgressEvents.Event>) =>
  events.map(({ _tag, done, task }) => `${_tag} ${task}: ${done}`)

describe("ProgressEvents", () => {
  it("are documented, field by field", () => {
    const page = fs.readFileSync(new URL("../../../../docs/progress.md", import.meta.url), "utf8")
    for (const field of Object.keys(ProgressEvents.Ended.fields)) expect(page).toContain(`\`${field}\``)
  })

  it.scoped("tells that a task began, how it advanced and how it ended", () =>
    Effect.gen(function*() {
      const all = yield* heard
      yield* Effect.scoped(Effect.gen(function*() {
        const tracker = yield* Progress.begin({ ...items, before: 1000 })
        yield* TestClock.adjust("1500 millis")
        tracker.done += 400
        tracker.bytes += 9000
        yield* TestClock.adjust("2500 millis")
      }))
      yield* TestClock.adjust(0)
      const begun = { task: 1, ...items, done: 1000, bytes: 0, elapsed: 0, rate: 0, secondsLeft: null }
      expect(all).toEqual([
        new ProgressEvents.Began(begun),
        new ProgressEvents.Advanced({ ...begun, done: 1400, bytes: 9000, elapsed: 2, rate: 200, secondsLeft: 3 }),
        new ProgressEvents.Ended({
          ...begun,
          done: 1400,
          bytes: 9000,
          elapsed: 4,
          rate: 100,
          secondsLeft: 6,
          how: "complete"
        })
      ])
      const wire = Schema.parseJson(ProgressEvents.Event)
      for (const event of all) {
        expect(yield* Schema.decode(wire)(yield* Schema.encode(wire)(event))).toEqual(event)
      }
    }).pipe(Effect.provide(ProgressEvents.layer())))

  it.scoped.each(
    [
      [Exit.void, "complete"],
      [Exit.fail("no"), "failed"],
      [Exit.interrupt(FiberId.none), "interrupted"]
    ] as const
  )("knows how it ended: %#", ([exit, how]) =>
    Effect.gen(function*() {
      const all = yield* heard
      const scope = yield* Scope.make()
      yield* Scope.extend(Progress.begin(items), scope)
      yield* Scope.close(scope, exit)
      yield* TestClock.adjust(0)
      expect(all).toMatchObject([{ _tag: "Began" }, { _tag: "Ended", how }])
    }).pipe(Effect.provide(ProgressEvents.layer())))

  it.scoped("looks at intervals, not at every record, and only tells what has come further", () =>
    Effect.gen(function*() {
      const all = yield* heard
      const tracker = yield* Progress.begin(items)
      for (let batch = 0; batch < 20; batch++) {
        for (let record = 0; record < 50; record++) tracker.done += 1
        yield* TestClock.adjust("100 millis")
      }
      yield* TestClock.adjust("1 minute")
      expect(briefly(all)).toEqual([
        "Began 1: 0",
        "Advanced 1: 250",
        "Advanced 1: 500",
        "Advanced 1: 750",
        "Advanced 1: 1000"
      ])
    }).pipe(Effect.provide(ProgressEvents.layer({ interval: "500 millis" }))))

  it.scoped("begins for a late subscriber with what is under way, and forgets for a slow one what is oldest", () =>
    Effect.gen(function*() {
      const { events, standings } = yield* ProgressEvents.ProgressEvents
      yield* Effect.scoped(Progress.begin({ ...items, what: "over" }))
      const tracker = yield* Progress.begin(items)
      const seen: Array<ProgressEvents.Event> = []
      tracker.done += 5
      const slow = yield* Effect.fork(
        Stream.runForEach(events, (event) => Effect.delay(Effect.sync(() => seen.push(event)), "10 seconds"))
      )
      for (let second = 0; second < 30; second++) {
        tracker.done += 1
        yield* TestClock.adjust("1 seconds")
      }
      expect(briefly(seen.slice(0, 3))).toEqual(["Began 2: 6", "Advanced 2: 14", "Advanced 2: 15"])
      yield* Fiber.interrupt(slow)
      expect(yield* standings).toMatchObject([{ task: 2, done: 35, elapsed: 30 }])
    }).pipe(Effect.provide(ProgressEvents.layer({ waiting: 2 }))))

  it.effect("ends the stream with the layer", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(ProgressEvents.layer(), scope)
      const { events } = yield* Effect.provide(ProgressEvents.ProgressEvents, context)
      const all = yield* Effect.fork(Stream.runCollect(events))
      yield* TestClock.adjust(0)
      yield* Scope.close(scope, Exit.void)
      expect(Chunk.isEmpty(yield* Fiber.join(all))).toBe(true)
    }))
})
