/**
 * What counts for a command, of all that was set: a flag before the environment, the environment before the file, and in
 * each of these what is set for the command itself before what is set for all commands. A flag that nobody sets has its
 * default.
 *
 * Of flags that exclude each other (a folder or commands as the storage) the one that is set nearest to the command counts.
 * Two that are set equally near are an error.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type ConfigFileError, UsageError } from "../exit/CliError.ts"
import * as Arguments from "../flags/Arguments.ts"
import * as BuiltInFlags from "../flags/BuiltInFlags.ts"
import type { Command } from "../flags/Command.ts"
import type { Flag } from "../flags/Flag.ts"
import * as ConfigFile from "./ConfigFile.ts"
import * as ConfigSchema from "./ConfigSchema.ts"
import * as SettingKeys from "./SettingKeys.ts"
import { Variables } from "./Variables.ts"

/** Where a value comes from. */
export type Origin =
  | { readonly _tag: "Flag" }
  | { readonly _tag: "Variable"; readonly name: string }
  | { readonly _tag: "File"; readonly file: string; readonly line: number }
  | { readonly _tag: "Default" }

/** What counts for a flag of a command. */
export interface Setting {
  readonly flag: Flag<unknown>
  /** As text; that of a toggle is `true` or `false`. None where the default counts. */
  readonly values: ReadonlyArray<string>
  readonly origin: Origin
}

/** Where to look. */
export interface Sources {
  readonly given: ReadonlyArray<Arguments.Given>
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly file: ConfigFile.ConfigFile | undefined
}

/** The settings of a command, and where they were looked for. */
export interface Resolved {
  readonly settings: ReadonlyArray<Setting>
  readonly sources: Sources
}

/** Where nothing is set. */
export const nothing: Resolved = { settings: [], sources: { given: [], variables: {}, file: undefined } }

/** The settings of the command that runs. */
export class Current extends Context.Reference<Current>()("@holdfast/cli/Settings/Current", {
  defaultValue: (): Resolved => nothing
}) {}

/** A setting, with how far from the command it was made. */
interface Found extends Setting {
  readonly distance: number
}

/** The settings of a command. */
export const choose = (
  root: Command,
  located: Arguments.Located,
  sources: Sources
): Either.Either<ReadonlyArray<Setting>, UsageError> =>
  Either.gen(function*() {
    const found: Array<Found> = []
    for (const flag of SettingKeys.flagsOf(located.command)) found.push(yield* find(root, located, flag, sources))
    return yield* exclude(found)
  })

/** Reads the file that the flags or the environment name, if any, and finds the settings of a command. */
export const resolve = (
  root: Command,
  located: Arguments.Located,
  given: ReadonlyArray<Arguments.Given>
): Effect.Effect<
  Resolved,
  UsageError | ConfigFileError,
  FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function*() {
    const sources = yield* sourcesOf(root, given)
    return { settings: yield* choose(root, located, sources), sources }
  })

/** The flags that are given, the environment, and the file that either of them names. */
export const sourcesOf = (
  root: Command,
  given: ReadonlyArray<Arguments.Given>
): Effect.Effect<Sources, ConfigFileError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const variables = yield* Variables
    const named = given.find(({ flag }) => flag === BuiltInFlags.config)?.value ?? variables[SettingKeys.configVariable]
    const file = named === undefined || named === "" ? undefined : yield* ConfigFile.load(root, named)
    return { given, variables, file }
  })

/** Where a value comes from, in words: `--lease`, `HOLDFAST_LEASE`, `holdfast.yaml:7`, `default`. */
export const originText = ({ flag, origin }: Setting): string => {
  switch (origin._tag) {
    case "Flag":
      return flag.name
    case "Variable":
      return origin.name
    case "File":
      return `${origin.file}:${origin.line}`
    case "Default":
      return "default"
  }
}

/** The sections that count for a command, from its own outwards. */
const sectionsFor = (words: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: words.length + 1 }, (_, index) => words.slice(0, words.length - index))

const find = (
  root: Command,
  { words }: Arguments.Located,
  flag: Flag<unknown>,
  { file, given, variables }: Sources
): Either.Either<Found, UsageError> => {
  const typed = given.filter((each) => each.flag === flag).map(({ value }) => value)
  if (typed.length > 0) return Either.right({ flag, values: typed, origin: { _tag: "Flag" }, distance: 0 })
  const key = SettingKeys.keyOf(flag)
  const sections = sectionsFor(words)
  for (const [index, section] of sections.entries()) {
    const name = SettingKeys.variableOf(section, key)
    const text = variables[name]
    if (text === undefined || text === "") continue
    const flags = SettingKeys.flagsBelow(Arguments.locate(root, section).command).get(key) ?? [flag]
    if (!SettingKeys.haveOneMeaning(flags)) {
      const better = SettingKeys.variableOf(words.slice(0, section.length + 1), key)
      return refuse(`${name} means different things to different commands: name it ${better}`)
    }
    const values = flag.repeated ? text.split(/[\s,]+/).filter((each) => each !== "") : [text]
    for (const value of values) {
      const why = ConfigSchema.whyNot([flag], value)
      if (why !== undefined) return refuse(`${name}: ${why}`)
    }
    return Either.right({ flag, values, origin: { _tag: "Variable", name }, distance: 1 + index })
  }
  for (const [index, section] of sections.entries()) {
    const entry = file?.entries.get(SettingKeys.pathText(section, key))
    if (file === undefined || entry === undefined) continue
    const { line, values } = entry
    if (values === undefined) break
    const distance = 1 + sections.length + index
    return Either.right({ flag, values, origin: { _tag: "File", file: file.source, line }, distance })
  }
  return Either.right({ ...unset(flag), distance: Infinity })
}

const unset = (flag: Flag<unknown>): Setting => ({ flag, values: [], origin: { _tag: "Default" } })

/** Of flags that exclude each other, all but the nearest are unset. */
const exclude = (found: ReadonlyArray<Found>): Either.Either<ReadonlyArray<Setting>, UsageError> => {
  const settings: Array<Setting> = []
  for (const each of found) {
    const { flag, origin, values } = each
    const rival = isSet(each)
      ? found.find((other) =>
        other !== each && isSet(other) && flag.exclusiveGroup !== undefined
        && other.flag.exclusiveGroup === flag.exclusiveGroup && other.distance <= each.distance
      )
      : undefined
    if (rival === undefined) settings.push({ flag, values, origin })
    else if (rival.distance < each.distance) settings.push(unset(flag))
    // The command knows best what to say about flags that are typed.
    else if (origin._tag === "Flag") settings.push({ flag, values, origin })
    else {
      return refuse(
        `'${SettingKeys.keyOf(rival.flag)}' (${originText(rival)}) and '${SettingKeys.keyOf(flag)}' (${
          originText(each)
        }) exclude each other: keep one`
      )
    }
  }
  return Either.right(settings)
}

/** Did somebody set the flag? A toggle that is off counts as unset. */
export const isSet = ({ origin, values }: Setting): boolean => origin._tag !== "Default" && values[0] !== "false"

const refuse = (detail: string) => Either.left(new UsageError({ detail }))
