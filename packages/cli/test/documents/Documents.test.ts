/** The commands that the documents show against the commands and flags that there are. */
import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { holdfast } from "../../src/commands/Holdfast.ts"
import * as Arguments from "../../src/flags/Arguments.ts"
import type * as Command from "../../src/flags/Command.ts"
import { documents, read } from "../support/documents.ts"

/** The command lines in the code blocks of a document. A line that ends in `\` and its continuation are one. */
const commandLines = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^ *```(?:sh)?\n(.*?)^ *```$/gms)].flatMap(([, block = ""]) =>
    block.replaceAll(/\s*\\\n\s*/g, " ").split("\n")
  )

/** The arguments of a line that runs Holdfast; `undefined` for any other line. */
const argumentsOf = (line: string): ReadonlyArray<string> | undefined => {
  const [, given] = /^(?:npm start --|(?:docker run .* )?holdfast) +([a-z-].*)$/.exec(line.trim()) ?? []
  return given?.replace(/ [|&>#].*$/, "").split(/ +/)
}

/** The command of these words; `undefined` where there is none. */
const commandOf = (words: string): Command.Command | undefined =>
  words.split(" ").reduce<Command.Command | undefined>(
    (command, word) => command?.children.find(({ name }) => name === word),
    holdfast
  )

const withCommands = documents.filter((name) =>
  commandLines(read(name)).some((line) => argumentsOf(line) !== undefined)
)

it("many documents show commands", () => {
  expect(withCommands.length).toBeGreaterThan(5)
})

describe.each(withCommands)("%s", (name) => {
  it("shows commands that exist, with flags that they have", () => {
    for (const line of commandLines(read(name))) {
      const args = argumentsOf(line)
      if (args === undefined || args.length === 1 && args[0] === "--version") continue
      const found = Either.match(Arguments.read(holdfast, args), {
        onLeft: ({ message }) => message,
        onRight: () => "fine"
      })
      expect([line, found]).toEqual([line, "fine"])
    }
  })
})

describe("docs/migrating.md", () => {
  const page = read("docs/migrating.md")
  const commands = [...page.matchAll(/^\| `([a-z- ]+)` \| (same|not there)/gm)]
  const flags = [...page.matchAll(/^\| `([a-z- ]+)` \| `(--[\w-]+)` \| (.*?) ?\| (same|not there)/gm)]

  it("says of each command of today's tool whether it is here", () => {
    expect(commands.length).toBeGreaterThan(10)
    for (const [, words = "", here] of commands) {
      expect([words, commandOf(words) === undefined ? "not there" : "same"]).toEqual([words, here])
    }
  })

  it("says of each of its flags whether it is here, with the same standard", () => {
    expect(flags.length).toBeGreaterThan(30)
    for (const [, words = "", name, standard, here] of flags) {
      const flag = commandOf(words)?.flags.find((each) => each.name === name)
      expect([words, name, flag === undefined ? "not there" : "same"]).toEqual([words, name, here])
      const shown = standard === "" ? "" : `${standard})`
      expect([name, flag?.description.includes(shown) ?? true]).toEqual([name, true])
    }
  })

  it("leaves no flag of the facts about today's tool out", () => {
    const known = read("docs/spec/operations.md").match(/--[a-z][\w-]+/g) ?? []
    expect(known.length).toBeGreaterThan(20)
    const named = new Set(flags.map(([, , name]) => name))
    expect([...new Set(known)].filter((name) => !named.has(name))).toEqual([])
  })
})
