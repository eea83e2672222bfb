/**
 * Those who watch over storage commands, with scripted processes: the watchdog, the registry, the last resort.
 */
import { NodeContext } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as CommandRegistry from "@holdfast/storage-command/CommandRegistry"
import * as CommandWatchdog from "@holdfast/storage-command/CommandWatchdog"
import * as ProcessSystem from "@holdfast/storage-command/ProcessSystem"
import * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import * as ScriptedProcesses from "@holdfast/testkit/ScriptedProcesses"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as fs from "node:fs"
import * as path from "node:path"

const apart = { stdin: "none", stdout: "none" } as const

const hang: ScriptedProcesses.Script = () => Effect.never

const command = StorageCommand.spawn({
  operation: "read",
  subject: "a/b",
  script: "scripted",
  environment: [],
  parameters: {},
  input: false
})

const strays = Metric.value(Metric.gauge("holdfast_storage_commands_strays", {
  description:
    "Living processes of storage commands that were released, as the watchdog sees: each holds memory and descriptors"
}))

describe("the watchdog", () => {
  const watching = (script: ScriptedProcesses.Script) =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProcesses.make(() => script)
      const pool = yield* CommandPool.make()
      const services = Layer.merge(Layer.succeed(CommandPool.CommandPool, pool), ScriptedProcesses.layer(scripted))
      const look = yield* Effect.provide(CommandWatchdog.make, services)
      const read = Effect.scoped(Effect.flatMap(command, ({ output }) => Stream.runDrain(output)))
      return {
        scripted,
        look,
        services,
        read: Effect.provide(read, services),
        spawn: Effect.provide(command, services)
      }
    })

  it.effect("finds nothing where all is well", () =>
    Effect.gen(function*() {
      const { look, read, spawn } = yield* watching(() => Effect.succeed(0))
      yield* read
      yield* spawn
      for (let looks = 0; looks < 3; looks++) {
        expect(yield* look).toEqual({ strays: [], zombies: [], missing: [] })
      }
    }).pipe(Effect.scoped))

  it.effect("finds the daemon that a command left, from the second look on", () =>
    Effect.gen(function*() {
      const { look, read } = yield* watching((self) =>
        Effect.as(self.child((middle) => Effect.as(middle.child(hang, { ownSession: true }), 0), apart), 0)
      )
      yield* ScriptedProcesses.whileTimeFlies(read)
      expect((yield* look).strays).toEqual([])
      expect((yield* look).strays).toHaveLength(1)
      expect((yield* strays).value).toBe(1)
    }).pipe(Effect.scoped))

  it.effect("finds the dead whom process 1 does not reap", () =>
    Effect.gen(function*() {
      const { look, read } = yield* watching((self) =>
        Effect.as(self.child((middle) => Effect.as(middle.child(() => Effect.as(Effect.sleep(50), 0)), 0), apart), 0)
      )
      yield* ScriptedProcesses.whileTimeFlies(read)
      yield* look
      // The one in between, and the one behind it.
      expect((yield* look).zombies).toHaveLength(2)
    }).pipe(Effect.scoped))

  it.effect("finds a command that is believed alive, but that the system does not show", () =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProcesses.make(() => hang)
      const pool = yield* CommandPool.make()
      let hidden = 0
      const system: ProcessSystem.Service = {
        ...scripted.system,
        list: () => scripted.system.list()?.filter(({ pid }) => pid !== hidden)
      }
      const services = Layer.mergeAll(
        Layer.succeed(CommandPool.CommandPool, pool),
        Layer.succeed(ProcessSystem.ProcessSystem, system)
      )
      const look = yield* Effect.provide(CommandWatchdog.make, services)
      yield* ScriptedProcesses.whileTimeFlies(Effect.scoped(Effect.gen(function*() {
        hidden = (yield* Effect.provide(command, services)).pid
        yield* look
        expect(yield* look).toEqual({ strays: [], zombies: [], missing: [hidden] })
        hidden = 0
        expect((yield* look).missing).toEqual([])
      })))
    }).pipe(Effect.scoped))

  it.effect("looks as often as it is told to, for as long as its layer lives", () =>
    Effect.gen(function*() {
      const { read, services } = yield* watching((self) =>
        Effect.as(self.child((middle) => Effect.as(middle.child(hang, { ownSession: true }), 0), apart), 0)
      )
      yield* ScriptedProcesses.whileTimeFlies(read)
      const before = (yield* strays).value
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Layer.build(Layer.provide(CommandWatchdog.layer({ interval: "10 seconds" }), services))
        yield* TestClock.adjust("9 seconds")
        expect((yield* strays).value).toBe(0)
        yield* TestClock.adjust("1 second")
        expect((yield* strays).value).toBe(1)
      }))
      expect(before).toBeLessThanOrEqual(1)
    }).pipe(Effect.scoped))
})

