/** Runs the command line in this process: without the time that a program takes to start. */
import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import type * as ExitCode from "@holdfast/cli/ExitCode"
import * as Run from "@holdfast/cli/Run"
import * as Stdio from "@holdfast/cli/Stdio"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"

/** Starts `holdfast ARGS`; `signals` stand for those that its process would get. */
export const start = (args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const text = { stdout: "", stderr: "" }
    const stream = (name: keyof typeof text): Stdio.TextStream => ({
      write: (written, done) => {
        text[name] += written
        done?.()
        return true
      }
    })
    const stdio = Stdio.make(stream("stdout"), stream("stderr"), { noColour: true, noStatus: true })
    const signals = yield* Queue.unbounded<ExitCode.Signal>()
    const running = yield* Effect.fork(
      Run.run(args, signals).pipe(
        Effect.provide(Layer.mergeAll(NodeContext.layer, NodeHttpClient.layerUndici, Layer.succeed(Stdio.Stdio, stdio)))
      )
    )
    return { signals, ended: Effect.map(Fiber.join(running), (code) => ({ code, ...text })) }
  })

/** Runs `holdfast ARGS` to its end. */
export const run = (args: ReadonlyArray<string>) => Effect.flatMap(start(args), ({ ended }) => ended)
