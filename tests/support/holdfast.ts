/** The command line as a process that may be ended at any moment. */
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

/** It lies above this file, and above what is built from it. */
const program = ((): string => {
  for (let folder = path.dirname(fileURLToPath(import.meta.url));; folder = path.dirname(folder)) {
    const file = path.join(folder, "packages", "cli", "bin", "holdfast.mjs")
    if (fs.existsSync(file)) return file
    if (folder === path.dirname(folder)) throw new Error("there is no packages/cli above this file")
  }
})()

export interface Running {
  readonly kill: Effect.Effect<void>
  readonly hasEnded: () => boolean
  /** The process alone: what it started may still run. */
  readonly ended: Effect.Effect<{ readonly code: number | null; readonly stderr: string }>
  /** Returns when there is something on stdout. */
  readonly hasSpoken: Effect.Effect<void>
  /** What it printed on stdout so far. */
  readonly said: () => string
  /** All that was printed on stdout, once nobody can print there any more. */
  readonly saidAll: Effect.Effect<string>
}

/** Starts `holdfast ARGS`, with these variables beside our own. The scope ends it by KILL. */
export const start = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function*() {
    const cache = yield* TempDirectory.make
    const ended = yield* Deferred.make<{ readonly code: number | null; readonly stderr: string }>()
    const spoken = yield* Deferred.make<void>()
    const closed = yield* Deferred.make<void>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [program, ...args], {
          stdio: ["ignore", "pipe", "pipe"],
          env: { ...process.env, XDG_CACHE_HOME: cache, ...env }
        })
      ),
      (started) =>
        Effect.suspend(() => {
          started.kill("SIGKILL")
          return Deferred.await(ended)
        })
    )
    let stderr = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    let stdout = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      Deferred.unsafeDone(spoken, Effect.void)
    })
    child.on("close", () => Deferred.unsafeDone(closed, Effect.void))
    child.on("exit", (code) => Deferred.unsafeDone(ended, Effect.sync(() => ({ code, stderr }))))
    return {
      kill: Effect.sync(() => void child.kill("SIGKILL")),
      hasEnded: () => child.exitCode !== null || child.signalCode !== null,
      ended: Deferred.await(ended),
      hasSpoken: Deferred.await(spoken),
      said: () => stdout,
      saidAll: Effect.map(Deferred.await(closed), () => stdout)
    }
  })
