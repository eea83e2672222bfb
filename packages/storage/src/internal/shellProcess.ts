/**
 * The shell process behind a storage command: what Node knows about it, as effects.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import type { Group } from "./endGroup.ts"
import { onLiveClock } from "./liveClock.ts"
import type { Pull } from "./nodeReadable.ts"
import * as NodeReadable from "./nodeReadable.ts"
import type { Push } from "./nodeWritable.ts"
import * as NodeWritable from "./nodeWritable.ts"
import * as StderrTail from "./stderrTail.ts"

/** How the shell ended: exactly one of them is set. */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ShellProcess extends Group {
  readonly exited: Deferred.Deferred<ExitStatus>
  readonly stdin: Push
  readonly stdout: Pull
  /** The tail of stderr so far. */
  readonly said: () => { readonly text: string; readonly cut: boolean }
  /** Waits until stderr ended; a moment at most, since a process that was left behind may hold it open. */
  readonly saidAll: Effect.Effect<void>
  /** Notes that the command confirmed success. */
  readonly confirm: () => void
  readonly confirmed: () => boolean
  /** Closes our ends of the standard streams. */
  readonly letGo: () => void
}

/** The options that every command runs with. They stand before its text, so that a comment at its end hurts nothing. */
const prelude = "set -o nounset -o errexit -o pipefail; "

const noInput: Push = { write: () => Effect.void, end: Effect.void }

export const start = (options: {
  readonly script: string
  readonly environment: ReadonlyArray<readonly [name: string, value: string]>
  readonly parameters: Readonly<Record<string, string>>
  readonly input: boolean
}): Effect.Effect<ShellProcess, NodeJS.ErrnoException> =>
  Effect.async((resume) => {
    let child: ChildProcess
    try {
      child = spawn("bash", ["-c", prelude + options.script], {
        // A session, and so a process group, of its own.
        detached: true,
        env: { ...process.env, ...Object.fromEntries(options.environment), ...options.parameters },
        stdio: [options.input ? "pipe" : "ignore", "pipe", "pipe"]
      })
    } catch (error) {
      // Some refusals of the system (E2BIG, ENOMEM) are thrown, others are events.
      resume(error instanceof Error ? Effect.fail(error) : Effect.die(error))
      return
    }
    child.on("error", (error) => {
      resume(Effect.fail(error))
    })
    const { pid, stderr, stdin, stdout } = child
    if (pid === undefined || stdout === null || stderr === null) return

    // Node would destroy the input as soon as the shell exits, also when someone killed only the shell: the rest of
    // its pipeline would see a normal end of input, and publish. What Node does not know it does not destroy.
    child.stdin = null

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

    let confirmed = false
    const shell: ShellProcess = {
      id: pid,
      leaderGone: () => gone,
      exited,
      stdin: stdin === null ? noInput : NodeWritable.make(stdin),
      stdout: NodeReadable.make(stdout),
      said: tail.text,
      saidAll: onLiveClock(Effect.asVoid(Effect.timeoutOption(Deferred.await(stderrEnded), "500 millis"))),
      confirm: () => {
        confirmed = true
      },
      confirmed: () => confirmed,
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
