/**
 * The keys that settings have in a configuration file and in the environment.
 *
 * A key is the name of a flag without its dashes. At the top of a file it counts for all commands that have the flag, below
 * the name of a command or group for that alone. A variable has the same words, in capital letters:
 *
 * | flag | of | key | variable |
 * |---|---|---|---|
 * | `--local-fs-dir` | every command | `local-fs-dir` | `HOLDFAST_LOCAL_FS_DIR` |
 * | `--local-fs-dir` | `holdfast backup …` | `backup.local-fs-dir` | `HOLDFAST_BACKUP_LOCAL_FS_DIR` |
 * | `--lease` | `holdfast backup continuously` | `backup.continuously.lease` | `HOLDFAST_BACKUP_CONTINUOUSLY_LEASE` |
 */
import type { Located } from "../flags/Arguments.ts"
import { settable } from "../flags/BuiltInFlags.ts"
import { type Command, takesRest } from "../flags/Command.ts"
import type { Flag } from "../flags/Flag.ts"

/** The key of a flag. */
export const keyOf = (flag: Flag<unknown>): string => flag.name.replace(/^--/, "")

/** The path of a key as people write it: `backup.continuously.lease`. */
export const pathText = (section: ReadonlyArray<string>, key: string): string => [...section, key].join(".")

/** The name of the variable for a key in a section. */
export const variableOf = (section: ReadonlyArray<string>, key: string): string =>
  ["HOLDFAST", ...section, key].join("_").replaceAll("-", "_").toUpperCase()

/** The variable that names the configuration file. */
export const configVariable = "HOLDFAST_CONFIG"

/** The flags that can be set for a command that does something. */
export const flagsOf = (command: Command): ReadonlyArray<Flag<unknown>> =>
  takesRest(command) ? [] : [...command.flags, ...settable]

/** The flags that can be set for a command and all below it, by key: several commands may have a flag of one name. */
export const flagsBelow = (command: Command): ReadonlyMap<string, ReadonlyArray<Flag<unknown>>> => {
  const found = new Map<string, Array<Flag<unknown>>>()
  const visit = (each: Command): void => {
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

/** Do flags of one name take the same kind of value, so that one value can serve all of them? */
export const haveOneMeaning = (flags: ReadonlyArray<Flag<unknown>>): boolean =>
  new Set(flags.map(({ placeholder }) => placeholder)).size === 1

/** All commands that do something, with the words that lead to them. */
export const leavesOf = (
  command: Command,
  words: ReadonlyArray<string> = []
): ReadonlyArray<Located> =>
  command.children.length === 0
    ? [{ command, words }]
    : command.children.flatMap((child) => leavesOf(child, [...words, child.name]))

/** All commands and groups, with the words that lead to them, outer ones first. */
export const sectionsOf = (
  command: Command,
  words: ReadonlyArray<string> = []
): ReadonlyArray<Located> => [
  { command, words },
  ...command.children.flatMap((child) => sectionsOf(child, [...words, child.name]))
]

/** All variables that set something, by name, with the keys that they stand for. */
export const variablesOf = (root: Command): ReadonlyMap<string, string> =>
  new Map(
    sectionsOf(root).flatMap(({ command, words }) =>
      [...flagsBelow(command).keys()].map((key) => [variableOf(words, key), pathText(words, key)] as const)
    )
  )
