/**
 * The command's side of a cell of the fault matrix, as a script for scripted processes. Data go through a child of the
 * shell, which publishes what it got when its input ends: the mean case.
 */
import type * as ScriptedProcesses from "@holdfast/testkit/ScriptedProcesses"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { waitsForCaller, wholeLength } from "./faultedCalls.ts"
import type { Cell, Moment } from "./faultMatrix.ts"
import { shapeOf } from "./faultMatrix.ts"

type Process = ScriptedProcesses.ScriptedProcess

const hang: ScriptedProcesses.Script = () => Effect.never

/** A child that has nothing to do with the streams of its parent. */
const apart = { stdin: "none", stdout: "none" } as const

/** The shell, and the process that is at it: the shell itself, or its child. */
type Hook = (moment: Moment, shell: Process, actor: Process) => Effect.Effect<void>

const hookOf = (cell: Cell, reached: Deferred.Deferred<void>, killShell: (pid: number) => void): Hook => {
  let closed = false
  return (moment, shell, actor) => {
    if (closed && moment === "after the handle") return Effect.never
    if (moment !== cell.moment) return Effect.void
    switch (cell.cause) {
      case "exits with status 3":
        return actor.exit(3)
      case "its shell is killed from outside":
        return Effect.zipRight(Effect.sync(() => killShell(shell.pid)), actor === shell ? Effect.never : Effect.void)
      case "hangs":
        return Effect.never
      case "ignores TERM":
        return Effect.all([shell.ignoreTerm, actor.ignoreTerm, Effect.never], { discard: true })
      case "closes stdin early":
        closed = true
        return Effect.all([shell.closeStdin, actor.closeStdin], { discard: true }).pipe(
          Effect.zipRight(moment === "before the handle" ? Effect.void : Effect.never)
        )
      case "leaves a background child":
        return Effect.asVoid(shell.child(hang, apart))
      case "double forks":
        return Effect.asVoid(shell.child((middle) => Effect.as(middle.child(hang), 0), apart))
      case "leaves a daemon and fails":
        return shell.child((middle) => Effect.as(middle.child(hang, { ownSession: true }), 0), apart).pipe(
          Effect.zipRight(actor.exit(3))
        )
      default:
        if (!waitsForCaller(cell)) return Effect.void
        return Effect.zipRight(
          Deferred.succeed(reached, undefined),
          moment === "at exit" ? Effect.void : Effect.never
        )
    }
  }
}

const handleOf = ({ cause }: Cell): string => {
  switch (cause) {
    case "prints nothing":
      return ""
    case "prints two lines":
      return "one\ntwo\n"
    case "prints a megabyte":
      return "x".repeat(1_000_000)
    default:
      return "backup.0001/handle\n"
  }
}

/** What the shell of this cell plays. */
export const scriptOf = (
  cell: Cell,
  reached: Deferred.Deferred<void>,
  killShell: (pid: number) => void
): ScriptedProcesses.Script => {
  const hook = hookOf(cell, reached, killShell)
  const shape = shapeOf[cell.operation]
  const keepsStdout = cell.cause === "never closes stdout"

  const upload = (shell: Process): ScriptedProcesses.Script => (self) =>
    Effect.gen(function*() {
      let total = 0
      for (let bytes = yield* self.read; bytes !== undefined; bytes = yield* self.read) {
        if (total === 0) yield* hook("mid data", shell, self)
        total += bytes.length
      }
      yield* hook("at close", shell, self)
      yield* self.publish(total === wholeLength ? "whole" : `${total} bytes`)
      return 0
    })

  const download = (shell: Process): ScriptedProcesses.Script => (self) =>
    Effect.gen(function*() {
      yield* self.print("metadata/a.meta\n")
      yield* hook("mid data", shell, self)
      yield* self.print("metadata/b.meta\n")
      return 0
    })

  return (self) =>
    Effect.gen(function*() {
      if (cell.moment === "spawn") return yield* Effect.never
      if (shape === "fed" || shape === "handle") {
        yield* hook("before the handle", self, self)
        yield* self.print(handleOf(cell))
        if (!keepsStdout) yield* self.closeStdout
        else if (shape === "handle") return yield* Effect.never
        yield* hook("after the handle", self, self)
      }
      if (shape === "fed" || shape === "read") {
        const script = shape === "fed" ? upload(self) : download(self)
        // Whoever does not heed TERM must not see the end of an input that was aborted either.
        const ignoresTerm = cell.cause === "source fails" || cell.cause === "defect"
        const { code } = yield* self.wait(yield* self.child(script, { ignoresTerm }))
        if (code !== 0) return code ?? 128
      }
      if (shape === "read" || shape === "silent") {
        yield* hook("at close", self, self)
        if (keepsStdout) return yield* Effect.never
        yield* self.closeStdout
      }
      yield* hook("after close, before exit", self, self)
      yield* hook("at exit", self, self)
      return 0
    })
}
