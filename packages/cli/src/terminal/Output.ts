/**
 * What a command tells its caller: text for people, or with `--output json` exactly one JSON document on stdout.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Failure } from "../exit/CliError.ts"
import * as ExitCode from "../exit/ExitCode.ts"
import { Stdio } from "./Stdio.ts"
import type { Style } from "./Style.ts"

export type Format = "json" | "text"

/** The result of a command, in both formats. */
export interface Result {
  /** `ok: false` ends the command with the exit code of an invalid backup, unless `exitCode` is another. */
  readonly json: { readonly ok?: boolean; readonly [key: string]: unknown }
  readonly exitCode?: number
  /** Without a newline at the end; `width` is that of the terminal in columns. */
  readonly text: (style: Style, width: number) => string
}

/** What an interrupted command keeps, and how to resume. */
export interface Interruption {
  /** What is kept, in words. */
  readonly kept: string
  /** How to resume, in words. */
  readonly goOn: string
  /** What is kept, in figures. */
  readonly [context: string]: unknown
}

/** What an output offers. */
export interface Service {
  readonly format: Format
  /** Writes the result of the command. Once. */
  readonly result: (result: Result) => Effect.Effect<void>
  /** Writes text for people before the result; nothing with JSON. */
  readonly say: (text: (style: Style) => string) => Effect.Effect<void>
  /** Writes why the command failed. Once a result is on stdout, failures go to stderr alone. */
  readonly failures: (failures: ReadonlyArray<Failure>) => Effect.Effect<void>
  /** Notes what an interruption leaves, for {@link Service.interrupted}. */
  readonly noteInterruption: (found: Interruption) => Effect.Effect<void>
  /** Writes that a signal stopped the command, and the noted interruption. */
  readonly interrupted: (signal: ExitCode.Signal, message: string) => Effect.Effect<void>
  /** The exit code of the results so far. A result that could not be written is a failure. */
  readonly exitCode: Effect.Effect<number>
}

/** Where commands write their results. */
export class Output extends Context.Tag("@holdfast/cli/Output")<Output, Service>() {}

/** Writes the result of the command. Once. */
export const result = (found: Result): Effect.Effect<void, never, Output> =>
  Effect.flatMap(Output, (output) => output.result(found))

/** Writes text for people before the result; nothing with JSON. */
export const say = (text: (style: Style) => string): Effect.Effect<void, never, Output> =>
  Effect.flatMap(Output, (output) => output.say(text))

/** Output in a format to the standard streams. */
export const make = (format: Format): Effect.Effect<Service, never, Stdio> =>
  Effect.map(Stdio, (stdio) => {
    let written = false
    let exitCode: number = ExitCode.done
    let left: Interruption | undefined
    const document = (json: object) =>
      Effect.suspend(() => {
        written = true
        return stdio.out(`${JSON.stringify(json)}\n`)
      })
    const tell = (text: string) => stdio.out(`${text}\n`)
    const tellError = (message: string) => stdio.err(`${stdio.errStyle.bad("error")}: ${message}\n`)
    const tellAll = (all: ReadonlyArray<Failure>) => Effect.sync(() => all.forEach(({ message }) => tellError(message)))
    const failures = (all: ReadonlyArray<Failure>) =>
      Effect.suspend(() =>
        format === "json" && !written
          ? Effect.zipRight(
            document({ ok: false, errors: all }),
            Effect.when(tellAll(all), () => stdio.outError() !== undefined)
          )
          : tellAll(all)
      )
    return Output.of({
      format,
      result: ({ exitCode: failed = ExitCode.invalidBackup, json, text }) =>
        Effect.suspend(() => {
          if (json.ok === false) exitCode = failed
          return format === "json" ? document(json) : tell(text(stdio.outStyle, stdio.outWidth()))
        }),
      say: (text) => format === "json" ? Effect.void : Effect.suspend(() => tell(text(stdio.outStyle))),
      failures,
      noteInterruption: (found) => Effect.sync(() => void (left = found)),
      interrupted: (signal, message) =>
        Effect.suspend(() => {
          if (format === "json") return failures([{ tag: "Interrupted", message, signal, ...left }])
          stdio.err(`${message}\n`)
          if (left !== undefined) stdio.err(`  kept       ${left.kept}\n  to resume  ${left.goOn}\n`)
          return Effect.void
        }),
      exitCode: Effect.sync(() => {
        const lost = stdio.outError()
        if (lost === undefined) return exitCode
        tellError(`stdout does not take the result: ${lost.message}`)
        return ExitCode.failed
      })
    })
  })