describe("the registry", () => {
  const self = { boot: "scripted", namespace: "scripted", pid: 777, startedAt: 5 }

  const record = (folder: string, more: object, commands: ReadonlyArray<object>) =>
    fs.writeFileSync(
      path.join(folder, "commands-of-the-dead.json"),
      JSON.stringify({ version: 1, ...self, ...more, commands })
    )

  const reclaiming = (folder: string, scripted: ScriptedProcesses.Scripted) =>
    ScriptedProcesses.whileTimeFlies(CommandRegistry.reclaim({ directory: folder })).pipe(
      Effect.provide(Layer.merge(NodeContext.layer, ScriptedProcesses.layer(scripted)))
    )

  const scene = Effect.gen(function*() {
    const folder = yield* TempDirectory.make
    const scripted = yield* ScriptedProcesses.make(() => hang)
    return { folder, scripted }
  })

  it.effect("ends a group whose leader started when it was written down", () =>
    Effect.gen(function*() {
      const { folder, scripted } = yield* scene
      scripted.foreign({ pid: 50, startedAt: 9 })
      scripted.foreign({ pid: 51, startedAt: 10, session: 50, group: 50, parent: 50 })
      record(folder, {}, [{ mark: "m", id: 50, startedAt: 9 }])
      expect(yield* reclaiming(folder, scripted)).toEqual({ files: 1, commands: 1 })
      expect(scripted.processes().filter((process) => !process.isZombie)).toEqual([])
      expect(fs.readdirSync(folder)).toEqual([])
    }).pipe(Effect.scoped))

  it.effect("touches nobody who got the id later", () =>
    Effect.gen(function*() {
      const { folder, scripted } = yield* scene
      scripted.foreign({ pid: 50, startedAt: 900 })
      scripted.foreign({ pid: 51, startedAt: 901, session: 50, group: 50, parent: 50 })
      record(folder, {}, [{ mark: "m", id: 50, startedAt: 9 }])
      expect(yield* reclaiming(folder, scripted)).toEqual({ files: 1, commands: 0 })
      expect(scripted.processes().map(({ isStopped, pid }) => [pid, isStopped])).toEqual([[50, false], [51, false]])
    }).pipe(Effect.scoped))

  it.effect("leaves a session in doubt alone: its leader is gone, and nobody in it carries the mark", () =>
    Effect.gen(function*() {
      const { folder, scripted } = yield* scene
      scripted.foreign({ pid: 51, startedAt: 901, session: 50, group: 50 })
      record(folder, {}, [{ mark: "m", id: 50, startedAt: 9 }])
      expect(yield* reclaiming(folder, scripted)).toEqual({ files: 1, commands: 0 })
      expect(scripted.processes()).toHaveLength(1)
    }).pipe(Effect.scoped))

  it.effect("leaves the commands of a living program alone, and those of another boot", () =>
    Effect.gen(function*() {
      const { folder, scripted } = yield* scene
      scripted.foreign({ pid: 50, startedAt: 9 })
      scripted.foreign({ pid: self.pid, startedAt: self.startedAt })
      record(folder, {}, [{ mark: "m", id: 50, startedAt: 9 }])
      expect(yield* reclaiming(folder, scripted)).toEqual({ files: 0, commands: 0 })
      record(folder, { boot: "an earlier one" }, [{ mark: "m", id: 50, startedAt: 9 }])
      expect(yield* reclaiming(folder, scripted)).toEqual({ files: 1, commands: 0 })
      expect(scripted.processes()).toHaveLength(2)
    }).pipe(Effect.scoped))

  it.effect("keeps nothing of a program that was killed while it wrote", () =>
    Effect.gen(function*() {
      const { folder, scripted } = yield* scene
      const now = Date.parse("2026-01-01T00:00:00Z")
      yield* TestClock.setTime(now)
      record(folder, {}, [])
      for (const [name, age] of [["of-the-dead", 1], ["old", 120], ["new", 1]] as const) {
        const file = path.join(folder, `commands-${name}.json.new`)
        fs.writeFileSync(file, "{")
        fs.utimesSync(file, now / 1_000 - age, now / 1_000 - age)
      }
      expect(yield* reclaiming(folder, scripted)).toEqual({ files: 1, commands: 0 })
      // That one may be about to be completed.
      expect(fs.readdirSync(folder)).toEqual(["commands-new.json.new"])
    }).pipe(Effect.scoped))

  it.effect("complains about what is no record, and keeps it", () =>
    Effect.gen(function*() {
      const { folder, scripted } = yield* scene
      fs.writeFileSync(path.join(folder, "commands-1.json"), "{")
      expect(yield* reclaiming(folder, scripted)).toEqual({ files: 0, commands: 0 })
      expect(fs.readdirSync(folder)).toEqual(["commands-1.json"])
    }).pipe(Effect.scoped))

  it.effect("knows a command from before its start until after its end", () =>
    Effect.gen(function*() {
      const { folder } = yield* scene
      const noted: Array<string> = []
      const look = () => {
        const names = fs.readdirSync(folder).filter((name) => name.endsWith(".json"))
        noted.push(names.map((name) => fs.readFileSync(path.join(folder, name), "utf8")).join())
      }
      const scripted = yield* ScriptedProcesses.make(() => {
        look()
        return hang
      })
      const scope = yield* Scope.make()
      const services = Layer.provideMerge(
        Layer.merge(CommandPool.layer, CommandRegistry.layer({ directory: folder })),
        Layer.merge(NodeContext.layer, ScriptedProcesses.layer(scripted))
      )
      const { pid } = yield* Effect.flatMap(
        Layer.buildWithScope(services, scope),
        (context) => Scope.extend(Effect.provide(command, context), scope)
      )
      look()
      yield* ScriptedProcesses.whileTimeFlies(Scope.close(scope, Exit.void))
      expect(noted[0]).toContain("\"mark\"")
      expect(noted[0]).not.toContain("\"id\"")
      expect(noted[1]).toContain(`"id":${pid}`)
      expect(fs.readdirSync(folder)).toEqual([])
    }).pipe(Effect.scoped))
})
