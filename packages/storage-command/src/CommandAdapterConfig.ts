/**
 * The configuration of the command adapter: a YAML file that says, for each operation of a storage, which shell command does
 * it. Files that today's tool reads are read here.
 *
 * ```yaml
 * env_vars:
 *   - key: BUCKET
 *     value: my-bucket
 * commands:
 *   create_backup: echo "$BACKUP_NAME"
 *   create_for_write: …
 * settings:                # optional, as is each of them; not known to today's tool, which ignores it
 *   handle_deadline_secs: 60
 *   idle_deadline_secs: 300
 *   exit_deadline_secs: 600
 *   kill_grace_secs: 5
 *   watchdog_interval_secs: 30
 * ```
 *
 * Keys that are not known are ignored, as today's tool does, but listed ({@link CommandAdapterConfig.unknownKeys}): a
 * misspelt `backup_metadata_file` would otherwise go unnoticed until it is needed. Among the settings they are refused.
 *
 * Source: the storage page of the specification, "Command adapter".
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as StorageCommand from "./StorageCommand.ts"
import * as YamlText from "./YamlText.ts"

const EnvironmentVariable = Schema.Struct({
  key: Schema.String.pipe(Schema.pattern(/^[A-Za-z_][A-Za-z0-9_]*$/)),
  value: Schema.String.pipe(Schema.filter((value) => !value.includes("\0")))
})

/**
 * The commands, by operation. `backup_metadata_file`, `list_files` and `delete_file` may be missing: without them no metadata
 * file can be moved aside, and nothing be listed or deleted.
 */
export const Commands = Schema.Struct({
  create_backup: Schema.String,
  create_for_write: Schema.String,
  open_for_read: Schema.String,
  save_metadata_line: Schema.String,
  list_metadata_files: Schema.String,
  backup_metadata_file: Schema.optional(Schema.String),
  list_files: Schema.optional(Schema.String),
  delete_file: Schema.optional(Schema.String)
})

/** A week: longer than anything that is worth waiting for, and than what a timer can wait is far away. */
const longestSeconds = 604_800

/** A program that a signal stops waits 30 seconds for its commands; ending one takes the grace and some seconds. */
const longestGraceSeconds = 20

const seconds = (longest: number) =>
  Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(longest), Schema.optional)

const FileSettings = Schema.Struct({
  handle_deadline_secs: seconds(longestSeconds),
  idle_deadline_secs: seconds(longestSeconds),
  exit_deadline_secs: seconds(longestSeconds),
  kill_grace_secs: seconds(longestGraceSeconds),
  watchdog_interval_secs: seconds(longestSeconds)
})

const File = Schema.Struct({
  env_vars: Schema.optionalWith(Schema.NullOr(Schema.Array(EnvironmentVariable)), { default: () => [] }),
  commands: Commands,
  settings: Schema.optionalWith(Schema.NullOr(FileSettings), { default: () => ({}) })
})

/** The settings of a configuration; what it does not set has its default. */
export interface ConfigSettings {
  readonly command: Partial<StorageCommand.Settings>
  /** From one look of the watchdog to the next. */
  readonly watchdogInterval?: Duration.Duration
}

/** A configuration that was read. */
export interface CommandAdapterConfig {
  /** The file that it came from, for people. */
  readonly source: string
  /** Set for every command, in this order. The values may be secret. */
  readonly environment: ReadonlyArray<readonly [name: string, value: string]>
  readonly commands: typeof Commands.Type
  /** All defaults unless given. */
  readonly settings?: ConfigSettings
  /** Paths of keys (`commands.backup_metadata`) that mean nothing here and were ignored, with their lines. */
  readonly unknownKeys?: ReadonlyArray<{ readonly key: string; readonly line: number }>
}

/** Why a configuration cannot be used. */
export const CommandConfigErrorReason = Schema.Literal(
  "Unreadable",
  "Malformed",
  "UnknownKey",
  "MissingKey",
  "BadValue"
)

/** A configuration of storage commands cannot be used. Never shows a value, which may be secret. */
export class CommandConfigError
  extends Schema.TaggedError<CommandConfigError>("@holdfast/storage-command/CommandConfigError")("CommandConfigError", {
    reason: CommandConfigErrorReason,
    file: Schema.String,
    /** From 1. */
    line: Schema.Int,
    /** From 1. */
    column: Schema.Int,
    /** The key that is at fault, as a path (`commands.open_for_read`); empty where no key is. */
    key: Schema.String,
    /** What is wrong, and what to do. */
    detail: Schema.String
  })
{
  override get message(): string {
    return YamlText.faultMessage(this)
  }
}

