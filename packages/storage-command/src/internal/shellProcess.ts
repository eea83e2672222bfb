/**
 * The shell process behind a storage command: what Node knows about it, as effects.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { Duplex } from "node:stream"
import { onLiveClock } from "./liveClock.ts"
import * as NodeReadable from "./nodeReadable.ts"
import * as NodeWritable from "./nodeWritable.ts"
import type { ExitStatus, Push, ShellProcess, StartOptions } from "./processSystem.ts"
import { raceFirst } from "./raceFirst.ts"
import * as StderrTail from "./stderrTail.ts"

/** The environment variable that carries the mark of a command. */
export const markVariable = "HOLDFAST_COMMAND"

/** The options that every command runs with. They stand before its text, so that a comment at its end hurts nothing. */
const prelude = "set -o nounset -o errexit -o pipefail; "

/**
 * The input comes on a stream of its own. Of the first one, Node would not hear whether all was read, and it would destroy
 * it as soon as the shell exits, also when someone killed only the shell: the rest of its pipeline would see a normal end
 * of input, and publish.
 */
const takeInput = "exec 0<&3 3<&-; "
const inputStream = 3

const noInput: Push = { write: () => Effect.void, end: Effect.void, leftUnread: Effect.succeed(false) }

export const start = (
  options: StartOptions,
  startedAt: (pid: number) => number
): Effect.Effect<ShellProcess, NodeJS.ErrnoException> =>
  Effect.async((resume) => {
    let child: ChildProcess
    try {
      // A bash that takes itself for a remote one would read the user's start-up file.
      child = spawn("bash", ["--norc", "-c", (options.input ? takeInput : "") + prelude + options.script], {
        // A session, and so a process group, of its own.
        detached: true,
        env: {
          ...process.env,
          ...Object.fromEntries(options.environment),
          ...options.parameters,
          [markVariable]: options.mark
        },
        stdio: ["ignore", "pipe", "pipe", ...(options.input ? ["pipe" as const] : [])]
      })
    } catch (error) {
      // Some refusals of the system (E2BIG, ENOMEM) are thrown, others are events.
      resume(error instanceof Error ? Effect.fail(error) : Effect.die(error))
      return
    }
    child.on("error", (error) => {
      resume(Effect.fail(error))
    })
    const { pid, stderr, stdout } = child
    if (pid === undefined || stdout === null || stderr === null) return
    const input = child.stdio[inputStream]
    const stdin = input instanceof Duplex ? input : undefined

    const exited = Deferred.unsafeMake<ExitStatus>(FiberId.none)
    let gone = false
    child.once("exit", (code, signal) => {
      gone = true
      Deferred.unsafeDone(exited, Effect.succeed({ code, signal }))
    })

    const tail = StderrTail.make()
    const stderrEnded = Deferred.unsafeMake<void>(FiberId.none)
    stderr.on("data", (bytes: Buffer) => {
      tail.append(bytes)
    })
    stderr.on("error", () => {})
    stderr.once("close", () => {
      Deferred.unsafeDone(stderrEnded, Effect.void)
    })

    const shell: ShellProcess = {
      id: pid,
      // Nobody has reaped it yet, not even if it ended already.
      startedAt: startedAt(pid),
      leaderGone: () => gone,
      exited: Deferred.await(exited),
      stdin: stdin === undefined ? noInput : NodeWritable.make(stdin),
      stdout: NodeReadable.make(stdout),
      said: tail.text,
      saidAll: onLiveClock(raceFirst(Deferred.await(stderrEnded), Effect.sleep("500 millis"))),
      letGo: () => {
        stdin?.destroy()
        stdout.destroy()
        stderr.destroy()
      }
    }
    child.once("spawn", () => {
      resume(Effect.succeed(shell))
    })
  })
