/**
 * The variables of the environment that belong to this program: those whose names begin with `HOLDFAST_`.
 */
import * as Context from "effect/Context"
import type { Command } from "../flags/Command.ts"
import { editDistance } from "../flags/Suggestion.ts"
import * as SettingKeys from "./SettingKeys.ts"

/** The environment, by name; the environment of this process unless a test provides another. */
export class Variables extends Context.Reference<Variables>()("@holdfast/cli/Variables", {
  defaultValue: (): Readonly<Record<string, string | undefined>> => process.env
}) {}

const shortest = "HOLDFAST_".length + 6
const farthest = 2

/** Unknown variables that are a letter or two away from a known one, so likely misspelt. Other programs may own the rest. */
export const misspelt = (
  root: Command,
  variables: Readonly<Record<string, string | undefined>>
): ReadonlyArray<{ readonly name: string; readonly meant: string }> => {
  const given = Object.keys(variables).filter((name) => name.startsWith("HOLDFAST_") && name.length >= shortest)
  if (given.length === 0) return []
  const known = new Set([SettingKeys.configVariable, ...SettingKeys.variablesOf(root).keys()])
  return given.filter((name) => !known.has(name)).flatMap((name) => {
    const meant = [...known].find((each) =>
      Math.abs(each.length - name.length) <= farthest && editDistance(name, each) <= farthest
    )
    return meant === undefined ? [] : [{ name, meant }]
  })
}
