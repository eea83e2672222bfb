/**
 * The keys that settings have in a configuration file, and in the environment.
 *
 * A key is the name of a flag without its dashes. It stands at the top and counts for all commands that have the flag, or
 * below the names of commands, and counts for these alone. A variable has the same words, in capital letters:
 *
 * | flag | of | key | variable |
 * |---|---|---|---|
 * | `--local-fs-dir` | every command | `local-fs-dir` | `HOLDFAST_LOCAL_FS_DIR` |
 * | `--local-fs-dir` | `holdfast backup …` | `backup.local-fs-dir` | `HOLDFAST_BACKUP_LOCAL_FS_DIR` |
 * | `--lease` | `holdfast backup continuously` | `backup.continuously.lease` | `HOLDFAST_BACKUP_CONTINUOUSLY_LEASE` |
 */
import { type Located, settable } from "../flags/Arguments.ts"
import type { CommandShape } from "../flags/CommandTree.ts"
import type { FlagShape } from "../flags/Flag.ts"

/** The key of a flag. */
export const keyOf = (flag: FlagShape): string => flag.name.replace(/^--/, "")

/** The path of a key as people write it: `backup.continuously.lease`. */
export const pathText = (section: ReadonlyArray<string>, key: string): string => [...section, key].join(".")

/** The name of the variable for a key in a section. */
export const variableOf = (section: ReadonlyArray<string>, key: string): string =>
  ["HOLDFAST", ...section, key].join("_").replaceAll("-", "_").toUpperCase()

/** The variable that names the configuration file. */
export const configVariable = "HOLDFAST_CONFIG"

/** The flags that can be set for a command that does something. */
export const flagsOf = (command: CommandShape): ReadonlyArray<FlagShape> =>
  command.passes === true ? [] : [...command.flags, ...settable]

/** The flags that can be set for a command and all below it, by key: of several commands there may be several. */
export const flagsBelow = (command: CommandShape): ReadonlyMap<string, ReadonlyArray<FlagShape>> => {
  const found = new Map<string, Array<FlagShape>>()
  const visit = (each: CommandShape): void => {
    each.children.forEach(visit)
    if (each.children.length > 0) return
    for (const flag of flagsOf(each)) {
      const flags = found.get(keyOf(flag))
      if (flags === undefined) found.set(keyOf(flag), [flag])
      else flags.push(flag)
    }
  }
  visit(command)
  return found
}

/** Do flags of one name mean the same, so that one value can be for all of them? */
export const isOneThing = (flags: ReadonlyArray<FlagShape>): boolean =>
  new Set(flags.map(({ placeholder }) => placeholder)).size === 1

/** All commands that do something, with the words that lead to them. */
export const leavesOf = (
  command: CommandShape,
  words: ReadonlyArray<string> = []
): ReadonlyArray<Located> =>
  command.children.length === 0
    ? [{ command, words }]
    : command.children.flatMap((child) => leavesOf(child, [...words, child.name]))

/** All commands and groups, with the words that lead to them, outer ones first. */
export const sectionsOf = (
  command: CommandShape,
  words: ReadonlyArray<string> = []
): ReadonlyArray<Located> => [
  { command, words },
  ...command.children.flatMap((child) => sectionsOf(child, [...words, child.name]))
]

/** All variables that say something, by name, with the keys that they stand for. */
export const variablesOf = (root: CommandShape): ReadonlyMap<string, string> =>
  new Map(
    sectionsOf(root).flatMap(({ command, words }) =>
      [...flagsBelow(command).keys()].map((key) => [variableOf(words, key), pathText(words, key)] as const)
    )
  )
