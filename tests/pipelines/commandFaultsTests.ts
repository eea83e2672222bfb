/**
 * Tests of the three backups through commands with real processes: whichever command fails, and however, nothing of it is
 * left, and nothing that is not whole is referred to. Tried again, the backup comes out whole.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import type * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"
import { causes, type Fault, type FaultyCommands, make, moments } from "./support/faultyCommands.ts"
import { backUp, type Kind, kinds, layerNode, quickly, verify } from "./support/node.ts"

const seed = 4

interface Case {
  readonly key: string
  readonly fault: Fault
}

/** Making a backup sees no data, and publishes nothing but a folder; reading publishes nothing. */
const momentsOf = (key: string) =>
  key === "create_backup"
    ? (["start", "end"] as const)
    : key.endsWith(".read")
    ? (["start", "data", "end"] as const)
    : moments

/** All faults of the commands for these files. Only where data flow is there somebody who helps. */
const casesOf = (keys: ReadonlyArray<string>): ReadonlyArray<Case> =>
  keys.flatMap((key) =>
    momentsOf(key).flatMap((moment) =>
      causes
        .filter((cause) => cause !== "helper" || moment === "data")
        .map((cause) => ({ key, fault: { moment, cause } }))
    )
  )

/** The commands that a backup runs, in the order of their files' names. */
const keysOf = (kind: Kind) =>
  Effect.gen(function*() {
    const commands = yield* make
    yield* backUp(yield* commands.storage(), kind)
    const names = (yield* TempDirectory.files(commands.folder)).map((file) => path.basename(file))
    // The last command of a backup reads its metadata line back.
    return [
      "create_backup",
      ...names.sort(),
      ...names.filter((name) => name.endsWith(".meta")).map((name) => `${name}.read`)
    ]
  })

/** So many samples, file after file by what they are for. */
const sampleOf = (kind: Kind, from: number, samples: number) =>
  Effect.gen(function*() {
    const random = Random.make(`${kind} ${seed} ${from}`)
    const keys = yield* random.shuffle(yield* keysOf(kind))
    const ends = (name: RegExp) => [...keys].filter((key) => name.test(key))
    const groups = [/^create_backup$/, /\.chunk$/, /\d\.proof$/, /^state\.proof$/, /\.manifest$/, /\.meta$/, /\.read$/]
      .map(ends)
    const chosen = groups.filter((group) => group.length > 0)
    return yield* Effect.forEach(Array.from({ length: samples }), (_, index) =>
      Effect.gen(function*() {
        const all = casesOf(chosen[(from + index) % chosen.length] ?? [])
        const one = all[yield* random.nextIntBetween(0, all.length)]
        return one ?? (yield* Effect.dieMessage("no case"))
      }))
  })

const waits = ({ cause }: Fault): boolean => cause === "hang" || cause === "deaf"

/** Short only where a command hangs: a machine that is busy must not make others late. */
const deadlines = ({ fault }: Case): Partial<StorageCommand.Settings> =>
  waits(fault) ? { handleDeadline: "800 millis", idleDeadline: "800 millis", exitDeadline: "800 millis" } : {}

const expectNobodyLeft = (commands: FaultyCommands) =>
  Effect.gen(function*() {
    const left = yield* commands.left
    // A shell that was killed cannot reap its children: those that it leaves belong to process 1.
    expect(left.filter(({ isZombie, parent }) => !isZombie || parent !== 1)).toEqual([])
  })

/** What is published, without the random suffixes and numbers of attempts, and unzipped; a torn file does not unzip. */
const published = (commands: FaultyCommands) =>
  Effect.map(TempDirectory.files(commands.folder), (files) =>
    new Map(
      files.filter((file) => !path.basename(file).startsWith(".part.")).map((file) => [
        path.basename(file),
        zlib.gunzipSync(fs.readFileSync(path.join(commands.folder, file))).toString("hex")
      ])
    ))

/** Everything that is there is whole; nothing refers to it unless the very last command did its work. */
const expectNothingReferred = (commands: FaultyCommands, whole: ReadonlyMap<string, string>, { fault, key }: Case) =>
  Effect.gen(function*() {
    const files = yield* published(commands)
    for (const [name, content] of files) {
      if (/\.(chunk|proof)$/.test(name)) expect({ name, content }).toEqual({ name, content: whole.get(name) })
    }
    const referring = [...files.keys()].filter((name) => /\.(manifest|meta)$/.test(name))
    const metadata = key.replace(/\.read$/, "")
    const manifestThere = metadata.endsWith(".meta") || (key.endsWith(".manifest") && fault.moment === "published")
    expect(referring.filter((name) => name.endsWith(".manifest")).length).toBe(manifestThere ? 1 : 0)
    const line = metadata !== key || (key.endsWith(".meta") && fault.moment === "published")
    expect(referring.filter((name) => name.endsWith(".meta"))).toEqual(line ? [metadata] : [])
  })

