/**
 * Reads arguments strictly before they are parsed: every word must be a sub-command or a flag of the command, every flag
 * that takes a value must have one, and none that is required may be missing. What is wrong is told with what would be
 * right. The parser alone lets too much pass: a flag can become the value of another, and unknown ones hide the rest.
 *
 * The result is in one form, `--name value`, whichever way it was typed: `--name=value` and `--na_me` count as well, since
 * today's tool mixes both spellings.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { UsageError } from "./CliError.ts"
import type { CommandShape } from "./CommandTree.ts"
import type { FlagShape } from "./Flag.ts"
import type { Format } from "./Output.ts"

/** Flags that every command understands by itself. */
const builtIn: ReadonlyArray<FlagShape> = [
  { name: "--version", placeholder: undefined },
  { name: "--log-level", placeholder: "LEVEL" }
].map((flag) => ({ ...flag, description: "", required: false, repeated: false }))

const isVersion = (word: string): boolean => word === "--version"
const isHelp = (word: string): boolean => word === "--help" || word === "-h"

/**
 * Arguments that were read: a command to run, with the arguments in one form, or one to show help about.
 *
 * @since 0.1.0
 * @category models
 */
export type Read =
  | { readonly _tag: "Run"; readonly form: ReadonlyArray<string> }
  | { readonly _tag: "Help"; readonly command: CommandShape; readonly path: string }

/**
 * What the arguments ask for, or the first thing that is wrong with them.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (root: CommandShape, args: ReadonlyArray<string>): Either.Either<Read, UsageError> => {
  const refuse = (detail: string) => Either.left(new UsageError({ detail }))
  const form: Array<string> = []
  let rest = args
  let command = root
  let path = root.name
  while (command.children.length > 0) {
    const [word, ...others] = rest
    const known = `the commands of '${path}' are ${list(command.children.map((child) => child.name))}`
    if (word === undefined) return refuse(`which command? ${known}`)
    if (isHelp(word)) return Either.right({ _tag: "Help", command, path })
    if (word.startsWith("-")) {
      if (isVersion(word)) break
      return refuse(`'${word}' stands before the command that it belongs to: ${known}`)
    }
    const child = command.children.find((each) => each.name === word)
    if (child === undefined) {
      const near = nearest(word, command.children.map((each) => each.name))
      return refuse(
        `there is no command '${path} ${word}'${near === undefined ? "" : `; did you mean '${near}'?`}; ${known}`
      )
    }
    form.push(word)
    command = child
    path = `${path} ${word}`
    rest = others
  }

  if (rest.some(isHelp)) return Either.right({ _tag: "Help", command, path })
  const flags = [...command.flags, ...builtIn]
  const seen = new Set<FlagShape>()
  // The parser knows its own flags only where they stand before all others.
  const words = form.length
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? ""
    const [, typed = "", value] = /^(--?[^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const argument = flags.find((each) => each.positional === true && !seen.has(each))
    if (typed === "" && argument !== undefined) {
      seen.add(argument)
      form.push(argument.name, word)
      continue
    }
    if (typed === "") return refuse(`'${path}' takes no argument '${word}', only flags; see '${path} --help'`)
    const flag = flags.find((each) => each.name === typed || spelling(each.name) === spelling(typed))
    if (flag === undefined) {
      const names = command.flags.map((each) => each.name)
      const near = nearest(typed, names)
      const known = near === undefined ? `its flags are ${list(names)}` : `did you mean '${near}'?`
      return refuse(`'${path}' has no flag '${typed}': ${known}`)
    }
    if (seen.has(flag) && !flag.repeated) return refuse(`the flag '${flag.name}' is given twice`)
    seen.add(flag)
    const at = builtIn.includes(flag) ? words : form.length
    form.splice(at, 0, flag.name)
    if (flag.placeholder === undefined) {
      if (value !== undefined) return refuse(`the flag '${flag.name}' takes no value`)
      continue
    }
    const given = value ?? rest[++index]
    if (given === undefined || given === "" || (value === undefined && given.startsWith("--"))) {
      return refuse(`the flag '${flag.name}' needs a value; see '${path} --help'`)
    }
    form.splice(at + 1, 0, given)
  }
  const missing = command.flags.filter((flag) => flag.required && !seen.has(flag))
  if (missing.length > 0 && !rest.some(isVersion)) {
    return refuse(`'${path}' needs ${missing.map(written).join(" and ")}`)
  }
  return Either.right({ _tag: "Run", form })
}

/**
 * The output format that arguments ask for, whether or not the rest of them makes sense: how an error is told depends
 * on it.
 *
 * @since 0.1.0
 * @category parsing
 */
export const outputFormat = (args: ReadonlyArray<string>): Format =>
  args.some((word, index) => word === "--output=json" || (word === "--output" && args[index + 1] === "json"))
    ? "json"
    : "text"

const written = ({ name, placeholder, positional }: FlagShape): string =>
  positional === true ? String(placeholder) : `${name} ${placeholder}`

const spelling = (flag: string): string => flag.replaceAll("_", "-")

const list = (names: ReadonlyArray<string>): string => names.map((name) => `'${name}'`).join(", ")

/** The name that differs least from a word, if it is likely meant. */
const nearest = (word: string, names: ReadonlyArray<string>): string | undefined => {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = ranked
  return best !== undefined && best.distance <= Math.max(2, Math.floor(word.length / 4)) ? best.name : undefined
}

/** How many characters must be inserted, removed or replaced to get from one text to the other. */
const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let line = 0; line < from.length; line++) {
    const next = [line + 1]
    for (let column = 0; column < to.length; column++) {
      const replaced = (row[column] ?? 0) + (from[line] === to[column] ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
