/**
 * Reads arguments strictly before they are parsed: every word must be a sub-command or a flag of the command, and every
 * flag that takes a value must have one. What is wrong is told with what would be right. The parser alone lets too much
 * pass: a flag can become the value of another, and unknown ones hide the rest.
 *
 * The result is in one form, whichever way it was typed: `--name=value` and `--na_me` count as well, since today's tool
 * mixes both spellings. Toggles take no value, but for `--name=false`, which takes back what a configuration says.
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { UsageError } from "../exit/CliError.ts"
import type { Format } from "../terminal/Output.ts"
import type { CommandShape } from "./CommandTree.ts"
import type { FlagShape } from "./Flag.ts"
import { nearest } from "./Suggestion.ts"
import * as Values from "./Values.ts"

const version: FlagShape = {
  name: "--version",
  placeholder: undefined,
  description: "Show the version",
  required: false,
  repeated: false
}

/** Which configuration file to read. */
export const config: FlagShape = {
  name: "--config",
  placeholder: "FILE",
  description: "A YAML file with flags that are not given here: docs/configuration.md (or $HOLDFAST_CONFIG)",
  required: false,
  repeated: false,
  isPath: true
}

const progressForms = ["auto", "json", "none"] as const

const levels = ["debug", "info", "warning", "error", "none"] as const

/** From which level on logs are shown: the only one of these that the parser knows. */
const logLevel: FlagShape = {
  name: "--log-level",
  placeholder: levels.join("|"),
  description: "Show logs from this level on (default info)",
  required: false,
  repeated: false,
  standard: "info",
  parse: Values.oneOf(["all", "trace", "fatal", ...levels])
}

/** How progress is told. */
export const progress: FlagShape = {
  name: "--progress",
  placeholder: progressForms.join("|"),
  description: "How progress is told on stderr; json is a line for each event (default auto)",
  required: false,
  repeated: false,
  standard: "auto",
  parse: Values.oneOf(progressForms)
}

/** Whether anything but results, warnings and errors is told. */
export const quiet: FlagShape = {
  name: "--quiet",
  placeholder: undefined,
  description: "Say nothing but results, warnings and errors",
  required: false,
  repeated: false
}

/** What every command understands by itself, beside `--help`. */
export const builtIn: ReadonlyArray<FlagShape> = [config, logLevel, progress, quiet, version]

/** Those of them that can be set otherwise, too. */
export const settable: ReadonlyArray<FlagShape> = builtIn.filter((flag) => flag !== config && flag !== version)

const isVersion = (word: string): boolean => word === version.name
const isHelp = (word: string): boolean => word === "--help" || word === "-h"

/** A flag that is given, with its value; that of a toggle is `true` or `false`. */
export interface Given {
  readonly flag: FlagShape
  readonly value: string
}

/** A command of the tree: its shape, and the words that lead to it. */
export interface Located {
  readonly command: CommandShape
  readonly words: ReadonlyArray<string>
}

/** Arguments that were read: a command to run, one to show help about, or the version. */
export type Read =
  | Located & { readonly _tag: "Run"; readonly given: ReadonlyArray<Given> }
  | Located & { readonly _tag: "Help" }
  | { readonly _tag: "Version" }

/** How a command is called: `holdfast backup verify`. */
export const called = (root: CommandShape, words: ReadonlyArray<string>): string => [root.name, ...words].join(" ")

/** What the arguments ask for, or the first thing that is wrong with them. */
export const read = (root: CommandShape, args: ReadonlyArray<string>): Either.Either<Read, UsageError> => {
  const found = locate(root, args)
  const { command, rest, words } = found
  const path = called(root, words)
  const [word] = rest
  if (command.children.length > 0) {
    if (word !== undefined && isHelp(word)) return Either.right({ _tag: "Help", command, words })
    const known = `the commands of '${path}' are ${list(command.children.map((child) => child.name))}`
    if (word === undefined) return refuse(`which command? ${known}`)
    if (isVersion(word)) return Either.right({ _tag: "Version" })
    if (word.startsWith("-")) return refuse(`'${word}' stands before the command that it belongs to: ${known}`)
    const near = nearest(word, command.children.map((each) => each.name))
    const meant = near === undefined ? "" : `; did you mean '${near}'?`
    return refuse(`there is no command '${path} ${word}'${meant}; ${known}`)
  }
  if (rest.some(isHelp)) return Either.right({ _tag: "Help", command, words })
  const [argument] = command.flags
  if (command.passes === true && argument !== undefined) {
    return Either.right({ _tag: "Run", command, words, given: [{ flag: argument, value: Values.wordsText(rest) }] })
  }
  return Either.map(
    flagsOf(command, path, rest),
    (given) => given.some(({ flag }) => flag === version) ? { _tag: "Version" } : { _tag: "Run", command, words, given }
  )
}

