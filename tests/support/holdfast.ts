/** The command line as a process of its own, judged by its output, its exit code and what it leaves behind. */
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const markerName = "HOLDFAST_E2E"

/** The program of the workspace. It lies above this file, and above what is built from this file. */
export const built = ((): string => {
  for (let folder = path.dirname(fileURLToPath(import.meta.url));; folder = path.dirname(folder)) {
    const file = path.join(folder, "packages", "cli", "bin", "holdfast.mjs")
    if (fs.existsSync(file)) return file
    if (folder === path.dirname(folder)) throw new Error("there is no packages/cli above this file")
  }
})()

export interface Ended {
  /** `null` where a signal ended the process. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  /** Closes our end of its stdout, as `| head` does. */
  readonly stopReading: Effect.Effect<void>
  readonly signal: (name: NodeJS.Signals) => Effect.Effect<void>
  /** The first line on stdout; dies with the process's words if it ends without one. */
  readonly firstLine: Effect.Effect<string>
  /** Returns what matched as soon as stderr has it; dies with the process's words if it ends without. */
  readonly says: (pattern: RegExp) => Effect.Effect<RegExpExecArray>
  /** The process itself has ended: what it started may still run, and print. */
  readonly exited: Effect.Effect<Ended>
  /** The process has ended, and nobody can print any more. */
  readonly ended: Effect.Effect<Ended>
  /** The processes that it started and that are alive, by name. */
  readonly commands: Effect.Effect<ReadonlyArray<string>>
}

export interface Options {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** How the scope ends it, if it has not ended. By default `SIGTERM`. */
  readonly endBy?: NodeJS.Signals
}

/** Starts `PROGRAM ARGS`, with a cache of its own unless `env` names one. The scope ends it. */
export const start = (
  program: string,
  args: ReadonlyArray<string>,
  { cwd, endBy = "SIGTERM", env = {} }: Options = {}
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function*() {
    const marker = randomUUID()
    const cache = yield* TempDirectory.make
    const firstLine = yield* Deferred.make<string>()
    const exited = yield* Deferred.make<Ended>()
    const ended = yield* Deferred.make<Ended>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [program, ...args], {
          cwd,
          env: { ...process.env, NO_COLOR: "", CI: "", XDG_CACHE_HOME: cache, ...env, [markerName]: marker },
          stdio: ["ignore", "pipe", "pipe"]
        })
      ),
      (started) =>
        Effect.suspend(() => {
          if (started.exitCode === null && started.signalCode === null) started.kill(endBy)
          return Deferred.await(endBy === "SIGKILL" ? exited : ended)
        })
    )
    let stdout = ""
    let stderr = ""
    const listeners = new Set<() => void>()
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      const end = stdout.indexOf("\n")
      if (end >= 0) Deferred.unsafeDone(firstLine, Effect.succeed(stdout.slice(0, end)))
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
      for (const listener of listeners) listener()
    })
    child.on("exit", (code) => Deferred.unsafeDone(exited, Effect.sync(() => ({ code, stdout, stderr }))))
    child.on("close", (code) => {
      Deferred.unsafeDone(ended, Effect.succeed({ code, stdout, stderr }))
      Deferred.unsafeDone(firstLine, Effect.dieMessage(`ended with ${code} and no line: ${stderr}`))
    })
    const silent = Effect.flatMap(
      Deferred.await(ended),
      ({ code }) => Effect.dieMessage(`ended with ${code} and not the words expected: ${stderr}`)
    )
    const says = (pattern: RegExp) =>
      Effect.async<RegExpExecArray>((resume) => {
        const look = () => {
          const found = pattern.exec(stderr)
          if (found !== null) resume(Effect.succeed(found))
        }
        listeners.add(look)
        look()
        return Effect.sync(() => void listeners.delete(look))
      }).pipe(Effect.raceFirst(silent))
    const commands = Effect.map(
      ProcessProbe.marked(markerName, marker),
      (all) => all.filter(({ pid }) => pid !== child.pid).map(({ name }) => name)
    )
    return {
      pid: child.pid ?? 0,
      stopReading: Effect.sync(() => void child.stdout.destroy()),
      signal: (name) => Effect.sync(() => void child.kill(name)),
      firstLine: Deferred.await(firstLine),
      says,
      exited: Deferred.await(exited),
      ended: Deferred.await(ended),
      commands
    }
  })

export interface Serving {
  readonly node: Running
  /** URL of its service. */
  readonly address: string
  readonly epoch: number
  readonly version: number
}

/** Starts `PROGRAM node ARGS` at a free port, and waits until it serves a ledger. */
export const startNode = (
  program: string,
  args: ReadonlyArray<string>,
  options?: Options
): Effect.Effect<Serving, never, Scope.Scope> =>
  Effect.gen(function*() {
    const node = yield* start(program, ["node", ...args, "--address", "127.0.0.1:0"], options)
    const line = yield* node.firstLine
    const [, address, epoch, version] = /^serving (http:\/\/127\.0\.0\.1:\d+) epoch (\d+) version (\d+)$/.exec(line) ??
      []
    if (address === undefined) return yield* Effect.dieMessage(`not what a node says: ${line}`)
    return { node, address, epoch: Number(epoch), version: Number(version) }
  })
