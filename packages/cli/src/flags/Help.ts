/**
 * What `--help` prints, at most 80 columns wide.
 */
import type { Style } from "../terminal/Style.ts"
import { wrap } from "../terminal/Wrap.ts"
import * as BuiltInFlags from "./BuiltInFlags.ts"
import { type Command, takesRest } from "./Command.ts"
import * as Examples from "./Examples.ts"
import { usage } from "./Flag.ts"

/** Help about a command. `path` is how it is called: `holdfast backup verify`. */
export const of = (command: Command, path: string, style: Style): string => {
  const required = command.flags.filter((flag) => flag.required || flag.takesRest === true).map((flag) =>
    ` ${usage(flag)}`
  )
  const examples = Examples.of(path)
  const follows = command.children.length > 0
    ? " COMMAND [FLAGS]"
    : `${required.join("")}${takesRest(command) ? "" : " [FLAGS]"}`
  return [
    ...wrap(`${command.description}.`, 0),
    "",
    ...packed(`${path}${follows}`.split(/ (?=--|\[)/), 7, 0).map((line, index) =>
      index === 0 ? `${style.bold("Usage")}  ${line.trimStart()}` : line
    ),
    "",
    ...(command.children.length > 0
      ? section("Commands", leaves(command, ""), style)
      : section(
        "Flags",
        command.flags.filter(({ hasNoEffect }) => hasNoEffect !== true).map((flag) => [usage(flag), flag.description]),
        style
      )),
    ...section(
      "With every command",
      [BuiltInFlags.help, ...BuiltInFlags.all].map((flag) => [usage(flag), flag.description]),
      style
    ),
    ...(examples.length === 0 ? [] : [
      style.bold(examples.length === 1 ? "Example" : "Examples"),
      ...examples.flatMap(({ line, what }) => [...wrap(what, 2), ...continued(line).map(style.accent)])
    ])
  ].join("\n").trimEnd()
}

const columns = 80

/** A command line, broken into several where one is too narrow; flags keep their values. */
const continued = (line: string): ReadonlyArray<string> => {
  const lines = packed(line.split(/ (?=--|>)/), 6, " \\".length)
  return lines.map((each, index) => index < lines.length - 1 ? `${each} \\` : each)
}

/** Parts packed into lines that leave `spare` columns free. Lines after the first are indented two columns more. */
const packed = (parts: ReadonlyArray<string>, indent: number, spare: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + part.length + spare <= columns) lines.push(`${lines.pop()} ${part}`)
    else lines.push(`${" ".repeat(lines.length === 0 ? indent : indent + 2)}${part}`)
  }
  return lines
}

/** All commands that do something, by their words. */
const leaves = (command: Command, before: string): ReadonlyArray<readonly [words: string, description: string]> =>
  command.children.flatMap((child) => {
    const words = `${before}${child.name}`
    return child.children.length > 0 ? leaves(child, `${words} `) : [[words, child.description] as const]
  })

const section = (
  title: string,
  entries: ReadonlyArray<readonly [term: string, description: string]>,
  style: Style
): ReadonlyArray<string> => [
  style.bold(title),
  ...entries.flatMap(([term, description]) => [`  ${style.accent(term)}`, ...wrap(description, 6)]),
  ""
]
