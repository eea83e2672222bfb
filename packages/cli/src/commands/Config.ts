/**
 * `config …`: what the flags, the environment and the configuration file come to.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Arguments from "../Arguments.ts"
import { type CommandShape, type CommandTree, group, passing } from "../CommandTree.ts"
import * as Figures from "../Figures.ts"
import type { FlagShape } from "../Flag.ts"
import * as Flags from "../Flags.ts"
import * as Invocation from "../Invocation.ts"
import * as Masking from "../Masking.ts"
import * as Output from "../Output.ts"
import * as SettingKeys from "../SettingKeys.ts"
import * as Settings from "../Settings.ts"
import type { Style } from "../Style.ts"

/**
 * The commands about the configuration of these commands.
 *
 * @since 0.1.0
 * @category commands
 */
export const config = (root: () => CommandShape): CommandTree =>
  group("config", "Show and check what flags, environment and configuration file come to", [
    passing(
      "print",
      "Show the values that count for a command, or for all, and where each comes from; secrets are masked",
      (args) => print(root(), args)
    ),
    passing("check", "Check the configuration file and the variables HOLDFAST_…", (args) => check(root(), args))
  ])

/** What counts for one command. */
interface Effective {
  readonly words: ReadonlyArray<string>
  readonly settings: ReadonlyArray<Settings.Setting>
}

/** The flags that do not belong to the command that is asked about. */
const common: ReadonlyArray<FlagShape> = [Flags.output.shape]

const print = (root: CommandShape, args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const output = yield* Output.Output
    const { command, rest, words } = Arguments.locate(root, args)
    const isOne = command.children.length === 0
    const given = yield* Arguments.flagsOf(
      isOne && command.passes !== true ? command : { ...command, flags: common },
      Arguments.called(root, words),
      rest
    )
    const sources = yield* Settings.sourcesOf(root, given)
    const found: Array<Effective> = []
    for (const leaf of SettingKeys.leavesOf(command, words)) {
      found.push({ words: leaf.words, settings: yield* Settings.choose(root, leaf, sources) })
    }
    yield* output.result({
      json: {
        ok: true,
        file: sources.file?.source ?? null,
        commands: Object.fromEntries(found.map(({ settings, words: each }) => [each.join(" "), settings.map(document)]))
      },
      text: (style) => report(root, found, isOne, style)
    })
  })

/** What `--output json` shows of a setting. */
const document = (setting: Settings.Setting) => {
  const { flag, origin } = setting
  const values = valuesOf(setting).map(Masking.masked)
  return {
    key: SettingKeys.keyOf(flag),
    value: flag.repeated ? values : values[0] ?? null,
    from: origin._tag === "Standard" ? "default" : origin._tag.toLowerCase(),
    ...(origin._tag === "Variable" ? { variable: origin.name } : {}),
    ...(origin._tag === "File" ? { file: origin.file, line: origin.line } : {})
  }
}

const valuesOf = ({ flag: { standard }, origin, values }: Settings.Setting): ReadonlyArray<string> =>
  origin._tag === "Standard" && standard !== undefined ? [standard] : values

/** One command with all its values, or several with those that somebody said. */
const report = (root: CommandShape, found: ReadonlyArray<Effective>, isOne: boolean, style: Style): string => {
  const isSaid = ({ origin }: Settings.Setting) => origin._tag !== "Standard"
  const shown = found.flatMap(({ settings, words }) => {
    const rows = isOne ? settings : settings.filter(isSaid)
    return rows.length === 0 ? [] : [[style.bold(Arguments.called(root, words)), ...table(rows, style)].join("\n")]
  })
  if (isOne) return shown.join("\n")
  const all = style.dim("defaults are left out: name a command to see them, 'holdfast config print backup verify'")
  return [...shown, all].join("\n")
}

const table = (settings: ReadonlyArray<Settings.Setting>, style: Style): ReadonlyArray<string> => {
  const rows = settings.map((setting) => {
    const values = valuesOf(setting)
    return {
      key: SettingKeys.keyOf(setting.flag),
      value: values.length === 0 ? "-" : values.map(Masking.masked).join(", "),
      origin: Settings.originText(setting)
    }
  })
  const keyWidth = Math.max(...rows.map(({ key }) => key.length))
  const valueWidth = Math.max(...rows.map(({ value }) => value.length))
  return rows.map(({ key, origin, value }) =>
    `  ${key.padEnd(keyWidth)}  ${value.padEnd(valueWidth)}  ${style.dim(origin)}`
  )
}

const check = (root: CommandShape, args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const output = yield* Output.Output
    const called = Arguments.called(root, ["config", "check"])
    const given = yield* Arguments.flagsOf({ ...root, flags: common }, called, args)
    const sources = yield* Settings.sourcesOf(root, given)
    const { file, variables } = sources
    for (const leaf of SettingKeys.leavesOf(root)) yield* Settings.choose(root, leaf, sources)
    const warnings = yield* Invocation.warningsOf(root, sources)
    for (const warning of warnings) yield* Effect.logWarning(warning)
    const known = new Set(SettingKeys.variablesOf(root).keys())
    const set = Object.keys(variables).filter((name) => known.has(name) && variables[name] !== "").sort()
    yield* output.result({
      json: { ok: true, file: file?.source ?? null, keys: [...file?.entries.keys() ?? []], variables: set, warnings },
      text: (style) =>
        [
          file === undefined
            ? "no configuration file is named: --config FILE or HOLDFAST_CONFIG"
            : `${file.source}: ${style.good("good")}, ${Figures.counted(file.entries.size, "key")}`,
          ...(set.length === 0 ? [] : [`environment: ${style.good("good")}, ${set.join(", ")}`])
        ].join("\n")
    })
  })
