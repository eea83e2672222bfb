/**
 * Today's command line is a part of ours: each row and flag of docs/spec/operations.md.
 */
import { describe, expect, it } from "@effect/vitest"
import * as fs from "node:fs"
import { holdfast } from "../../src/commands/Holdfast.ts"
import type * as Command from "../../src/flags/Command.ts"
import type { Flag } from "../../src/flags/Flag.ts"
import * as Help from "../../src/flags/Help.ts"
import { plain } from "../../src/terminal/Style.ts"

const page = fs.readFileSync(new URL("../../../../docs/spec/operations.md", import.meta.url), "utf8")

/** `a b / c / d` are `a b`, `a c` and `a d`. */
const alternatives = (words: string): ReadonlyArray<string> => {
  const [first = "", ...others] = words.split(" / ")
  return [first, ...others.map((other) => `${first.slice(0, first.lastIndexOf(" "))} ${other}`)]
}

interface Row {
  readonly command: string
  readonly takes: string
}

/** The rows of the table, a command each. */
const rows: ReadonlyArray<Row> = page.split("\n").flatMap((line) => {
  const [, commands = "", takes = ""] = /^\| (`.*`) \| (.*?) ?\|$/.exec(line) ?? []
  return [...commands.matchAll(/`([^`]+)`/g)].flatMap(([, words = ""]) => {
    const each = alternatives(words)
    const parts = each.length > 1 ? takes.split(" / ") : [takes]
    // Of several commands in one cell, only the last is explained.
    return each.map((command, index) => ({ command, takes: commands.includes("`, `") ? "" : parts[index] ?? "" }))
  })
})

const [, common = ""] = /^Common: ([^]*?)\n\n/m.exec(page) ?? []

const commandOf = (words: string): Command.Command | undefined =>
  words.split(" ").filter((word) => word !== word.toUpperCase()).reduce<Command.Command | undefined>(
    (command, word) => command?.children.find(({ name }) => name === word),
    holdfast
  )

const flagsIn = (text: string): ReadonlyArray<string> => text.match(/--[a-z_-]+/g) ?? []

/** Flags with the values that they have if they are not given: `--a (1)`, or `--a --b (1 each)`. */
const standardsIn = (text: string): ReadonlyArray<readonly [name: string, value: string]> =>
  [...text.matchAll(/((?:--[a-z-]+ )+)\((\w+)( each)?\)/g)].flatMap(([, names = "", value = "", each]) =>
    flagsIn(names).slice(each === undefined ? -1 : 0).map((name) => [name, value] as const)
  )

const flagOf = (command: string, name: string): Flag<unknown> | undefined =>
  commandOf(command)?.flags.find((flag) => flag.name === name)

describe("today's command line", () => {
  it("is read from the page", () => {
    expect(rows).toHaveLength(16)
    expect(rows.flatMap(({ takes }) => flagsIn(takes))).toHaveLength(32)
    expect(rows.flatMap(({ takes }) => standardsIn(takes))).toHaveLength(7)
    expect(flagsIn(common)).toHaveLength(5)
  })

  it.each(rows)("has '$command' with its flags", ({ command, takes }) => {
    expect(commandOf(command)?.children).toEqual([])
    for (const name of flagsIn(takes)) expect.soft(flagOf(command, name), `${command} ${name}`).toBeDefined()
    expect(commandOf(command)?.flags.some(({ positional }) => positional === true)).toBe(/ [A-Z]+$/.test(command))
  })

  it.each(rows)("has the standards of '$command'", ({ command, takes }) => {
    for (const [name, value] of standardsIn(takes)) {
      const shown = value === "CPUs" ? "as many as there are processors" : value
      expect.soft(flagOf(command, name)?.description).toContain(`(default ${shown})`)
    }
  })

  it("names no flag that changes nothing in help", () => {
    const help = Help.of(
      holdfast.children.find(({ name }) => name === "restore")?.children[0] ?? holdfast,
      "",
      plain
    )
    expect(flagOf("restore bootstrap-db", "--block-cache-size")?.hasNoEffect).toBe(true)
    expect(help).toContain("--replay-all")
    expect(help).not.toContain("--block-cache-size")
  })

  it("has the common flags wherever they mean something", () => {
    const [storage = [], node = []] = common.split(";").map(flagsIn)
    const backups = rows.map(({ command }) => command).filter((command) =>
      /^backup (oneoff|continuously)/.test(command)
    )
    for (const { command } of rows) {
      if (command === "backup query node-state") continue
      for (const name of storage) expect.soft(flagOf(command, name), `${command} ${name}`).toBeDefined()
    }
    for (const command of [...backups, "backup query node-state"]) {
      for (const name of node) expect.soft(flagOf(command, name), `${command} ${name}`).toBeDefined()
    }
    for (const [, name = "", value] of common.matchAll(/`(--max-chunk-size|--concurrent-data-requests) \((\d+)\)`/g)) {
      for (const command of backups) expect.soft(flagOf(command, name)?.description).toContain(`(default ${value})`)
    }
    expect(flagOf("backup continuously", "--backup-service-address")?.description).toContain(
      "(default http://localhost:6186)"
    )
  })
})
