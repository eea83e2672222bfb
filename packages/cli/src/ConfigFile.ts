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
 *     metrics-address: null               # as if nobody had said it further out
 * ```
 *
 * Paths are relative to the folder of the file. All of the file is checked, whichever command reads it.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { CommandAdapterConfig, YamlText } from "@holdfast/storage"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Located } from "./Arguments.ts"
import type { CommandShape } from "./CommandTree.ts"
import type { FlagShape } from "./Flag.ts"
import * as Masking from "./Masking.ts"
import { nearest } from "./Nearest.ts"
import * as SettingKeys from "./SettingKeys.ts"
import * as Values from "./Values.ts"

/**
 * What a file says of a flag.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  /** Nothing where it takes back what is said further out. */
  readonly values: ReadonlyArray<string> | undefined
  /** From 1. */
  readonly line: number
}

/**
 * A file that was read.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigFile {
  /** As it was named. */
  readonly source: string
  /** By the paths of their keys. */
  readonly entries: ReadonlyMap<string, Entry>
}

type Text = string | null
type Value = Text | ReadonlyArray<Text> | Section
interface Section {
  readonly [key: string]: Value
}

/** The file before its keys are known: numbers and truth values are text, as they are written. */
const Text = Schema.NullOr(Schema.String)
const Section: Schema.Schema<Section> = Schema.Record({
  key: Schema.String,
  value: Schema.Union(Text, Schema.Array(Text), Schema.suspend(() => Section))
})

const decodeSection = Schema.decodeUnknownEither(Schema.Union(Schema.Null, Section))

type Problems = readonly [CommandAdapterConfig.ConfigError, ...ReadonlyArray<CommandAdapterConfig.ConfigError>]

/**
 * Reads the text of a file for a tree of commands. `source` names the file in errors, `resolve` makes absolute what is a
 * path. Fails with all that is wrong, in the order of the file.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (
  root: CommandShape,
  text: string,
  source: string,
  resolve: (path: string) => string
): Either.Either<ConfigFile, Problems> => {
  const problem = (
    reason: typeof CommandAdapterConfig.ConfigErrorReason.Type,
    { column, line }: YamlText.Position,
    key: string,
    detail: string
  ) => new CommandAdapterConfig.ConfigError({ reason, file: source, line, column, key, detail })

  const parsed = YamlText.parse(text, () => true)
  if (Either.isLeft(parsed)) {
    return Either.left([problem("Malformed", parsed.left, "", `this is no valid YAML: ${parsed.left.detail}`)])
  }
  const { positionOf, value } = parsed.right
  const decoded = decodeSection(value)
  if (Either.isLeft(decoded)) {
    const detail =
      "the file must be a mapping from flags, without their dashes, to values; names of commands lead to more"
    return Either.left([problem("BadValue", positionOf([]), "", detail)])
  }

  const entries = new Map<string, Entry>()
  const problems: Array<CommandAdapterConfig.ConfigError> = []
  const visit = (at: Located, section: Section): void => {
    const flags = SettingKeys.flagsBelow(at.command)
    for (const [key, given] of Object.entries(section)) {
      const words = [...at.words, key]
      const position = positionOf(words)
      const path = words.join(".")
      const add = (reason: typeof CommandAdapterConfig.ConfigErrorReason.Type, detail: string) =>
        void problems.push(problem(reason, position, path, detail))
      const child = at.command.children.find(({ name }) => name === key)
      const known = flags.get(key)
      if (child !== undefined) {
        if (isSection(given)) visit({ command: child, words }, given)
        else if (given !== null) add("BadValue", `'${path}' is a command: the flags for it stand below it`)
      } else if (known === undefined) add("UnknownKey", unknown(at, key, root))
      else if (!SettingKeys.isOneThing(known)) add("BadValue", ambiguous(at.command, path, key))
      else {
        const read = readValue(known, given)
        if (Either.isLeft(read)) add("BadValue", `'${path}': ${read.left}`)
        else {
          const isPath = known.some((flag) => flag.isPath === true)
          entries.set(path, {
            values: isPath ? read.right?.map(resolve) : read.right,
            line: position.line
          })
        }
      }
    }
  }
  visit({ command: root, words: [] }, decoded.right ?? {})
  return Arr.isNonEmptyReadonlyArray(problems) ? Either.left(problems) : Either.right({ source, entries })
}

/**
 * Reads a file for a tree of commands. Fails with all that is wrong with it.
 *
 * @since 0.1.0
 * @category decoding
 */
export const load = (
  root: CommandShape,
  source: string
): Effect.Effect<ConfigFile, CommandAdapterConfig.ConfigError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const folder = path.dirname(path.resolve(source))
    const text = yield* CommandAdapterConfig.readText(source)
    const decoded = decode(root, text, source, (file) => path.resolve(folder, file))
    return yield* Either.isRight(decoded)
      ? Effect.succeed(decoded.right)
      : Effect.failCause(decoded.left.map(Cause.fail).reduce(Cause.parallel))
  })

/**
 * The lines of a file that hold secrets, if others than its owner and group may read it.
 *
 * @since 0.1.0
 * @category checking
 */
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

const isSection = (value: Value): value is Section =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The texts of a value, nothing for one that is taken back, or what is wrong with it. */
const readValue = (
  flags: ReadonlyArray<FlagShape>,
  given: Value
): Either.Either<ReadonlyArray<string> | undefined, string> => {
  if (given === null) return Either.right(undefined)
  if (isSection(given)) return Either.left("a value expected, not a mapping")
  const isRepeated = flags.some(({ repeated }) => repeated)
  if (typeof given !== "string" && !isRepeated) return Either.left("one value expected, not a list")
  const texts = [given].flat()
  for (const text of texts) {
    if (text === null) return Either.left("an entry of the list is empty")
    const why = whyNot(flags, text)
    if (why !== undefined) return Either.left(why)
  }
  return Either.right(texts.filter((text) => text !== null))
}

/**
 * Why a text is no value of flags, if it is none. Never shows the text, which may be secret.
 *
 * @since 0.1.0
 * @category checking
 */
export const whyNot = (flags: ReadonlyArray<FlagShape>, text: string): string | undefined => {
  if (text === "") return "a value expected; leave the key out where there is none"
  for (const { parse = Values.anyText, placeholder } of flags) {
    const parsed = placeholder === undefined ? Values.truth(text) : parse(text)
    if (Either.isLeft(parsed)) return parsed.left
  }
  return undefined
}

const unknown = ({ command, words }: Located, key: string, root: CommandShape): string => {
  const path = [...words, key].join(".")
  const names = [...SettingKeys.flagsBelow(command).keys(), ...command.children.map(({ name }) => name)]
  const near = nearest(key, names)
  const called = [root.name, ...words].join(" ")
  const says = near === undefined ? `see '${called} --help'` : `did you mean '${near}'?`
  const what = command.children.length > 0 ? "command or flag of a command" : "flag"
  return `the key '${path}' is not known: '${called}' has no such ${what}; ${says}`
}

const ambiguous = (command: CommandShape, path: string, key: string): string => {
  const users = command.children.filter((child) => SettingKeys.flagsBelow(child).has(key)).map(({ name }) =>
    `'${name}'`
  )
  return `'${path}' means different things to different commands: write it below ${users.join(" or ")}`
}
