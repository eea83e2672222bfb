/**
 * What a shell can offer while a command line is typed: commands, flags and values.
 */
import * as Arr from "effect/Array"
import * as Arguments from "../flags/Arguments.ts"
import * as BuiltInFlags from "../flags/BuiltInFlags.ts"
import { type Command, takesRest } from "../flags/Command.ts"
import type { Flag } from "../flags/Flag.ts"
import * as SettingKeys from "../settings/SettingKeys.ts"

/** What a shell can offer for the value of a flag. A toggle has none. */
export type ValueKind =
  | { readonly _tag: "None" }
  | { readonly _tag: "Words"; readonly words: ReadonlyArray<string> }
  | { readonly _tag: "Files" }
  | { readonly _tag: "Folders" }
  | { readonly _tag: "Other" }

export interface FlagCandidate {
  readonly name: string
  readonly description: string
  readonly repeated: boolean
  readonly value: ValueKind
}

/** A command or group as a shell sees it: how it is called, and what can follow. */
export interface Place {
  readonly path: string
  readonly commands: ReadonlyArray<Pick<Command, "description" | "name">>
  readonly flags: ReadonlyArray<FlagCandidate>
  /** The words of another command follow, from the root on. */
  readonly takesRest: boolean
  /** What the positional argument takes. */
  readonly argument: ValueKind
}

/** All commands and groups of a tree, outer ones first. */
export const of = (root: Command): ReadonlyArray<Place> =>
  SettingKeys.sectionsOf(root).map(({ command, words }) => {
    const positional = command.flags.find((flag) => flag.positional === true)
    const isLeaf = command.children.length === 0 && !takesRest(command)
    return {
      path: Arguments.called(root, words),
      commands: command.children,
      flags: isLeaf
        ? [
          ...command.flags.filter(({ hasNoEffect }) => hasNoEffect !== true),
          ...BuiltInFlags.all,
          BuiltInFlags.help
        ].map(candidate)
        : [candidate(BuiltInFlags.help)],
      takesRest: takesRest(command),
      argument: positional === undefined || takesRest(command) ? { _tag: "None" } : valueOf(positional)
    }
  })

const candidate = (flag: Flag<unknown>): FlagCandidate => ({
  name: flag.name,
  description: flag.description,
  repeated: flag.repeated,
  value: valueOf(flag)
})

const valueOf = ({ isPath, placeholder }: Flag<unknown>): ValueKind => {
  if (placeholder === undefined) return { _tag: "None" }
  if (placeholder.includes("|")) return { _tag: "Words", words: placeholder.split("|") }
  if (placeholder === "PATH") return { _tag: "Files" }
  if (isPath !== true) return { _tag: "Other" }
  return { _tag: placeholder === "DIR" ? "Folders" : "Files" }
}

/** The flags that take a value, with its kind. Where flags of one name differ, each has the path of its command. */
const valuesOf = (places: ReadonlyArray<Place>): ReadonlyArray<FlagValue> => {
  const all = places.flatMap(({ flags, path }) =>
    flags.filter(({ value }) => value._tag !== "None").map(({ name, value }): FlagValue => ({
      name,
      path,
      kind: value
    }))
  )
  return Object.values(Arr.groupBy(all, ({ name }) => name)).flatMap((same): ReadonlyArray<FlagValue> => {
    const [first] = same
    return first !== undefined && same.every(({ kind }) => keyOf(kind) === keyOf(first.kind))
      ? [{ ...first, path: undefined }]
      : same
  })
}

interface FlagValue {
  readonly name: string
  readonly path: string | undefined
  readonly kind: ValueKind
}

/** Equal kinds have equal texts. */
const keyOf = (kind: ValueKind): string => kind._tag === "Words" ? `Words ${kind.words.join(" ")}` : kind._tag

/** A text in single quotes for a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The patterns of a shell for "PLACE FLAG", by the kind of the value. */
export const patternsByKind = (
  places: ReadonlyArray<Place>
): ReadonlyArray<{ readonly kind: ValueKind; readonly patterns: string }> => {
  const groups = new Map<string, { readonly kind: ValueKind; readonly patterns: Array<string> }>()
  for (const { kind, name, path } of valuesOf(places)) {
    const group = groups.get(keyOf(kind)) ?? { kind, patterns: [] }
    group.patterns.push(path === undefined ? `*${quoted(` ${name}`)}` : quoted(`${path} ${name}`))
    groups.set(keyOf(kind), group)
  }
  return [...groups.values()].map(({ kind, patterns }) => ({ kind, patterns: patterns.join(" | ") }))
}

/** The patterns of a shell for these places. */
export const pathPatterns = (places: ReadonlyArray<Place>): string => places.map(({ path }) => quoted(path)).join(" | ")
