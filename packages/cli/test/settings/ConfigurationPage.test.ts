import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Commands from "../../src/commands/Holdfast.ts"
import * as SettingKeys from "../../src/settings/SettingKeys.ts"
import { invoked } from "../support/invoked.ts"

const file = fileURLToPath(new URL("../../../../docs/configuration.md", import.meta.url))
const page = fs.readFileSync(file, "utf8")

const blocks = (language: string): ReadonlyArray<string> =>
  Array.from(page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms")), ([, block = ""]) => block)

const commands = blocks("sh").flatMap((block) => block.trimEnd().split("\n"))

const root = Commands.holdfast

/** The commands that take a key: their names where they are three at most, else `many commands`. */
const usersOf = (key: string): string => {
  const users = SettingKeys.leavesOf(root).filter(({ command }) =>
    SettingKeys.flagsOf(command).some((flag) => SettingKeys.keyOf(flag) === key)
  )
  return users.length > 3 ? "many commands" : users.map(({ words }) => `\`${words.join(" ")}\``).join(", ")
}

/** The rows of the table of all keys. */
const keys = [...SettingKeys.flagsBelow(root)].sort(([one], [other]) => one < other ? -1 : 1).map(([key, flags]) => {
  const variable = SettingKeys.haveOneMeaning(flags) ? `\`${SettingKeys.variableOf([], key)}\`` : "*below a command*"
  const placeholders = [...new Set(flags.map(({ placeholder }) => placeholder ?? "true|false"))]
  const values = placeholders.map((value) => `\`${value.replaceAll("|", "\\|")}\``).join(" or ")
  return `| \`${key}\` | ${variable} | ${values}${flags.some(({ repeated }) => repeated) ? ", a list" : ""} | ${
    usersOf(key)
  } |`
})

describe("docs/configuration.md", () => {
  it("lists every key in its last table, and no other key: vitest --update writes the table", () => {
    const [before = ""] = page.split(/^\| `/m)
    return expect(`${before}${keys.join("\n")}\n`).toMatchFileSnapshot(file)
  })

  it.scopedLive("shows a valid file, and commands that work with that file", () =>
    Effect.gen(function*() {
      const config = path.join(yield* TempDirectory.make, "holdfast.yaml")
      fs.writeFileSync(config, blocks("yaml").join(""))
      expect(commands.length).toBeGreaterThan(5)
      for (const line of commands) {
        const [typed = ""] = line.split(" > ")
        const [variables = "", command = ""] = ` ${typed}`.split(" holdfast ")
        const words = variables.split(" ").filter((word) => word !== "")
        const ended = yield* invoked(
          command.replace("holdfast.yaml", config),
          Object.fromEntries(words.map((word) => word.split("=")))
        )
        expect({ line, ...ended }).toMatchObject({ line, code: 0, stderr: "" })
        expect(ended.stdout).not.toBe("")
      }
    }))

  it.scopedLive("shows what `config print` prints", () =>
    Effect.gen(function*() {
      const config = path.join(yield* TempDirectory.make, "holdfast.yaml")
      fs.writeFileSync(config, blocks("yaml").join(""))
      const { stdout } = yield* invoked(`config print backup verify --config ${config} --retries 5`)
      const printed = stdout.split("\n").map((line) => line.trim().split(/ {2,}/))
      const [shown = ""] = blocks("").filter((block) => block.startsWith("holdfast backup verify\n"))
      for (const line of shown.trimEnd().split("\n")) {
        const cells = line.trim().split(/ {2,}/)
        expect(printed).toContainEqual(
          cells.map((cell) => cell.replace("/srv", path.dirname(config)).replace("holdfast.yaml", config))
        )
      }
    }))
})
