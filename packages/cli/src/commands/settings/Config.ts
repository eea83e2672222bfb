/**
 * `config …`: the values that flags, environment and configuration file come to.
 */
import * as NumberText from "@holdfast/engine/NumberText"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Arguments from "../../flags/Arguments.ts"
import { type Command, group, leaf, takesRest } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Masking from "../../settings/Masking.ts"
import * as SettingKeys from "../../settings/SettingKeys.ts"
import * as Settings from "../../settings/Settings.ts"
import * as Output from "../../terminal/Output.ts"
import type { Style } from "../../terminal/Style.ts"

/** The commands about the configuration of a tree of commands. */
export const config = (root: () => Command): Command =>
  group("config", "Show and check the values that flags, environment and configuration file come to", [
    leaf(
      "print",
      "Show the values that count for a command, or for all commands, and their sources; secrets are masked",
      { args: Flag.rest("args", "[COMMAND [FLAGS]]", "Command, with all or some of its flags") },
      ({ args }) => print(root(), args)
    ),
    leaf(
      "check",
      "Check the configuration file and the HOLDFAST_… variables",
      {},
      () => check(root())
    )
  ])

/** The values that count for one command. */
interface Effective {
  readonly words: ReadonlyArray<string>
  readonly settings: ReadonlyArray<Settings.Setting>
}

const print = (root: Command, args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { command, early, rest, words } = Arguments.locate(root, args)
    const isOne = command.children.length === 0
    const [word = "-"] = rest
    // A word that is neither flag nor command: the error lists the commands that exist.
    if (!isOne && !word.startsWith("-")) yield* Arguments.read(root, [...words, word])
    const given = yield* Arguments.flagsOf(
      isOne && !takesRest(command) ? command : { ...command, flags: [] },
      Arguments.called(root, words),
      [...early, ...rest]
    )
    const sources = yield* Settings.sourcesOf(root, given)
    const found: Array<Effective> = []
    for (const each of SettingKeys.leavesOf(command, words)) {
      found.push({ words: each.words, settings: yield* Settings.choose(root, each, sources) })
    }
    yield* Output.result({
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
    from: origin._tag.toLowerCase(),
    ...(origin._tag === "Variable" ? { variable: origin.name } : {}),
    ...(origin._tag === "File" ? { file: origin.file, line: origin.line } : {})
  }
}

const valuesOf = ({ flag: { defaultText }, origin, values }: Settings.Setting): ReadonlyArray<string> =>
  origin._tag === "Default" && defaultText !== undefined ? [defaultText] : values

/** All values of one command; of several commands the values that somebody set, each with the commands it is for. */
const report = (root: Command, found: ReadonlyArray<Effective>, isOne: boolean, style: Style): string => {
  const rows = found.flatMap(({ settings, words }) =>
    settings.filter(({ origin }) => isOne || origin._tag !== "Default").map((setting) => ({
      cells: [SettingKeys.keyOf(setting.flag), valueText(setting), Settings.originText(setting)] as const,
      command: Arguments.called(root, words)
    }))
  )
  if (isOne) return [...rows.slice(0, 1).map(({ command }) => style.bold(command)), ...table(rows, style)].join("\n")
  const same = Object.values(Arr.groupBy(rows, ({ cells }) => cells.join("\n"))).map(([first, ...others]) => ({
    cells: [...first.cells, others.length === 0 ? first.command : `${others.length + 1} commands`]
  }))
  return [
    ...table(same, style),
    style.dim("defaults are left out: name a command to see them, 'holdfast config print backup verify'")
  ].join("\n")
}

const valueText = (setting: Settings.Setting): string => {
  const values = valuesOf(setting)
  return values.length === 0 ? "-" : values.map(Masking.masked).join(", ")
}

const table = (
  rows: ReadonlyArray<{ readonly cells: ReadonlyArray<string> }>,
  style: Style
): ReadonlyArray<string> => {
  const width = (column: number) => Math.max(...rows.map(({ cells }) => cells[column]?.length ?? 0))
  const widths = [width(0), width(1), width(2)]
  return rows.map(({ cells }) => {
    const [key = "", value = "", ...more] = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    return `  ${key}  ${value}  ${style.dim(more.join("  ").trimEnd())}`
  })
}

/** A bad file fails before this runs, when the settings are read. */
const check = (root: Command) =>
  Effect.gen(function*() {
    const { sources: { file, variables } } = yield* Settings.Current
    for (const leafBelow of SettingKeys.leavesOf(root)) {
      yield* Settings.choose(root, leafBelow, { given: [], file, variables })
    }
    const known = SettingKeys.variablesOf(root)
    const set = Object.keys(variables).filter((name) => known.has(name) && variables[name] !== "").sort()
    yield* Output.result({
      json: { ok: true, file: file?.source ?? null, keys: [...file?.entries.keys() ?? []], variables: set },
      text: (style) =>
        [
          file === undefined
            ? "no configuration file is named: --config FILE or HOLDFAST_CONFIG"
            : `${file.source}: ${style.good("good")}, ${NumberText.counted(file.entries.size, "key")}`,
          ...(set.length === 0 ? [] : [`environment: ${style.good("good")}, ${set.join(", ")}`])
        ].join("\n")
    })
  })
