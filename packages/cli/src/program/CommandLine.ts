/**
 * What a command line asks for: the arguments, with what the environment and the configuration add to them.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as LogLevel from "effect/LogLevel"
import type { ConfigFileError, UsageError } from "../exit/CliError.ts"
import * as Arguments from "../flags/Arguments.ts"
import * as BuiltInFlags from "../flags/BuiltInFlags.ts"
import { type Action, type Command, takesRest } from "../flags/Command.ts"
import type { Flag } from "../flags/Flag.ts"
import * as ConfigFile from "../settings/ConfigFile.ts"
import * as Settings from "../settings/Settings.ts"
import * as Variables from "../settings/Variables.ts"
import type { Format } from "../terminal/Output.ts"
import type { Form } from "../terminal/ProgressLine.ts"

/** A command that is to run. */
export interface Run {
  readonly _tag: "Run"
  readonly format: Format
  readonly progress: Form
  /** The lowest level of logs that are shown. */
  readonly logLevel: LogLevel.LogLevel
  /** Oddities of the environment and the configuration that are no errors. */
  readonly warnings: ReadonlyArray<string>
  /** The action, or what is missing or wrong among the flags: an error that is told in `format`. */
  readonly action: Either.Either<Action, UsageError>
  readonly resolved: Settings.Resolved
}

/** A command to run, one to show help about, or the version. */
export type CommandLine = Run | Exclude<Arguments.Read, { readonly _tag: "Run" }>

/** Reads arguments, and the configuration where a command is to run. */
export const read = (
  root: Command,
  args: ReadonlyArray<string>
): Effect.Effect<
  CommandLine,
  UsageError | ConfigFileError,
  FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function*() {
    const asked = yield* Arguments.read(root, args)
    if (asked._tag !== "Run") return asked
    const { command, given, words } = asked
    // A command about another one reads the configuration itself, and all flags belong to the other one.
    const isAboutOther = takesRest(command)
    const resolved = isAboutOther ? Settings.nothing : yield* Settings.resolve(root, asked, given)
    const all = isAboutOther ?
      given :
      resolved.settings.flatMap(({ flag, values }) => values.map((value) => ({ flag, value })))
    const textsOf = (flag: Flag<unknown>) => all.filter((each) => each.flag === flag).map(({ value }) => value)
    /** A built-in flag, whose texts have been checked. */
    const builtIn = <A>(flag: Flag<A>, fallback: A): A => Either.getOrElse(flag.read(textsOf(flag)), () => fallback)
    const isQuiet = builtIn(BuiltInFlags.quiet, false) && textsOf(BuiltInFlags.logLevel).length === 0
    return {
      _tag: "Run",
      format: isAboutOther ? yield* formatOf(args) : builtIn(BuiltInFlags.output, "text"),
      progress: builtIn(BuiltInFlags.quiet, false) ? "none" : builtIn(BuiltInFlags.progress, "auto"),
      logLevel: isQuiet ? LogLevel.Warning : BuiltInFlags.logLevels[builtIn(BuiltInFlags.logLevel, "info")],
      warnings: yield* warningsOf(root, resolved.sources),
      action: Either.flatMap(
        Arguments.missing(asked, Arguments.called(root, words), all),
        () => command.action(textsOf)
      ),
      resolved
    }
  })

/**
 * The output format that the arguments or the environment ask for, whether or not the rest of them makes sense: the form of
 * an error depends on the format.
 */
export const formatOf = (args: ReadonlyArray<string>): Effect.Effect<Format> =>
  Effect.map(Variables.Variables, (variables) => {
    const isGiven = args.some((word) => word === "--output" || word.startsWith("--output="))
    return isGiven ? Arguments.outputFormat(args) : variables["HOLDFAST_OUTPUT"] === "json" ? "json" : "text"
  })

const warningsOf = (
  root: Command,
  { file }: Settings.Sources
): Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const exposed = file === undefined ? [] : yield* ConfigFile.exposed(file)
    return [
      ...Variables.misspelt(root, yield* Variables.Variables).map(({ meant, name }) =>
        `the variable ${name} is not known and is ignored: did you mean ${meant}?`
      ),
      ...exposed.map((line) =>
        `${file?.source}:${line}: here is a secret, and everybody on this machine may read it: chmod o= ${file?.source}`
      )
    ]
  })