const title = ({ fault, key }: Case): string => `${key}: ${fault.cause} at ${fault.moment}`

const quiet = Logger.withMinimumLogLevel(LogLevel.None)

/** What is published of an undisturbed backup. */
const whole = (kind: Kind) =>
  Effect.gen(function*() {
    const commands = yield* make
    yield* backUp(yield* commands.storage(), kind)
    return yield* published(commands)
  })

/** So many faults of each kind of backup, from one of the seed on: without and with another attempt. */
export const sampledFaults = ({ from, samples }: { readonly from: number; readonly samples: number }) =>
  layer(layerNode, { excludeTestServices: true })("a backup through commands", (it) => {
    for (const kind of kinds) {
      describe(`of ${kind}`, () => {
        it.scoped(`fails cleanly at any fault: ${samples} of them from ${from} on, seed ${seed}`, () =>
          Effect.gen(function*() {
            const contents = yield* whole(kind)
            for (const each of yield* sampleOf(kind, from, samples)) {
              const commands = yield* make
              commands.plan(each.key, each.fault)
              const result = yield* Effect.either(backUp(yield* commands.storage(deadlines(each)), kind))
              expect(result, title(each)).toMatchObject({ _tag: "Left", left: { _tag: "StorageError" } })
              expect(commands.reached(each.key)).toBe(true)
              yield* expectNobodyLeft(commands)
              yield* expectNothingReferred(commands, contents, each)
            }
          }).pipe(Effect.provide(CommandPool.layer), quiet))

        it.scoped(`comes out whole where one fault is tried again: ${samples} of them from ${from} on, seed ${seed}`, () =>
          Effect.gen(function*() {
            for (const each of yield* sampleOf(kind, from + samples, samples)) {
              const commands = yield* make
              const storage = yield* commands.storage(deadlines(each))
              // What it is verified by.
              if (kind !== "epoch endings") yield* backUp(storage, "epoch endings", quickly)
              commands.plan(each.key, each.fault)
              yield* backUp(storage, kind, quickly)
              expect(commands.reached(each.key), title(each)).toBe(true)
              yield* expectNobodyLeft(commands)
              const report = yield* verify(yield* commands.storage())
              expect(report, title(each)).toMatchObject({ ok: true, errors: [], unverified: [] })
              yield* expectNobodyLeft(commands)
            }
          }).pipe(Effect.provide(CommandPool.layer), quiet))
      })
    }
  })

/** Commands that hang, under a backup that is interrupted, and beside one that fails. */
export const hangingCommands = () =>
  layer(layerNode, { excludeTestServices: true })("a backup through commands", (it) => {
    for (const kind of kinds) {
      describe(`of ${kind}`, () => {
        it.scoped(`ends when it is interrupted while a command hangs, seed ${seed}`, () =>
          Effect.gen(function*() {
            const contents = yield* whole(kind)
            const random = Random.make(`interruptions ${kind} ${seed}`)
            const keys = yield* keysOf(kind)
            for (const cause of ["hang", "deaf"] as const) {
              const all = casesOf(keys).filter(({ fault }) => fault.cause === cause)
              const each = all[yield* random.nextIntBetween(0, all.length)] ?? (yield* Effect.dieMessage("no case"))
              const commands = yield* make
              commands.plan(each.key, each.fault)
              const backup = yield* Effect.fork(backUp(yield* commands.storage(), kind))
              yield* commands.untilReached(each.key)
              expect(Exit.isInterrupted(yield* Fiber.interrupt(backup))).toBe(true)
              yield* expectNobodyLeft(commands)
              yield* expectNothingReferred(commands, contents, each)
            }
          }).pipe(Effect.provide(CommandPool.layer), quiet))

        it.scoped("takes its hanging siblings along when one command fails", () =>
          Effect.gen(function*() {
            const contents = yield* whole(kind)
            const chunks = (yield* keysOf(kind)).filter((key) => key.endsWith(".chunk"))
            const [first = "", second = ""] = chunks.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
            for (const cause of ["hang", "deaf"] as const) {
              const commands = yield* make
              commands.plan(first, { moment: "data", cause })
              commands.plan(second, { moment: "end", cause: "exit" })
              const error = yield* Effect.flip(backUp(yield* commands.storage(), kind))
              expect(error).toMatchObject({ _tag: "StorageError", reason: "CommandFailed", exitCode: 7 })
              yield* expectNobodyLeft(commands)
              yield* expectNothingReferred(commands, contents, {
                key: second,
                fault: { moment: "end", cause: "exit" }
              })
            }
          }).pipe(Effect.provide(CommandPool.layer), quiet))
      })
    }
  })
