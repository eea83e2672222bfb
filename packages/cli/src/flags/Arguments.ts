/**
 * Reads arguments strictly: every word must be a sub-command or a flag of the command, and every flag that takes a value
 * must have one. An error says what is wrong and what would be right.
 *
 * `--name=value` and `--na_me` count as `--na-me value`, since today's tool mixes both spellings. Toggles take no value,
 * except that `--name=false` takes back what a configuration says.
 */
import * as Either from "effect/Either"
import { UsageError } from "../exit/CliError.ts"
import type { Format } from "../terminal/Output.ts"
import * as BuiltInFlags from "./BuiltInFlags.ts"
import type { Command } from "./Command.ts"
import { type Flag, usage } from "./Flag.ts"
import { nearest } from "./Suggestion.ts"

/** A flag that is given, with the text of one value; that of a toggle is `true` or `false`. */
export interface Given {
  readonly flag: Flag<unknown>
  readonly value: string
}

/** A command of the tree, and the words that lead to it. */
export interface Located {
  readonly command: Command
  readonly words: ReadonlyArray<string>
}

/** What arguments ask for: a command to run, help about one, or the version. */
export type Read =
  | Located & { readonly _tag: "Run"; readonly given: ReadonlyArray<Given> }
  | Located & { readonly _tag: "Help" }
  | { readonly _tag: "Version" }

/** How a command is called: `holdfast backup verify`. */
export const called = (root: Command, words: ReadonlyArray<string>): string => [root.name, ...words].join(" ")

/** What the arguments ask for, or the first thing that is wrong with them. */
export const read = (root: Command, args: ReadonlyArray<string>): Either.Either<Read, UsageError> => {
  const { command, early, rest, words } = locate(root, args)
  const path = called(root, words)
  if (command.children.length > 0) return readGroup(command, words, path, rest)
  if (rest.some(isHelp)) return Either.right({ _tag: "Help", command, words })
  return Either.map(
    flagsOf(command, path, [...early, ...rest]),
    (given) =>
      given.some(({ flag }) => flag === BuiltInFlags.version)
        ? { _tag: "Version" }
        : { _tag: "Run", command, words, given }
  )
}

const readGroup = (
  command: Command,
  words: ReadonlyArray<string>,
  path: string,
  [word]: ReadonlyArray<string>
): Either.Either<Read, UsageError> => {
  const names = command.children.map(({ name }) => name)
  const known = `the commands of '${path}' are ${list(names)}`
  if (word === undefined) return refuse(`which command? ${known}`)
  if (isHelp(word)) return Either.right({ _tag: "Help", command, words })
  if (word === BuiltInFlags.version.name) return Either.right({ _tag: "Version" })
  if (word.startsWith("-")) return refuse(`'${word}' stands before the command that it belongs to: ${known}`)
  const near = nearest(word, names)
  const meant = near === undefined ? "" : `; did you mean '${near}'?`
  return refuse(`there is no command '${path} ${word}'${meant}; ${known}`)
}

const isHelp = (word: string): boolean => word === BuiltInFlags.help.name || word === "-h"

/**
 * The command that the first words name, as far as they name one; the early flags between these words, with their values;
 * and the arguments that follow.
 */
export const locate = (
  root: Command,
  args: ReadonlyArray<string>
): Located & { readonly early: ReadonlyArray<string>; readonly rest: ReadonlyArray<string> } => {
  const words: Array<string> = []
  const early: Array<string> = []
  let command = root
  let index = 0
  for (let word = args[0]; word !== undefined; word = args[++index]) {
    const child = command.children.find(({ name }) => name === word)
    const flag = child === undefined ? flagNamed(command.earlyFlags, nameIn(word)) : undefined
    if (child !== undefined) {
      command = child
      words.push(word)
    } else if (flag !== undefined) {
      early.push(word)
      const next = args[index + 1]
      const takesNext = flag.placeholder !== undefined && !word.includes("=") && next?.startsWith("--") === false
      if (takesNext) early.push(args[++index] ?? "")
    } else break
  }
  return { command, words, early, rest: args.slice(index) }
}

/** The flags of a command that arguments give, each with its text. */
export const flagsOf = (
  command: Command,
  path: string,
  args: ReadonlyArray<string>
): Either.Either<ReadonlyArray<Given>, UsageError> => {
  const [first] = command.flags
  if (first?.takesRest === true) return Either.right(args.map((value) => ({ flag: first, value })))
  const flags = [...command.flags, ...BuiltInFlags.all]
  const given: Array<Given> = []
  const isGiven = (flag: Flag<unknown>) => given.some((each) => each.flag === flag)
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? ""
    const typed = nameIn(word)
    const argument = flags.find((each) => each.positional === true && (each.repeated || !isGiven(each)))
    if (typed === undefined && argument !== undefined) {
      given.push({ flag: argument, value: word })
      continue
    }
    if (typed === undefined) return refuse(`'${path}' takes no argument '${word}', only flags; see '${path} --help'`)
    const flag = flagNamed(flags, typed)
    if (flag === undefined) {
      const near = nearest(typed, flags.map(({ name }) => name))
      const known = near === undefined
        ? `its flags are ${list([...command.flags, BuiltInFlags.output].map(({ name }) => name))}`
        : `did you mean '${near}'?`
      return refuse(`'${path}' has no flag '${typed}': ${known}`)
    }
    if (isGiven(flag) && !flag.repeated) return refuse(`the flag '${flag.name}' is given twice`)
    const value = word.includes("=") ? word.slice(word.indexOf("=") + 1) : undefined
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
    // The flags of the command are read once the configuration is known.
    const builtIn = BuiltInFlags.all.includes(flag) ? flag.read([next]) : Either.void
    if (Either.isLeft(builtIn)) return refuse(builtIn.left)
    given.push({ flag, value: next })
  }
  return Either.right(given)
}

/** The name that a word has as a flag, with its dashes and without a value; nothing where the word is no flag. */
const nameIn = (word: string): string | undefined => /^--?[^=]+/.exec(word)?.[0]

const flagNamed = (flags: ReadonlyArray<Flag<unknown>>, typed: string | undefined): Flag<unknown> | undefined =>
  typed === undefined ? undefined : flags.find(({ name }) => spelling(name) === spelling(typed))

/** Fails with the required flags of a command that are not among those given, if any is missing. */
export const missing = (
  { command }: Located,
  path: string,
  given: ReadonlyArray<Pick<Given, "flag">>
): Either.Either<void, UsageError> => {
  const absent = command.flags.filter((flag) => flag.required && !given.some((each) => each.flag === flag))
  return absent.length === 0 ? Either.void : refuse(`'${path}' needs ${absent.map(usage).join(" and ")}`)
}

/**
 * The output format that arguments ask for, whether or not the rest of them makes sense: the form of an error depends on
 * the format.
 */
export const outputFormat = (args: ReadonlyArray<string>): Format =>
  args.some((word, index) => word === "--output=json" || (word === "--output" && args[index + 1] === "json"))
    ? "json"
    : "text"

const refuse = (detail: string) => Either.left(new UsageError({ detail }))

const spelling = (flag: string): string => flag.replaceAll("_", "-")

const list = (names: ReadonlyArray<string>): string => names.map((name) => `'${name}'`).join(", ")
