/**
 * What is asked for: the arguments, with what the environment and the configuration add to them.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { UsageError } from "../exit/CliError.ts"
import * as Arguments from "../flags/Arguments.ts"
import type { CommandShape } from "../flags/CommandTree.ts"
import * as ConfigFile from "../settings/ConfigFile.ts"
import * as Settings from "../settings/Settings.ts"
import * as Variables from "../settings/Variables.ts"
import type { Format } from "../terminal/Output.ts"
import type { Form } from "../terminal/ProgressLine.ts"

/** A command to run, or one to show help about. */
export type Invocation =
  | {
    readonly _tag: "Run"
    /** For the parser. */
    readonly form: ReadonlyArray<string>
    /** Whether nothing is missing. Told apart from what else is wrong, since it is told in the format. */
    readonly complete: Either.Either<void, UsageError>
    readonly format: Format
    readonly isQuiet: boolean
    readonly progress: Form
    /** What is odd about the environment and the configuration, but no error. */
    readonly warnings: ReadonlyArray<string>
    readonly sources: Settings.Sources
  }
  | { readonly _tag: "Help"; readonly command: CommandShape; readonly words: ReadonlyArray<string> }

/** Reads what is asked for. No file is read unless a command is to run. */
export const read = (
  root: CommandShape,
  args: ReadonlyArray<string>
): Effect.Effect<
  Invocation,
  UsageError | CommandAdapterConfig.ConfigError,
  FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function*() {
    const asked = yield* Arguments.read(root, args)
    if (asked._tag === "Help") return asked
    if (asked._tag === "Version") return alone(["--version"], "text")
    const { command, given, words } = asked
    if (command.passes === true) {
      const warnings = misspelt(root, yield* Variables.Variables)
      return { ...alone(Arguments.form(words, given), yield* formatOf(args)), warnings }
    }
    const { settings, sources } = yield* Settings.resolve(root, asked, given)
    const all = settings.flatMap(({ flag, values }) => values.map((value) => ({ flag, value })))
    return {
      _tag: "Run",
      form: Arguments.form(words, all),
      complete: Arguments.missing(asked, Arguments.called(root, words), all),
      isQuiet: all.some(({ flag, value }) => flag === Arguments.quiet && value === "true"),
      progress: formOf(all),
      format: all.some(({ flag, value }) => flag.name === "--output" && value === "json") ? "json" : "text",
      warnings: yield* warningsOf(root, sources),
      sources
    }
  })

/**
 * The output format that the arguments or the environment ask for, whether or not the rest of them makes sense: how an
 * error is told depends on it.
 */
export const formatOf = (args: ReadonlyArray<string>): Effect.Effect<Format> =>
  Effect.map(Variables.Variables, (variables) => {
    const isGiven = args.some((word) => word === "--output" || word.startsWith("--output="))
    return isGiven ? Arguments.outputFormat(args) : variables["HOLDFAST_OUTPUT"] === "json" ? "json" : "text"
  })

const formOf = (all: ReadonlyArray<Arguments.Given>): Form => {
  const given = all.find(({ flag }) => flag === Arguments.progress)?.value
  return given === "json" || given === "none" ? given : "auto"
}

/** Nothing counts but the arguments. */
const alone = (form: ReadonlyArray<string>, format: Format): Invocation => ({
  _tag: "Run",
  form,
  complete: Either.void,
  format,
  isQuiet: false,
  progress: "auto",
  warnings: [],
  sources: Settings.nothing
})

/** What is odd about the environment and the configuration, but no error. */
const warningsOf = (
  root: CommandShape,
  { file, variables }: Settings.Sources
): Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem> =>
  Effect.map(file === undefined ? Effect.succeed([]) : ConfigFile.exposed(file), (lines) => [
    ...misspelt(root, variables),
    ...lines.map((line) =>
      `${file?.source}:${line}: here is a secret, and everybody on this machine may read it: chmod o= ${file?.source}`
    )
  ])

const misspelt = (root: CommandShape, variables: Settings.Sources["variables"]): ReadonlyArray<string> =>
  Variables.misspelt(root, variables).map(({ meant, name }) =>
    `the variable ${name} is not known and is ignored: did you mean ${meant}?`
  )
