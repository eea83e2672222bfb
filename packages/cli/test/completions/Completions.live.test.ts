import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Commands from "../../src/commands/Holdfast.ts"
import * as CompletionBash from "../../src/completions/Bash.ts"
import * as Candidates from "../../src/completions/Candidates.ts"
import * as CompletionFish from "../../src/completions/Fish.ts"
import * as CompletionZsh from "../../src/completions/Zsh.ts"
import * as BuiltInFlags from "../../src/flags/BuiltInFlags.ts"
import { takesRest } from "../../src/flags/Command.ts"
import * as SettingKeys from "../../src/settings/SettingKeys.ts"

const root = Commands.holdfast
const places = Candidates.of(root)
const scripts = {
  bash: CompletionBash.script(places),
  zsh: CompletionZsh.script(places),
  fish: CompletionFish.script(places)
}

const end = "END"

/** What bash offers for the last word of each line, as its words are split there. */
const offered = (lines: ReadonlyArray<ReadonlyArray<string>>, cwd?: string): ReadonlyArray<ReadonlyArray<string>> => {
  const quoted = (words: ReadonlyArray<string>) => words.map(Candidates.quoted).join(" ")
  const asked = lines.map((words) =>
    `COMP_WORDS=(holdfast ${
      quoted(words)
    }); COMP_CWORD=${words.length}; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}" ${end}`
  )
  const input = [scripts.bash, ...asked].join("\n")
  const out = execFileSync("bash", ["--norc", "-o", "nounset"], { input, encoding: "utf8", cwd })
  return out.split(`${end}\n`).slice(0, -1).map((block) => block.split("\n").filter((word) => word !== "").sort())
}

const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0

describe("completion in bash", () => {
  it("offers exactly the commands and the flags of every place", () => {
    const all = SettingKeys.sectionsOf(root).filter(({ command }) => !takesRest(command))
    const lines = all.flatMap(({ words }) => [[...words, ""], [...words, "--"]])
    const expected = all.flatMap(({ command }) => {
      const isLeaf = command.children.length === 0
      const known = command.flags.filter(({ hasNoEffect }) => hasNoEffect !== true)
      const flags = ["--help", ...(isLeaf ? [...known, ...BuiltInFlags.all].map(({ name }) => name) : [])]
      const first = isLeaf ? flags : command.children.map(({ name }) => name)
      return [first.sort(), flags.sort()]
    })
    expect(lines.length).toBeGreaterThan(60)
    const found = offered(lines, "/proc/self/fd")
    for (const [index, words] of lines.entries()) {
      // Where a file may stand, those of the folder are offered as well.
      const here = found[index]?.filter((word) => !/^\d+$/.test(word))
      expect({ words, offered: here }).toEqual({ words, offered: expected[index] })
    }
  })

  it.scopedLive("offers values, and what is not given yet", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      fs.mkdirSync(path.join(folder, "back ups"))
      fs.writeFileSync(path.join(folder, "storage.yaml"), "")
      const verify = ["backup", "verify"]
      expect(offered([
        ["ba"],
        ["backup", "con"],
        [...verify, "--str"],
        [...verify, "--strict", "--str"],
        [...verify, "--trust-waypoint", "0:1", "--trust"],
        [...verify, "--output", ""],
        [...verify, "--output", "=", "j"],
        [...verify, "--output", "="],
        [...verify, "--local-fs-dir", ""],
        [...verify, "--command-adapter-config", ""],
        [...verify, "--max-commands", ""],
        [...verify, "--max-commands", "3", "--max-c"],
        ["backup-maintenance", "read-metadata", "sto"],
        ["config", "print", "backup", "ver"],
        ["config", "print", ...verify, "--str"],
        ["status", "--conf"],
        ["nonsense", ""]
      ], folder)).toEqual([
        ["backup", "backup-maintenance"],
        ["continuously"],
        ["--strict"],
        [],
        ["--trust-waypoint"],
        ["json", "text"],
        ["json"],
        ["json", "text"],
        ["back ups"],
        ["back ups", "storage.yaml"],
        [],
        [],
        ["storage.yaml"],
        ["verify"],
        ["--strict"],
        ["--config"],
        root.children.map(({ name }) => name).sort()
      ])
    }))
})

describe("completion in other shells", () => {
  it("knows every command and flag, and quotes what it says of them", () => {
    for (const { commands, flags } of places) {
      for (const { name } of commands) {
        expect(scripts.zsh).toContain(`'${name}:`)
        expect(scripts.fish).toContain(` -a '${name}' `)
      }
      for (const { name } of flags) {
        expect(scripts.zsh).toContain(`'${name}:`)
        expect(scripts.fish).toContain(` -l ${name.slice(2)} `)
      }
    }
    expect(Candidates.quoted("it's $HOME")).toBe("'it'\\''s $HOME'")
  })

  it.each(["bash", "zsh", "fish"] as const)("is what %s can read, where there is one", (shell) => {
    if (!has(shell)) return
    const { status, stderr } = spawnSync(shell, ["-n"], { input: scripts[shell], encoding: "utf8" })
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })
})
