/** Runs the command line in this process, and what it says is what comes back. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as ExitCode from "../../src/exit/ExitCode.ts"
import * as Run from "../../src/program/Run.ts"
import * as Variables from "../../src/settings/Variables.ts"
import * as Stdio from "../../src/terminal/Stdio.ts"
import { captured } from "./captured.ts"

const platform = Layer.merge(NodeContext.layer, NodeHttpClient.layerUndici)

export interface Invoked {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `holdfast LINE` in an environment that has these variables of ours and no others. `send` gets to send signals, and sees stderr. */
export const invoked = (
  line: string,
  variables: Readonly<Record<string, string>> = {},
  send: (signals: Queue.Queue<ExitCode.Signal>, stderr: () => string) => Effect.Effect<unknown> = () => Effect.void
): Effect.Effect<Invoked> =>
  Effect.gen(function*() {
    const streams = captured()
    const signals = yield* Queue.unbounded<ExitCode.Signal>()
    const running = yield* Effect.fork(
      Run.run(line.split(" ").filter((word) => word !== ""), signals).pipe(
        Effect.provideService(Variables.Variables, variables),
        Effect.provide(Layer.merge(platform, Layer.succeed(Stdio.Stdio, streams.stdio)))
      )
    )
    yield* send(signals, streams.stderr)
    return { code: yield* Fiber.join(running), stdout: streams.stdout(), stderr: streams.stderr() }
  })
