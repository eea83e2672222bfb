/**
 * The schema of the configuration file, derived from the commands: every flag has a key, and nothing else has.
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Arguments from "../flags/Arguments.ts"
import type { Command } from "../flags/Command.ts"
import type { Flag } from "../flags/Flag.ts"
import { nearest } from "../flags/Suggestion.ts"
import * as SettingKeys from "./SettingKeys.ts"

/** What YAML can hold. Scalars are text, as they are written. */
export type Value = string | null | ReadonlyArray<Value> | Section

/** What stands at the top, or below the name of a command: keys of flags, and names of commands. */
export interface Section {
  readonly [key: string]: Value
}

const Value: Schema.Schema<Value> = Schema.Union(
  Schema.String,
  Schema.Null,
  Schema.Array(Schema.suspend(() => Value)),
  Schema.suspend(() => Section)
)

const Section: Schema.Schema<Section> = Schema.Record({ key: Schema.String, value: Value }).annotations({
  message: () => ({
    message:
      "the file must be a mapping from flags, without their dashes, to values; names of commands lead to more of them",
    override: true
  })
})

/**
 * The schema for a tree of commands. An issue has the path of its key; its message shows no value, which may be secret.
 */
export const of = (root: Command): Schema.Schema<Section> =>
  Section.pipe(Schema.filter((section) => issuesOf(root, { command: root, words: [] }, section)))

/** Is a value a section rather than the value of a flag? */
export const isSection = (value: Value): value is Section =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Why a text is no value of these flags, which have one name; nothing where it is one. */
export const whyNot = (flags: ReadonlyArray<Flag<unknown>>, text: string): string | undefined => {
  if (text === "") return "a value expected; leave the key out where there is none"
  for (const { parse } of flags) {
    const parsed = parse(text)
    if (Either.isLeft(parsed)) return parsed.left
  }
  return undefined
}

const issuesOf = (root: Command, at: Arguments.Located, section: Section): ReadonlyArray<Schema.FilterIssue> => {
  const flags = SettingKeys.flagsBelow(at.command)
  return Object.entries(section).flatMap(([key, value]) => {
    const path = [...at.words, key]
    const child = at.command.children.find(({ name }) => name === key)
    if (child !== undefined) {
      if (isSection(value)) return issuesOf(root, { command: child, words: path }, value)
      const message = `'${path.join(".")}' is a command: the flags for it stand below it`
      return value === null ? [] : [{ path, message }]
    }
    const known = flags.get(key)
    const message = known === undefined
      ? unknown(root, at, key)
      : SettingKeys.haveOneMeaning(known)
      ? badValue(known, path, value)
      : ambiguous(at, key)
    return message === undefined ? [] : [{ path, message }]
  })
}

const badValue = (
  flags: ReadonlyArray<Flag<unknown>>,
  path: ReadonlyArray<string>,
  value: Value
): string | undefined => {
  const isRepeated = flags.some(({ repeated }) => repeated)
  const why = () => {
    if (value === null) return undefined
    if (isSection(value)) return "a value expected, not a mapping"
    if (typeof value === "string") return whyNot(flags, value)
    if (!isRepeated) return "one value expected, not a list"
    const texts = value.filter((each) => typeof each === "string")
    if (texts.length < value.length) return "a list of values expected: an entry is empty, a list or a mapping"
    return texts.map((text) => whyNot(flags, text)).find((each) => each !== undefined)
  }
  const found = why()
  return found === undefined ? undefined : `'${path.join(".")}': ${found}`
}

const unknown = (root: Command, { command, words }: Arguments.Located, key: string): string => {
  const names = [...SettingKeys.flagsBelow(command).keys(), ...command.children.map(({ name }) => name)]
  const near = nearest(key, names)
  const called = Arguments.called(root, words)
  const says = near === undefined ? `see '${called} --help'` : `did you mean '${near}'?`
  const what = command.children.length > 0 ? "command or flag of a command" : "flag"
  return `the key '${[...words, key].join(".")}' is not known: '${called}' has no such ${what}; ${says}`
}

const ambiguous = ({ command, words }: Arguments.Located, key: string): string => {
  const users = command.children.filter((child) => SettingKeys.flagsBelow(child).has(key)).map(({ name }) =>
    `'${name}'`
  )
  const path = [...words, key].join(".")
  return `'${path}' means different things to different commands: write it below ${users.join(" or ")}`
}
