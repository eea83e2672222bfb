/**
 * How the programs of the bench run and speak: progress and failures on stderr, since stdout belongs to the result.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"

const logger = Logger.make(({ cause, message }) => {
  const told = Chunk.isEmpty(Cause.defects(cause))
    ? Cause.prettyErrors(cause).map((error) => error.message)
    : [Cause.pretty(cause)]
  process.stderr.write(`${[message, ...told].flat().join("\n")}\n`)
})

/** A program with the platform, its logger, and its failure told. */
export const prepared = <E>(program: Effect.Effect<void, E, NodeContext.NodeContext>): Effect.Effect<void, E> =>
  Effect.tapErrorCause(program, (cause) => Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logError(cause)).pipe(
    Effect.provide([NodeContext.layer, Logger.replace(Logger.defaultLogger, logger)])
  )

/** Runs a program to its end, and the process with it; exit code 1 where it fails. A signal interrupts it. */
export const runProgram = <E>(program: Effect.Effect<void, E, NodeContext.NodeContext>): void =>
  NodeRuntime.runMain(prepared(program), { disablePrettyLogger: true, disableErrorReporting: true })
