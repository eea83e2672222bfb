/**
 * The commands as a tree: what @effect/cli parses, and beside it the plain shape that {@link Arguments} checks arguments
 * against.
 */
import * as Descriptor from "@effect/cli/CommandDescriptor"
import * as Options from "@effect/cli/Options"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CliError, UsageError } from "../exit/CliError.ts"
import type { StopBound } from "../exit/Stop.ts"
import type { Output } from "../terminal/Output.ts"
import { argument, type Flag, type FlagShape } from "./Flag.ts"
import * as Values from "./Values.ts"

/** A command as it is written: sub-commands, or flags. */
export interface CommandShape {
  readonly name: string
  readonly description: string
  readonly children: ReadonlyArray<CommandShape>
  readonly flags: ReadonlyArray<FlagShape>
  /** What follows is another command with its flags, and the one flag of this one holds all of it. */
  readonly passes?: boolean
}

/** A command that was parsed, ready to run. */
export type Action = Effect.Effect<
  void,
  CliError,
  Output | StopBound | FileSystem.FileSystem | HttpClient.HttpClient | Path.Path
>

/** A command: its shape, and the parser that turns arguments into its action. */
export interface CommandTree {
  readonly shape: CommandShape
  readonly parser: Descriptor.Command<Action>
}

/** The flags of a command, by the names that its handler knows them by. */
export const flags = <const Flags extends Record<string, Flag<unknown>>>(record: Flags) => ({
  options: Options.all(record),
  shapes: Object.values(record).map((flag) => flag.shape)
})

/** A command that does something. */
export const leaf = <A>(
  name: string,
  description: string,
  { options, shapes }: { readonly options: Options.Options<A>; readonly shapes: ReadonlyArray<FlagShape> },
  handler: (flags: A) => Action
): CommandTree => ({
  shape: { name, description, children: [], flags: shapes },
  parser: Descriptor.make(name, options).pipe(
    Descriptor.withDescription(description),
    Descriptor.map((parsed) => handler(parsed.options))
  )
})

/**
 * A command about another command: what follows are the words and the flags of that one, which need not be complete.
 */
export const passing = (
  name: string,
  description: string,
  handler: (args: ReadonlyArray<string>) => Action
): CommandTree => {
  const { parser, shape } = leaf(
    name,
    description,
    flags({
      args: argument({
        name: "args",
        placeholder: "[COMMAND [FLAGS]]",
        description: "A command, with flags as one would give it, or some of them",
        parse: Values.words
      })
    }),
    ({ args }) => handler(args)
  )
  return { parser, shape: { ...shape, passes: true } }
}

/** A command that has others below it. */
export const group = (
  name: string,
  description: string,
  children: readonly [CommandTree, ...ReadonlyArray<CommandTree>]
): CommandTree => {
  const [first, ...rest] = children
  return {
    shape: { name, description, children: children.map((child) => child.shape), flags: [] },
    parser: Descriptor.make(name).pipe(
      Descriptor.withDescription(description),
      Descriptor.withSubcommands([
        [first.shape.name, first.parser],
        ...rest.map((child) => [child.shape.name, child.parser] as const)
      ]),
      Descriptor.map((parsed): Action =>
        Option.match(parsed.subcommand, {
          onNone: () => new UsageError({ detail: `'${name}' needs a command` }),
          onSome: ([, action]) => action
        })
      )
    )
  }
}
