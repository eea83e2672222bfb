/**
 * Runs the program beside this file, built, as a process of its own.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

export const program = fileURLToPath(new URL("../dist/faults/program.js", import.meta.url))

export interface Child {
  readonly pid: number
  readonly kill: Effect.Effect<void>
  /** The first line that it said. */
  readonly said: Effect.Effect<string>
  readonly ended: Effect.Effect<{ readonly code: number | null; readonly output: string }>
}

/** Starts a program. The scope ends it. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.gen(function*() {
    const said = yield* Deferred.make<string>()
    const ended = yield* Deferred.make<{ readonly code: number | null; readonly output: string }>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } })),
      (process) =>
        Effect.zipRight(
          Effect.sync(() => {
            process.kill("SIGKILL")
          }),
          Deferred.await(ended)
        )
    )
    let output = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Buffer) => {
        output += bytes.toString()
        const line = /^\{.*\}$/m.exec(output)?.[0]
        if (line !== undefined) Deferred.unsafeDone(said, Effect.succeed(line))
      })
    }
    // What it left behind may hold its streams open, so its end is what counts.
    child.once("exit", (code) => {
      setTimeout(() => {
        Deferred.unsafeDone(said, Effect.dieMessage(`it said nothing that was expected: ${output}`))
        Deferred.unsafeDone(ended, Effect.succeed({ code, output }))
      }, 50)
    })
    return {
      pid: child.pid ?? 0,
      kill: Effect.sync(() => {
        child.kill("SIGKILL")
      }),
      said: Deferred.await(said),
      ended: Deferred.await(ended)
    }
  })
