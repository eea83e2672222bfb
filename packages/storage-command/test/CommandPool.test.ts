import { expect, it } from "@effect/vitest"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"

/** Takes a permit that is given back by closing the scope it returns. */
const take = (pool: CommandPool.Service) =>
  Effect.flatMap(Scope.make(), (scope) => Effect.as(Scope.extend(pool.permit, scope), scope))

const giveBack = (scope: Scope.CloseableScope) => Scope.close(scope, Exit.void)

it.effect("hands permits out in the order in which they were asked for", () =>
  Effect.gen(function*() {
    const pool = yield* CommandPool.make({ maxCommands: 1 })
    const order: Array<number> = []
    const first = yield* take(pool)
    const waiting = yield* Effect.forEach([1, 2, 3, 4, 5], (number) =>
      Effect.zipLeft(
        Effect.fork(Effect.scoped(Effect.zipRight(pool.permit, Effect.sync(() => order.push(number))))),
        Effect.yieldNow()
      ))
    yield* giveBack(first)
    // A newcomer does not overtake those who wait.
    yield* Effect.scoped(Effect.zipRight(pool.permit, Effect.sync(() => order.push(6))))
    yield* Fiber.joinAll(waiting)
    expect(order).toEqual([1, 2, 3, 4, 5, 6])
    expect(yield* pool.held).toBe(0)
  }))

it.effect("loses no permit to those who stop waiting", () =>
  Effect.gen(function*() {
    const pool = yield* CommandPool.make({ maxCommands: 2 })
    const first = yield* take(pool)
    const second = yield* take(pool)
    for (let round = 0; round < 50; round++) {
      const waiting = yield* Effect.fork(Effect.scoped(pool.permit))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(waiting)
    }
    expect(yield* pool.held).toBe(2)
    yield* giveBack(first)
    yield* giveBack(second)
    expect(yield* pool.held).toBe(0)
  }))

it.effect("loses no permit that is handed to one who is interrupted just then", () =>
  Effect.gen(function*() {
    const pool = yield* CommandPool.make({ maxCommands: 1 })
    for (let round = 0; round < 50; round++) {
      const first = yield* take(pool)
      const started = yield* Deferred.make<void>()
      const waiting = yield* Effect.fork(
        Effect.zipRight(Deferred.succeed(started, undefined), Effect.scoped(pool.permit))
      )
      yield* Deferred.await(started)
      yield* Effect.yieldNow()
      yield* Effect.all([giveBack(first), Fiber.interrupt(waiting)], { concurrency: 2 })
    }
    expect(yield* pool.held).toBe(0)
  }))

it.effect("has room for one command at least", () =>
  Effect.gen(function*() {
    expect((yield* CommandPool.make({ maxCommands: 0 })).maxCommands).toBe(1)
    expect((yield* CommandPool.make()).maxCommands).toBe(16)
  }))

it.effect("gives streams their turns, whoever has more writers", () =>
  Effect.gen(function*() {
    const pool = yield* CommandPool.make({ maxCommands: 1 })
    const order: Array<string> = []
    const first = yield* take(pool)
    const writers = [...Array.from({ length: 8 }, () => "busy"), "quiet", "quiet", "third"]
    const waiting = yield* Effect.forEach(writers, (stream) =>
      Effect.zipLeft(
        Effect.fork(Effect.scoped(Effect.zipRight(pool.permitFor(stream), Effect.sync(() => order.push(stream))))),
        Effect.yieldNow()
      ))
    yield* giveBack(first)
    yield* Fiber.joinAll(waiting)
    expect(order.slice(0, 5)).toEqual(["busy", "quiet", "third", "busy", "quiet"])
    expect(order).toHaveLength(writers.length)
  }))

it.effect("warns once when it is nearly used up, and again after use fell", () =>
  Effect.gen(function*() {
    const messages: Array<string> = []
    const logger = Logger.make(({ message }) => {
      messages.push(String(message))
    })
    yield* Effect.gen(function*() {
      const pool = yield* CommandPool.make({ maxCommands: 10 })
      const scopes = yield* Effect.forEach(Array.from({ length: 7 }), () => take(pool))
      expect(messages).toEqual([])
      const last = yield* Effect.forEach(Array.from({ length: 3 }), () => take(pool))
      expect(messages).toHaveLength(1)
      expect(messages[0]).toContain("8 of at most 10")
      yield* Effect.forEach([...scopes, ...last], giveBack)
      yield* Effect.forEach(Array.from({ length: 8 }), () => take(pool))
      expect(messages).toHaveLength(2)
    }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
  }))
