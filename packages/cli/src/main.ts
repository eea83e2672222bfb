/**
 * The program: gives the command line its process.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ExitCode from "./exit/ExitCode.ts"
import * as Signals from "./exit/Signals.ts"
import * as LazyHttpClient from "./machine/LazyHttpClient.ts"
import { run } from "./program/Run.ts"
import * as Stdio from "./terminal/Stdio.ts"

const firstArgument = 2

// Node would exit with 1, which says that a backup is invalid.
process.setUncaughtExceptionCaptureCallback((error) => {
  process.stderr.write(`error: this is a mistake in holdfast, please report it: ${error.stack ?? error.message}\n`)
  process.exit(ExitCode.failed)
})

const program = Signals.listen.pipe(
  Effect.flatMap((signals) => run(process.argv.slice(firstArgument), signals)),
  // Alive as long as it runs, whatever it waits for.
  Effect.raceFirst(Effect.never),
  Effect.scoped,
  Effect.provide(Layer.mergeAll(NodeContext.layer, LazyHttpClient.layer, Stdio.layer))
)

Effect.runFork(program).addObserver((exit) => {
  // What nobody waits for any more must not keep the process alive; all output has been taken by the system.
  process.exit(Exit.match(exit, { onSuccess: (code) => code, onFailure: () => ExitCode.failed }))
})
