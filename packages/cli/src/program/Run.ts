/**
 * Runs a command line from its arguments to its exit code.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import * as Telemetry from "@holdfast/observe/Telemetry"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import { holdfast } from "../commands/Holdfast.ts"
import { type CliError, type Failure, toFailure, UsageError } from "../exit/CliError.ts"
import * as ExitCode from "../exit/ExitCode.ts"
import * as Shutdown from "../exit/Shutdown.ts"
import * as Arguments from "../flags/Arguments.ts"
import * as Help from "../flags/Help.ts"
import * as Settings from "../settings/Settings.ts"
import * as Logging from "../terminal/Logging.ts"
import * as Output from "../terminal/Output.ts"
import * as ProgressLine from "../terminal/ProgressLine.ts"
import { Stdio } from "../terminal/Stdio.ts"
import { version } from "../Version.ts"
import * as CommandLine from "./CommandLine.ts"

/**
 * Runs the command that the arguments (those after the program's name) ask for and returns the exit code. A signal stops
 * the command cleanly: everything that the command started has ended when this returns, unless stopping takes longer than
 * the command allows or a second signal comes.
 */
export const run = (
  args: ReadonlyArray<string>,
  signals: Queue.Dequeue<ExitCode.Signal>
): Effect.Effect<number, never, FileSystem.FileSystem | HttpClient.HttpClient | Path.Path | Stdio> =>
  Effect.gen(function*() {
    const stdio = yield* Stdio
    const bound = yield* Ref.make(Shutdown.defaultDeadline)
    // Until the configuration is read, which may ask for another format.
    const current = yield* CommandLine.formatOf(args).pipe(Effect.flatMap(Output.make), Effect.flatMap(Ref.make))
    const invoked = Effect.gen(function*() {
      const asked = yield* CommandLine.read(holdfast, args)
      if (asked._tag === "Version") return yield* stdio.out(`${version}\n`)
      if (asked._tag === "Help") {
        const path = Arguments.called(holdfast, asked.words)
        return yield* stdio.out(`${Help.of(asked.command, path, stdio.outStyle)}\n`)
      }
      const output = yield* Output.make(asked.format)
      yield* Ref.set(current, output)
      const services = Layer.mergeAll(
        Layer.succeed(Output.Output, output),
        Layer.succeed(Shutdown.Deadline, bound),
        Layer.mapError(Telemetry.layer(version), ({ detail }) => new UsageError({ detail })),
        ProgressLine.layer(asked.progress).pipe(Layer.provideMerge(Logging.layer(asked.format, asked.logLevel)))
      )
      return yield* act(asked).pipe(
        Effect.provideService(Settings.Current, asked.resolved),
        Effect.provide(services)
      )
    })
    yield* Shutdown.keepInterruptions
    // No child of this fiber, which would wait for it even when it takes too long to stop.
    const running = yield* Effect.forkDaemon(invoked)
    const first = yield* Effect.raceFirst(
      Effect.map(Fiber.await(running), (exit) => ({ _tag: "Ended", exit }) as const),
      Effect.map(Queue.take(signals), (signal) => ({ _tag: "Signal", signal }) as const)
    )
    const output = yield* Ref.get(current)
    if (first._tag === "Ended") return yield* conclude(first.exit, output)

    const { signal } = first
    const stopped = yield* Effect.provideService(Shutdown.interrupt(running, signals), Shutdown.Deadline, bound)
    const message = stopped
      ? `stopped by ${signal}`
      : `stopped by ${signal}, at once: storage commands are ended by KILL`
    yield* output.interrupted(signal, message)
    return ExitCode.ofSignal(signal)
  })

const act = ({ action, warnings }: CommandLine.Run) =>
  Effect.gen(function*() {
    const effect = yield* action
    for (const warning of warnings) yield* Effect.logWarning(warning)
    yield* effect
  })

/** Tells what went wrong, if anything, and returns the exit code. */
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
