import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Arguments from "../../src/flags/Arguments.ts"
import * as Command from "../../src/flags/Command.ts"
import * as Flag from "../../src/flags/Flag.ts"
import * as Values from "../../src/flags/Values.ts"

const number = Values.integer("N")
const strict = Flag.toggle("strict", "refuses more")
const concurrency = Flag.withDefault("concurrency", number, "how many at once", 1)
const run = () => Effect.void

const transaction = Command.leaf("transaction", "takes some", {
  start: Flag.required("start-version", number, "where to begin"),
  count: Flag.required("num_transactions", number, "how many"),
  trust: Flag.repeated("trust-waypoint", Values.text("N"), "whom to trust"),
  strict,
  concurrency
}, run)
const reader = Command.leaf("read", "takes an argument", {
  path: Flag.argument("path", Values.text("N"), "what to read"),
  strict
}, run)
const looker = Command.leaf("look", "takes another command", { args: Flag.rest("args", "[COMMAND]", "which") }, run)
const group = Command.group("backup", "", [transaction, reader], [concurrency])
const root = Command.group("holdfast", "", [group, looker])

const command = "backup transaction --start-version 0 --num_transactions 5"

const read = (line: string) => Arguments.read(root, line.split(" ").filter((word) => word !== ""))

/** What was read, each flag in its full form; or what is wrong. */
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
            onRight: () => [...found.words, ...found.given.map(({ flag, value }) => `${flag.name} ${value}`)].join(" ")
          })
      }
    }
  })

/** What the values come to that the arguments give; or what is wrong. */
const valuesOf = <F extends Command.Flags>(flags: F, line: string) => {
  let values: Command.ValuesOf<F> | undefined
  const leaf = Command.leaf("leaf", "", flags, (found) => {
    values = found
    return Effect.void
  })
  const textsOf = (given: ReadonlyArray<Arguments.Given>) => (flag: Flag.Flag<unknown>) =>
    given.filter((each) => each.flag === flag).map(({ value }) => value)
  return Arguments.flagsOf(leaf, "leaf", line.split(" ").filter((word) => word !== "")).pipe(
    Either.flatMap((given) => leaf.action(textsOf(given))),
    Either.match({ onLeft: ({ message }) => message, onRight: () => values })
  )
}

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
    ["a toggle", `${command} --strict`, `${command} --strict true`],
    [
      "a log level, wherever it stands",
      `${command} --log-level=debug --strict`,
      `${command} --log-level debug --strict true`
    ],
    [
      "built-in flags of any command",
      `${command} --quiet --progress=json`,
      `${command} --quiet true --progress json`
    ],
    ["an argument", "backup read a.meta --strict", "backup read --path a.meta --strict true"],
    ["an argument by its name", "backup read --strict --path=a.meta", "backup read --strict true --path a.meta"],
    ["a toggle that is taken back", `${command} --strict=false`, `${command} --strict false`],
    ["a configuration", `${command} --config holdfast.yaml`, `${command} --config holdfast.yaml`],
    [
      "the arguments of another command",
      "look backup transaction --strict",
      "look --args backup --args transaction --args --strict"
    ],
    [
      "an early flag before the command, as today's tool has it",
      `backup --concurrency 2 ${command.replace("backup ", "")}`,
      "backup transaction --concurrency 2 --start-version 0 --num_transactions 5"
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
      + "'--start-version', '--num_transactions', '--trust-waypoint', '--strict', '--concurrency', '--output'"
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
    [
      "backup --concurrency=2 read a",
      "'holdfast backup read' has no flag '--concurrency': its flags are '--path', '--strict', '--output'"
    ],
    ["backup --concurrency 2", "which command? the commands of 'holdfast backup' are 'transaction', 'read'"],
    [
      "backup --concurrency --strict transaction",
      "'--strict' stands before the command that it belongs to: the commands of 'holdfast backup' are 'transaction', "
      + "'read'"
    ],
    [
      `backup --concurrency 2 ${command.replace("backup ", "")} --concurrency 3`,
      "the flag '--concurrency' is given twice"
    ],
    [
      `${command} --log-level loud`,
      "--log-level loud: 'all' or 'trace' or 'fatal' or 'debug' or 'info' or 'warning' or 'error' or 'none' expected"
    ],
    ["backup transaction --strict", "'holdfast backup transaction' needs --start-version N and --num_transactions N"]
  ])("refuses '%s'", (line, message) => {
    expect(formOf(line)).toBe(message)
  })

  it("reads typed values, each with its default", () => {
    const flags = {
      first: Flag.required("first", number, "required"),
      second: Flag.optional("second", number, "optional"),
      third: Flag.withDefault("third", Values.versionBound, "with a default", 7),
      fourth: Flag.repeated("fourth", number, "repeated"),
      fifth: Flag.toggle("fifth", "a toggle")
    }
    expect(valuesOf(flags, "--first 1")).toEqual({
      first: 1,
      second: Option.none(),
      third: 7,
      fourth: [],
      fifth: false
    })
    expect(valuesOf(flags, "--first 1 --second 2 --third 18446744073709551615 --fourth 3 --fourth 4 --fifth")).toEqual({
      first: 1,
      second: Option.some(2),
      third: undefined,
      fourth: [3, 4],
      fifth: true
    })
    expect(valuesOf(flags, "--first 1 --fourth 3 --fourth x")).toBe("--fourth x: a decimal number expected")
    expect(valuesOf(flags, "--fifth=false")).toBe("--first is missing")
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