/** The command that the first words name, as far as they name one, and the arguments after them. */
export const locate = (
  root: CommandShape,
  args: ReadonlyArray<string>
): Located & { readonly rest: ReadonlyArray<string> } => {
  let command = root
  let depth = 0
  for (const word of args) {
    const child = command.children.find((each) => each.name === word)
    if (child === undefined) break
    command = child
    depth++
  }
  return { command, words: args.slice(0, depth), rest: args.slice(depth) }
}

/** The flags of a command that arguments give, each with its value. */
export const flagsOf = (
  command: CommandShape,
  path: string,
  args: ReadonlyArray<string>
): Either.Either<ReadonlyArray<Given>, UsageError> => {
  const flags = [...command.flags, ...builtIn]
  const given: Array<Given> = []
  const isGiven = (flag: FlagShape) => given.some((each) => each.flag === flag)
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? ""
    const [, typed = "", value] = /^(--?[^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const argument = flags.find((each) => each.positional === true && (each.repeated || !isGiven(each)))
    if (typed === "" && argument !== undefined) {
      given.push({ flag: argument, value: word })
      continue
    }
    if (typed === "") return refuse(`'${path}' takes no argument '${word}', only flags; see '${path} --help'`)
    const flag = flags.find((each) => each.name === typed || spelling(each.name) === spelling(typed))
    if (flag === undefined) {
      const names = command.flags.map((each) => each.name)
      const near = nearest(typed, [...names, ...builtIn.map((each) => each.name)])
      const known = near === undefined ? `its flags are ${list(names)}` : `did you mean '${near}'?`
      return refuse(`'${path}' has no flag '${typed}': ${known}`)
    }
    if (isGiven(flag) && !flag.repeated) return refuse(`the flag '${flag.name}' is given twice`)
    if (flag.placeholder === undefined) {
      if (value !== undefined && value !== "true" && value !== "false") {
        return refuse(`the flag '${flag.name}' takes no value`)
      }
      given.push({ flag, value: value ?? "true" })
      continue
    }
    const next = value ?? args[++index]
    if (next === undefined || next === "" || (value === undefined && next.startsWith("--"))) {
      return refuse(`the flag '${flag.name}' needs a value; see '${path} --help'`)
    }
    // The others are read by the parser.
    const why = builtIn.includes(flag) ? Either.getLeft((flag.parse ?? Values.anyText)(next)) : Option.none()
    if (Option.isSome(why)) return refuse(`${flag.name} ${next}: ${why.value}`)
    given.push({ flag, value: next })
  }
  return Either.right(given)
}

/** The required flags that are not among those given, or nothing if none is missing. */
export const missing = (
  { command }: Located,
  path: string,
  given: ReadonlyArray<Pick<Given, "flag">>
): Either.Either<void, UsageError> => {
  const absent = command.flags.filter((flag) => flag.required && !given.some((each) => each.flag === flag))
  return absent.length === 0 ? Either.void : refuse(`'${path}' needs ${absent.map(written).join(" and ")}`)
}

/** A command with its flags, in the one form that the parser knows. */
export const form = (words: ReadonlyArray<string>, given: ReadonlyArray<Given>): ReadonlyArray<string> => {
  // The parser knows its own flag only where it stands before all others.
  const [level, others] = Arr.partition(given, ({ flag }) => flag !== logLevel)
  return [
    ...words,
    ...[...level, ...others].flatMap(({ flag, value }) => {
      if (builtIn.includes(flag) && flag !== logLevel) return []
      if (flag.placeholder !== undefined) return [flag.name, value]
      return value === "true" ? [flag.name] : []
    })
  ]
}

/**
 * The output format that arguments ask for, whether or not the rest of them makes sense: how an error is told depends
 * on it.
 */
export const outputFormat = (args: ReadonlyArray<string>): Format =>
  args.some((word, index) => word === "--output=json" || (word === "--output" && args[index + 1] === "json"))
    ? "json"
    : "text"

const refuse = (detail: string) => Either.left(new UsageError({ detail }))

const written = ({ name, placeholder, positional }: FlagShape): string =>
  positional === true ? String(placeholder) : `${name} ${placeholder}`

const spelling = (flag: string): string => flag.replaceAll("_", "-")

const list = (names: ReadonlyArray<string>): string => names.map((name) => `'${name}'`).join(", ")
