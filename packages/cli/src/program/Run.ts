/**
 * Runs a command line from its arguments to its exit code.
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as Descriptor from "@effect/cli/CommandDescriptor"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Telemetry from "@holdfast/observe/Telemetry"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import { holdfast } from "../commands/Holdfast.ts"
import { type CliError, type Failure, toFailure, UsageError } from "../exit/CliError.ts"
import * as ExitCode from "../exit/ExitCode.ts"
import * as Stop from "../exit/Stop.ts"
import * as Arguments from "../flags/Arguments.ts"
import * as Help from "../flags/Help.ts"
import * as Settings from "../settings/Settings.ts"
import * as Logging from "../terminal/Logging.ts"
import * as Output from "../terminal/Output.ts"
import * as ProgressLine from "../terminal/ProgressLine.ts"
import { Stdio } from "../terminal/Stdio.ts"
import * as Style from "../terminal/Style.ts"
import { version } from "../Version.ts"
import * as Invocation from "./Invocation.ts"

/**
 * Runs the command that the arguments (those after the program's name) ask for and returns the exit code. A signal stops
 * it cleanly: everything that it started has ended when this returns, unless that takes longer than the command allows
 * for or a second signal comes.
 */
export const run = (args: ReadonlyArray<string>, signals: Queue.Dequeue<ExitCode.Signal>) =>
  Effect.gen(function*() {
    const stdio = yield* Stdio
    const bound = yield* Ref.make(Stop.standardBound)
    // Until the configuration is read, which may say something else.
    const current = yield* Invocation.formatOf(args).pipe(Effect.flatMap(Output.make), Effect.flatMap(Ref.make))
    const invoked = Effect.gen(function*() {
      const invocation = yield* Invocation.read(holdfast.shape, args)
      if (invocation._tag === "Help") {
        const path = Arguments.called(holdfast.shape, invocation.words)
        return yield* stdio.out(`${Help.of(invocation.command, path, stdio.outStyle)}\n`)
      }
      const { format, isQuiet, progress } = invocation
      const output = yield* Output.make(format)
      yield* Ref.set(current, output)
      const services = Layer.mergeAll(
        Layer.succeed(Output.Output, output),
        Layer.succeed(Stop.StopBound, bound),
        Layer.mapError(Telemetry.layer(version), ({ detail }) => new UsageError({ detail })),
        ProgressLine.layer(isQuiet ? "none" : progress).pipe(Layer.provideMerge(Logging.layer(format, isQuiet)))
      )
      return yield* command(invocation).pipe(
        Effect.provideService(Settings.Current, invocation.sources),
        Effect.provide(services)
      )
    })
    yield* Stop.keepInterruptions
    // No child of this fiber, which would wait for it even when it takes too long to stop.
    const running = yield* Effect.forkDaemon(invoked)
    const first = yield* Effect.raceFirst(
      Effect.map(Fiber.await(running), (exit) => ({ _tag: "Ended", exit }) as const),
      Effect.map(Queue.take(signals), (signal) => ({ _tag: "Signal", signal }) as const)
    )
    const output = yield* Ref.get(current)
    if (first._tag === "Ended") return yield* conclude(first.exit, output)

    const { signal } = first
    const stopped = yield* Effect.provideService(Stop.stop(running, signals), Stop.StopBound, bound)
    const message = stopped
      ? `stopped by ${signal}`
      : `stopped by ${signal}, at once: storage commands are ended by KILL`
    yield* output.interrupted(signal, message)
    return ExitCode.ofSignal(signal)
  })

const { name } = holdfast.shape

/** Parses a command in the form that the parser knows, and runs it. */
const command = ({ complete, form, warnings }: Extract<Invocation.Invocation, { readonly _tag: "Run" }>) =>
  Effect.gen(function*() {
    yield* complete
    const stdio = yield* Stdio
    const warn = Effect.forEach(warnings, (warning) => Effect.logWarning(warning), { discard: true })
    const parseAndRun = Command.run(
      Command.fromDescriptor(
        Descriptor.map(holdfast.parser, (action) => ({ name, action })),
        ({ action }) => Effect.zipRight(warn, action)
      ),
      { name: "Holdfast", version, executable: name }
    )
    // What the parser prints is help on its `log`, and on its `error` what it also fails with.
    const console = yield* Console.consoleWith(Effect.succeed)
    const print = (text: unknown) => stdio.out(`${forStream(String(text), stdio.outStyle)}\n`)
    yield* parseAndRun([process.execPath, name, ...form]).pipe(
      Effect.withConsole({ ...console, log: print, error: () => Effect.void }),
      Effect.provide(CliConfig.layer({ isCaseSensitive: true, showBuiltIns: false }))
    )
  }).pipe(
    Effect.catchIf(ValidationError.isValidationError, (error) => new UsageError({ detail: detailOf(error) }))
  )

const forStream = (text: string, style: Style.Style): string =>
  (style === Style.plain ? Style.strip(text) : text).trimEnd()

const detailOf = (error: ValidationError.ValidationError): string => {
  const text = Style.strip(HelpDoc.toAnsiText(error.error)).split(/\s*\n\s*/).filter((line) => line !== "")
  return text.join("; ")
}

/** Tells what went wrong, if anything, and says which exit code that is. */
const conclude = (exit: Exit.Exit<void, CliError>, output: Output.Service): Effect.Effect<number> => {
  if (Exit.isSuccess(exit)) return output.exitCode
  const errors = Chunk.toReadonlyArray(Cause.failures(exit.cause))
  const [error] = errors
  return error === undefined
    ? Effect.as(output.failures([defect(exit.cause)]), ExitCode.failed)
    : Effect.as(output.failures(errors.map(toFailure)), ExitCode.ofError(error))
}

const defect = (cause: Cause.Cause<CliError>): Failure => ({
  tag: "Defect",
  message: `this is a mistake in holdfast ${version}, please report it: ${Cause.pretty(cause)}`
})
