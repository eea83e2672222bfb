/** Runs the packed command line as its users do: a process of its own, judged by its output and exit code. */
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"

const packed = inject("packed").program
const markerName = "HOLDFAST_E2E"

export interface Ended {
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
  readonly ended: Effect.Effect<Ended>
  /** What it has written to stderr so far. */
  readonly stderr: Effect.Effect<string>
  /** The processes that it started and that are alive, by name. */
  readonly commands: Effect.Effect<ReadonlyArray<string>>
}

export interface Options {
  /** The program, where it is not the one that was packed for all tests. */
  readonly program?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts `holdfast ARGS`, with a cache of its own unless `env` names one. The scope ends it. */
export const start = (args: ReadonlyArray<string>, options: Options = {}): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function*() {
    const marker = randomUUID()
    const cache = yield* TempDirectory.make
    const firstLine = yield* Deferred.make<string>()
    const ended = yield* Deferred.make<Ended>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [options.program ?? packed, ...args], {
          cwd: options.cwd,
          env: {
            ...process.env,
            NO_COLOR: "",
            CI: "",
            XDG_CACHE_HOME: cache,
            ...options.env,
            [markerName]: marker
          },
          stdio: ["ignore", "pipe", "pipe"]
        })
      ),
      (started) =>
        Effect.suspend(() => {
          if (started.exitCode === null && started.signalCode === null) started.kill("SIGTERM")
          return Deferred.await(ended)
        })
    )
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      const end = stdout.indexOf("\n")
      if (end >= 0) Deferred.unsafeDone(firstLine, Effect.succeed(stdout.slice(0, end)))
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("close", (code) => {
      Deferred.unsafeDone(ended, Effect.succeed({ code, stdout, stderr }))
      Deferred.unsafeDone(firstLine, Effect.dieMessage(`ended with ${code} and no line: ${stderr}`))
    })
    const commands = Effect.map(
      ProcessProbe.marked(markerName, marker),
      (all) => all.filter(({ pid }) => pid !== child.pid).map(({ name }) => name)
    )
    return {
      pid: child.pid ?? 0,
      stopReading: Effect.sync(() => void child.stdout.destroy()),
      signal: (name) => Effect.sync(() => void child.kill(name)),
      firstLine: Deferred.await(firstLine),
      ended: Deferred.await(ended),
      stderr: Effect.sync(() => stderr),
      commands
    }
  })

/** Runs `holdfast ARGS` to its end. */
export const run = (args: ReadonlyArray<string>, options?: Options): Effect.Effect<Ended> =>
  Effect.scoped(Effect.flatMap(start(args, options), ({ ended }) => ended))

/** Runs `holdfast ARGS --output json` and reads its one document. */
export const runJson = (args: ReadonlyArray<string>, options?: Options) =>
  Effect.map(run([...args, "--output", "json"], options), ({ code, stderr, stdout }) => ({
    code,
    stderr,
    json: document(stdout)
  }))

/** The one JSON document that stdout holds. */
export const document = (stdout: string): { readonly [key: string]: unknown } => {
  const lines = stdout.split("\n")
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`one line expected on stdout: ${stdout}`)
  const parsed: unknown = JSON.parse(lines[0] ?? "")
  if (typeof parsed !== "object" || parsed === null) throw new Error(`an object expected on stdout: ${stdout}`)
  return { ...parsed }
}

export interface Serving {
  readonly node: Running
  /** URL of its service. */
  readonly address: string
  readonly epoch: number
  readonly version: number
}

/** Starts `holdfast node ARGS` at a free port, and waits until it serves a ledger. */
export const startNode = (
  args: ReadonlyArray<string>,
  options?: Options
): Effect.Effect<Serving, never, Scope.Scope> =>
  Effect.gen(function*() {
    const node = yield* start(["node", ...args, "--address", "127.0.0.1:0"], options)
    const line = yield* node.firstLine
    const [, address, epoch, version] = /^serving (http:\/\/127\.0\.0\.1:\d+) epoch (\d+) version (\d+)$/.exec(line) ??
      []
    if (address === undefined) return yield* Effect.dieMessage(`not what a node says: ${line}`)
    return { node, address, epoch: Number(epoch), version: Number(version) }
  })

/** A development network that does not grow; the URL of its service. */
export const devnet = (...flags: ReadonlyArray<string>): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(startNode(["devnet", "--block-millis", "0", ...flags]), ({ address }) => address)
