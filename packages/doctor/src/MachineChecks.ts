/**
 * Does this machine have what the configured bounds ask for, and is it clean?
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as NumberText from "@holdfast/engine/NumberText"
import type * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as CommandWatchdog from "@holdfast/storage-command/CommandWatchdog"
import * as DescriptorLimit from "@holdfast/storage-command/DescriptorLimit"
import * as ProcessSystem from "@holdfast/storage-command/ProcessSystem"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as nodeFs from "node:fs"
import * as Check from "./Check.ts"

/** Has the limit of open files room for so many commands at once? */
export const openFiles = (maxCommands: number): Effect.Effect<Check.Finding, never, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const limits = yield* Effect.option(fs.readFileString("/proc/self/limits"))
    return compareLimit(maxCommands, Option.flatMap(limits, DescriptorLimit.softLimit))
  })

/** Compares the limit of open files with what so many commands need. */
export const compareLimit = (maxCommands: number, limit: Option.Option<number>): Check.Finding => {
  const needed = DescriptorLimit.descriptorsNeeded(maxCommands)
  if (Option.isNone(limit)) return Check.skipped("this system does not tell its limit of open files")
  return limit.value >= needed
    ? Check.ok(`${limit.value} open files are allowed, ${needed} are needed`)
    : Check.failed(
      "system",
      `up to ${maxCommands} commands at once need ${needed} open files, but the limit is ${limit.value}`,
      `raise it (ulimit -n ${needed}) or lower --max-commands`
    )
}

const mebibyte = 1024 * 1024
/** A cache holds metadata: some kilobytes a file. */
const plentyBytes = 256 * mebibyte
const leastBytes = 16 * mebibyte

/** Has the disk of the cache folder room? The folder need not exist yet. */
export const cacheSpace = (folder: string): Effect.Effect<Check.Finding, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    let existing = path.resolve(folder)
    while (!(yield* Effect.orElseSucceed(fs.exists(existing), () => false)) && existing !== path.dirname(existing)) {
      existing = path.dirname(existing)
    }
    const writable = yield* Effect.isSuccess(fs.access(existing, { writable: true }))
    if (!writable) {
      return Check.failed(
        "configuration",
        `the cache folder ${folder} cannot be written to`,
        "name another one with --metadata-cache-dir"
      )
    }
    return Option.match(yield* freeBytes(existing), {
      onNone: () => Check.skipped(`this system does not tell how much room ${existing} has`),
      onSome: (free) => judgeSpace(folder, free)
    })
  })

/** Judges the free bytes of the disk that a cache folder is on. */
export const judgeSpace = (folder: string, free: number): Check.Finding => {
  const seen = `${NumberText.bytes(free)} are free for ${folder}`
  const advice = "make room, or name another folder with --metadata-cache-dir"
  if (free < leastBytes) return Check.failed("system", seen, advice)
  return free < plentyBytes ? Check.warning(seen, advice) : Check.ok(seen)
}

const freeBytes = (folder: string): Effect.Effect<Option.Option<number>> =>
  Effect.async((resume) => {
    nodeFs.statfs(folder, (error, found) => {
      resume(Effect.succeed(error === null ? Option.some(found.bavail * found.bsize) : Option.none()))
    })
  })

/** A process that a storage command of a program which is no more left behind. */
export interface Stray {
  readonly pid: number
  /** The program that started it. */
  readonly program: number
}

const settling = Duration.seconds(1)

/** A mark: boot, process id and start time of the program, number of the command. */
const markPattern = /^.{8}-(\d+)-(\d+)\.\d+$/

/**
 * The processes that carry the mark of a program that is no more. A program is told by its start time alone, since one in
 * a container knows itself by another process id.
 */
export const strays = (system: ProcessSystem.Service): ReadonlyArray<Stray> => {
  const all = system.list() ?? []
  const alive = new Set(all.flatMap(({ isZombie, startedAt }) => isZombie ? [] : [startedAt]))
  return all.flatMap((process) => {
    if (process.isZombie) return []
    const [, program, startedAt] = markPattern.exec(system.mark(process) ?? "") ?? []
    return program === undefined || alive.has(Number(startedAt))
      ? []
      : [{ pid: process.pid, program: Number(program) }]
  })
}

/**
 * Are there processes that storage commands left behind: those of programs that were killed, and those of the checks
 * before?
 */
export const strayProcesses: Effect.Effect<Check.Finding, never, CommandPool.CommandPool> = Effect.gen(function*() {
  const system = yield* ProcessSystem.ProcessSystem
  if (system.list() === undefined) return Check.skipped("this system does not show its processes")
  const look = yield* CommandWatchdog.make
  // It warns by itself of what is told here.
  const { strays: own } = yield* Effect.zipRight(look, look).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  if (own.length > 0) {
    return Check.warning(
      `the commands leave processes behind that live on: ${own.join(", ")}`,
      "keep everything that a command starts in the foreground"
    )
  }
  const before = strays(system)
  // A run that is just ending has a moment to end its commands.
  if (before.length > 0) yield* Effect.sleep(settling)
  const others = before.length === 0 ? [] : strays(system).filter(({ pid }) => before.some((each) => each.pid === pid))
  return others.length === 0
    ? Check.ok("none")
    : Check.warning(
      `storage commands of a run that was killed are still there: ${others.map(({ pid }) => pid).join(", ")}`,
      `end them (kill ${others.map(({ pid }) => pid).join(" ")}) once you know that what they write is not needed`
    )
})
