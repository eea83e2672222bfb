/**
 * How the programs of the bench run and speak: progress and failures a line each on stderr, since stdout belongs to the
 * result.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"

const logger = Logger.make(({ cause, message }) => {
  const failures = Cause.prettyErrors(cause).map((error) => error.message)
  process.stderr.write(`${[message, ...failures].flat().join("\n")}\n`)
})

/** Runs a program to its end, and the process with it; exit code 1 where it fails. */
export const runProgram = <E>(program: Effect.Effect<void, E, NodeContext.NodeContext>): void =>
  NodeRuntime.runMain(
    Effect.tapErrorCause(program, (cause) => Effect.logError(cause)).pipe(
      Effect.provide([NodeContext.layer, Logger.replace(Logger.defaultLogger, logger)])
    ),
    { disablePrettyLogger: true, disableErrorReporting: true }
  )