/** Reads a configuration out of the text of a YAML file. `source` names the file in errors. */
export const decode = (text: string, source: string): Either.Either<CommandAdapterConfig, CommandConfigError> => {
  const error = (
    reason: typeof CommandConfigErrorReason.Type,
    position: YamlText.Position,
    key: string,
    detail: string
  ) => new CommandConfigError({ reason, file: source, line: position.line, column: position.column, key, detail })

  const parsed = YamlText.parse(text, isVariableValue)
  if (Either.isLeft(parsed)) {
    return Either.left(error("Malformed", parsed.left, "", `this is no valid YAML: ${parsed.left.detail}`))
  }
  const { positionOf, value: file } = parsed.right
  const unknown = unknownKeys(file)
  const misspelt = unknown.find(([section]) => section === "settings")
  if (misspelt !== undefined) {
    const key = misspelt.join(".")
    const known = Object.keys(FileSettings.fields).join(", ")
    return Either.left(
      error("UnknownKey", positionOf(misspelt), key, `the key '${key}' is not known here: there are ${known}`)
    )
  }
  const decoded = decodeFile(file)
  if (Either.isRight(decoded)) {
    return Either.right({
      source,
      environment: (decoded.right.env_vars ?? []).map(({ key, value }) => [key, value] as const),
      commands: decoded.right.commands,
      settings: settingsOf(decoded.right.settings ?? {}),
      unknownKeys: unknown.map((path) => ({ key: path.join("."), line: positionOf(path).line }))
    })
  }
  const { issue, path } = deepest(decoded.left.issue, [])
  const key = path.map(String).join(".")
  const position = positionOf(path)
  return Either.left(
    issue._tag === "Missing"
      ? error("MissingKey", position, key, `the key '${key}' is missing: add it`)
      : error("BadValue", position, key, badValue(key, path))
  )
}

/** Reads a configuration file. */
export const load = (path: string): Effect.Effect<CommandAdapterConfig, CommandConfigError, FileSystem.FileSystem> =>
  Effect.flatMap(
    YamlText.read(
      path,
      (detail) => new CommandConfigError({ reason: "Unreadable", file: path, line: 1, column: 1, key: "", detail })
    ),
    (text) => decode(text, path)
  )

/** The values of variables are text, also where they look like a number. */
const isVariableValue = ([section, , name]: ReadonlyArray<PropertyKey>): boolean =>
  section === "env_vars" && name === "value"

const decodeFile = Schema.decodeUnknownEither(File)

const settingsOf = (settings: typeof FileSettings.Type): ConfigSettings => {
  const {
    exit_deadline_secs: exit,
    handle_deadline_secs: handle,
    idle_deadline_secs: idle,
    kill_grace_secs: grace,
    watchdog_interval_secs: interval
  } = settings
  return {
    command: {
      ...(handle === undefined ? {} : { handleDeadline: Duration.seconds(handle) }),
      ...(idle === undefined ? {} : { idleDeadline: Duration.seconds(idle) }),
      ...(exit === undefined ? {} : { exitDeadline: Duration.seconds(exit) }),
      ...(grace === undefined ? {} : { killGrace: Duration.seconds(grace) })
    },
    ...(interval === undefined ? {} : { watchdogInterval: Duration.seconds(interval) })
  }
}

const isMapping = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Paths of the keys that this version does not know, in the order of the file. */
const unknownKeys = (file: unknown): ReadonlyArray<ReadonlyArray<string | number>> => {
  const unknown = (value: unknown, path: ReadonlyArray<string | number>, known: object) =>
    isMapping(value) ? Object.keys(value).filter((key) => !(key in known)).map((key) => [...path, key]) : []
  if (!isMapping(file)) return []
  const { commands, env_vars: variables, settings } = file
  return [
    ...unknown(file, [], File.fields),
    ...(Array.isArray(variables) ? variables : []).flatMap((entry, index) =>
      unknown(entry, ["env_vars", index], EnvironmentVariable.fields)
    ),
    ...unknown(commands, ["commands"], Commands.fields),
    ...unknown(settings, ["settings"], FileSettings.fields)
  ]
}

const badValue = (key: string, path: ReadonlyArray<PropertyKey>): string => {
  const last = path.at(-1)
  if (path.length === 0) return "the file must be a mapping with the keys 'env_vars' and 'commands'"
  if (path[0] === "env_vars" && last === "key") {
    return `'${key}' must be the name of an environment variable: letters, digits and '_', no digit first`
  }
  if (path[0] === "env_vars" && last === "value") {
    return `'${key}' must be text, a number, true or false: quote it, and write '' for an empty value`
  }
  if (path[0] === "env_vars") return `'${key}' must be a list of entries with 'key' and 'value'`
  if (path[0] === "settings" && path.length > 1) {
    const longest = last === "kill_grace_secs" ? longestGraceSeconds : longestSeconds
    return `'${key}' must be a number of seconds, more than 0 and at most ${longest}`
  }
  if (path[0] === "settings") return "'settings' must be a mapping from settings to numbers of seconds"
  if (path.length === 1) return `'${key}' must be a mapping from operations to commands`
  return `'${key}' must be the text of a shell command`
}

/** The first issue that is not made of others, with the path to it. */
const deepest = (
  issue: ParseResult.ParseIssue,
  path: ReadonlyArray<PropertyKey>
): { readonly issue: ParseResult.ParseIssue; readonly path: ReadonlyArray<PropertyKey> } => {
  switch (issue._tag) {
    case "Pointer":
      return deepest(issue.issue, [...path, ...[issue.path].flat()])
    case "Composite": {
      const [first] = [issue.issues].flat()
      return first === undefined ? { issue, path } : deepest(first, path)
    }
    case "Refinement":
    case "Transformation":
      return deepest(issue.issue, path)
    default:
      return { issue, path }
  }
}
