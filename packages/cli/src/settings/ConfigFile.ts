/**
 * The configuration file: YAML, a tree like that of the commands, whose leaves are flags.
 *
 * ```yaml
 * command-adapter-config: storage.yaml    # for every command that has the flag
 * trust-waypoint:                         # may be repeated, so a list
 *   - 0:4f…
 * backup:
 *   continuously:                         # for 'holdfast backup continuously' alone
 *     lease: 60
 *     metrics-address: null               # takes back what is set further out
 * ```
 *
 * Paths are relative to the folder of the file. Every command that reads the file checks all of it.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as YamlText from "@holdfast/storage-command/YamlText"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { ConfigFileError } from "../exit/CliError.ts"
import * as Arguments from "../flags/Arguments.ts"
import type { Command } from "../flags/Command.ts"
import * as ConfigSchema from "./ConfigSchema.ts"
import * as Masking from "./Masking.ts"
import * as SettingKeys from "./SettingKeys.ts"

/** What a file sets a flag to. */
export interface Entry {
  /** Nothing where the entry takes back what is set further out. */
  readonly values: ReadonlyArray<string> | undefined
  /** From 1. */
  readonly line: number
}

/** A file that was read. */
export interface ConfigFile {
  /** As it was named. */
  readonly source: string
  /** By the paths of their keys. */
  readonly entries: ReadonlyMap<string, Entry>
}

/**
 * Reads the text of a file for a tree of commands. `source` names the file in errors, `resolve` makes a path absolute.
 * Fails with all mistakes, in the order of the file.
 */
export const decode = (
  root: Command,
  text: string,
  source: string,
  resolve: (path: string) => string
): Either.Either<ConfigFile, ReadonlyArray<ConfigFileError>> => {
  const parsed = YamlText.parse(text, () => true)
  if (Either.isLeft(parsed)) {
    const { column, detail: why, line } = parsed.left
    const detail = `this is no valid YAML: ${why}`
    return Either.left([
      new ConfigFileError({ reason: "Malformed", file: source, line, column, key: "", detail })
    ])
  }
  const { positionOf, value } = parsed.right
  const decoded = Schema.decodeUnknownEither(ConfigSchema.of(root), { errors: "all" })(value ?? {})
  if (Either.isRight(decoded)) {
    const entries = entriesOf({ command: root, words: [] }, decoded.right, resolve, (path) => positionOf(path).line)
    return Either.right({ source, entries: new Map(entries) })
  }
  return Either.left(
    ParseResult.ArrayFormatter.formatErrorSync(decoded.left).map(({ message: detail, path }) => {
      const { column, line } = positionOf(path)
      const reason = isKnown(root, path) ? "BadValue" : "UnknownKey"
      return new ConfigFileError({ reason, file: source, line, column, key: path.join("."), detail })
    })
  )
}

/** The entries of a section that satisfies the schema, by the paths of their keys. */
const entriesOf = (
  { command, words }: Arguments.Located,
  section: ConfigSchema.Section,
  resolve: (path: string) => string,
  lineOf: (path: ReadonlyArray<string>) => number
): ReadonlyArray<readonly [path: string, entry: Entry]> => {
  const flags = SettingKeys.flagsBelow(command)
  return Object.entries(section).flatMap(([key, value]) => {
    const path = [...words, key]
    const child = command.children.find(({ name }) => name === key)
    if (child !== undefined) {
      return ConfigSchema.isSection(value) ? entriesOf({ command: child, words: path }, value, resolve, lineOf) : []
    }
    const isPath = flags.get(key)?.some((flag) => flag.isPath === true) ?? false
    const texts = [value].flat().filter((each) => typeof each === "string")
    const values = value === null ? undefined : isPath ? texts.map(resolve) : texts
    return [[path.join("."), { values, line: lineOf(path) }] as const]
  })
}

const isKnown = (root: Command, path: ReadonlyArray<PropertyKey>): boolean => {
  const { command, rest: [key, ...more] } = Arguments.locate(root, path.map(String))
  return key === undefined || (more.length === 0 && SettingKeys.flagsBelow(command).has(key))
}

/** Reads a file for a tree of commands. Fails with all mistakes in it. */
export const load = (
  root: Command,
  source: string
): Effect.Effect<ConfigFile, ConfigFileError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const folder = path.dirname(path.resolve(source))
    const text = yield* YamlText.read(
      source,
      (detail) => new ConfigFileError({ reason: "Unreadable", file: source, line: 1, column: 1, key: "", detail })
    )
    const decoded = decode(root, text, source, (file) => path.resolve(folder, file))
    return yield* Either.isRight(decoded)
      ? Effect.succeed(decoded.right)
      : Effect.failCause(decoded.left.map(Cause.fail).reduce((all, each) => Cause.parallel(all, each), Cause.empty))
  })

/** The lines of a file that hold secrets, if all users may read the file. */
export const exposed = (
  { entries, source }: ConfigFile
): Effect.Effect<ReadonlyArray<number>, never, FileSystem.FileSystem> => {
  const lines = [...entries.values()].flatMap(({ line, values = [] }) => values.some(Masking.isSecret) ? [line] : [])
  if (lines.length === 0) return Effect.succeed([])
  return FileSystem.FileSystem.pipe(
    Effect.flatMap((fs) => fs.stat(source)),
    Effect.match({ onFailure: () => [], onSuccess: ({ mode }) => (mode & readableByOthers) === 0 ? [] : lines })
  )
}

const readableByOthers = 0o004
