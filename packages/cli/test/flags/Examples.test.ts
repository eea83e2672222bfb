import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Commands from "../../src/commands/Holdfast.ts"
import * as Arguments from "../../src/flags/Arguments.ts"
import * as Examples from "../../src/flags/Examples.ts"
import * as Help from "../../src/flags/Help.ts"
import * as SettingKeys from "../../src/settings/SettingKeys.ts"
import * as Style from "../../src/terminal/Style.ts"

const root = Commands.holdfast

const leaves = SettingKeys.leavesOf(root).map(({ words }) => Arguments.called(root, words))
const places = SettingKeys.sectionsOf(root).map(({ command, words }) => ({
  command,
  path: Arguments.called(root, words)
}))

/** Reads a command line as the program does, up to the action that it would run. */
const actionOf = (line: string) =>
  Effect.gen(function*() {
    const [typed = ""] = line.split(" > ")
    const [program, ...args] = typed.split(" ")
    const read = yield* Arguments.read(root, args)
    if (program !== root.name || read._tag !== "Run") return yield* Effect.dieMessage(`no command: ${line}`)
    yield* Arguments.missing(read, line, read.given)
    return yield* read.command.action((flag) =>
      read.given.filter((each) => each.flag === flag).map(({ value }) => value)
    )
  })

describe("Examples", () => {
  it("has one of each command, and of no other", () => {
    expect(leaves.filter((path) => Examples.of(path).length === 0)).toEqual([])
    expect(Examples.paths.filter((path) => !leaves.includes(path))).toEqual([])
  })

  it.effect.each(Examples.paths.flatMap(Examples.of))(
    "is a command as it stands: $line",
    ({ line }) =>
      Effect.gen(function*() {
        expect(Effect.isEffect(yield* actionOf(line))).toBe(true)
      })
  )

  it("is shown by help, no wider than a terminal", () => {
    for (const { command, path } of places) {
      const help = Help.of(command, path, Style.plain)
      expect(help.split("\n").filter((line) => line.length > 80)).toEqual([])
      const joined = help.replaceAll(/ \\\n +/g, " ")
      for (const { line } of Examples.of(path)) expect(joined).toContain(`      ${line}`)
    }
  })
})
