import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Arguments from "../../src/flags/Arguments.ts"
import type * as CommandTree from "../../src/flags/CommandTree.ts"

const flag = (name: string, more: { required?: boolean; repeated?: boolean; toggle?: boolean } = {}) => ({
  name,
  placeholder: more.toggle === true ? undefined : "N",
  description: name,
  required: more.required ?? false,
  repeated: more.repeated ?? false
})

const leaf: CommandTree.CommandShape = {
  name: "transaction",
  description: "takes some",
  children: [],
  flags: [
    flag("--start-version", { required: true }),
    flag("--num_transactions", { required: true }),
    flag("--trust-waypoint", { repeated: true }),
    flag("--strict", { toggle: true })
  ]
}
const reader: CommandTree.CommandShape = {
  name: "read",
  description: "takes an argument",
  children: [],
  flags: [{ ...flag("--path", { required: true }), positional: true }, flag("--strict", { toggle: true })]
}
const group: CommandTree.CommandShape = { name: "backup", description: "", children: [leaf, reader], flags: [] }
const looker: CommandTree.CommandShape = {
  name: "look",
  description: "takes another command",
  children: [],
  flags: [{ ...flag("--args"), positional: true }],
  passes: true
}
const root: CommandTree.CommandShape = { name: "holdfast", description: "", children: [group, looker], flags: [] }

const command = "backup transaction --start-version 0 --num_transactions 5"

const read = (line: string) => Arguments.read(root, line.split(" ").filter((word) => word !== ""))
const formOf = (line: string) =>
  Either.match(read(line), {
    onLeft: (error) => error.message,
    onRight: (found) => {
      switch (found._tag) {
        case "Help":
          return `help: ${Arguments.called(root, found.words)}`
        case "Version":
          return "version"
        case "Run":
          return Either.match(Arguments.missing(found, Arguments.called(root, found.words), found.given), {
            onLeft: (error) => error.message,
            onRight: () => Arguments.form(found.words, found.given).join(" ")
          })
      }
    }
  })

describe("Arguments", () => {
  it.each([
    ["as they are", command, command],
    ["with =", "backup transaction --start-version=0 --num_transactions=5", command],
    ["spelt with dashes", "backup transaction --start-version 0 --num-transactions 5", command],
    ["spelt with underscores", "backup transaction --start_version 0 --num_transactions 5", command],
    [
      "repeated",
      `${command} --trust-waypoint a --trust-waypoint b`,
      `${command} --trust-waypoint a --trust-waypoint b`
    ],
    ["a value with =", `${command} --trust-waypoint=a=b`, `${command} --trust-waypoint a=b`],
    ["a value with a dash", `${command} --trust-waypoint -1`, `${command} --trust-waypoint -1`],
    ["a toggle", `${command} --strict`, `${command} --strict`],
    [
      "a log level, wherever it stands",
      `${command} --log-level=debug --strict`,
      command.replace("transaction", "transaction --log-level debug") + " --strict"
    ],
    ["how progress is told, which is no matter of the command", `${command} --quiet --progress=json`, command],
    ["an argument", "backup read a.meta --strict", "backup read --path a.meta --strict"],
    ["an argument by its name", "backup read --strict --path=a.meta", "backup read --strict --path a.meta"],
    ["a toggle that is taken back", `${command} --strict=false`, command],
    ["a configuration", `${command} --config holdfast.yaml`, command],
    [
      "the arguments of another command",
      "look backup transaction --strict",
      "look --args [\"backup\",\"transaction\",\"--strict\"]"
    ],
    ["the version of any command", "backup transaction --version", "version"],
    ["the version of none", "--version", "version"],
    ["help about a command", "backup transaction --strict --help", "help: holdfast backup transaction"],
    ["help about a group", "backup -h", "help: holdfast backup"],
    ["help about all", "--help", "help: holdfast"]
  ])("reads %s", (_, line, form) => {
    expect(formOf(line)).toBe(form)
  })

  it.each([
    ["", "which command? the commands of 'holdfast' are 'backup', 'look'"],
    ["backup", "which command? the commands of 'holdfast backup' are 'transaction', 'read'"],
    [
      "bakcup",
      "there is no command 'holdfast bakcup'; did you mean 'backup'?; the commands of 'holdfast' are 'backup', 'look'"
    ],
    ["restore", "there is no command 'holdfast restore'; the commands of 'holdfast' are 'backup', 'look'"],
    [
      "--strict backup",
      "'--strict' stands before the command that it belongs to: the commands of 'holdfast' are 'backup', 'look'"
    ],
    [`${command} --stirct`, "'holdfast backup transaction' has no flag '--stirct': did you mean '--strict'?"],
    [
      `${command} --color`,
      "'holdfast backup transaction' has no flag '--color': its flags are "
      + "'--start-version', '--num_transactions', '--trust-waypoint', '--strict'"
    ],
    [
      `${command} extra`,
      "'holdfast backup transaction' takes no argument 'extra', only flags; see 'holdfast backup transaction --help'"
    ],
    ["backup read", "'holdfast backup read' needs N"],
    [
      "backup read a b",
      "'holdfast backup read' takes no argument 'b', only flags; see 'holdfast backup read --help'"
    ],
    [`${command} --strict=yes`, "the flag '--strict' takes no value"],
    [`${command} --start_version 1`, "the flag '--start-version' is given twice"],
    [
      `${command} --trust-waypoint`,
      "the flag '--trust-waypoint' needs a value; see 'holdfast backup transaction --help'"
    ],
    [
      `${command} --trust-waypoint=`,
      "the flag '--trust-waypoint' needs a value; see 'holdfast backup transaction --help'"
    ],
    [
      `${command} --trust-waypoint --strict`,
      "the flag '--trust-waypoint' needs a value; see 'holdfast backup transaction --help'"
    ],
    ["backup transaction --strict", "'holdfast backup transaction' needs --start-version N and --num_transactions N"]
  ])("refuses '%s'", (line, message) => {
    expect(formOf(line)).toBe(message)
  })

  it.each([
    ["backup verify --output json", "json"],
    ["--output=json", "json"],
    ["backup --output text", "text"],
    ["backup json --output", "text"]
  ])("sees the output format of '%s'", (line, format) => {
    expect(Arguments.outputFormat(line.split(" "))).toBe(format)
  })
})
