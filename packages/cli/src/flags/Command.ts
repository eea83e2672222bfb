/**
 * The commands as a tree: groups that lead to commands, and commands with their flags and what they do.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type CliError, UsageError } from "../exit/CliError.ts"
import type * as Shutdown from "../exit/Shutdown.ts"
import type { Output } from "../terminal/Output.ts"
import type { Flag } from "./Flag.ts"

/** What a command does once its flags are read. */
export type Action = Effect.Effect<
  void,
  CliError,
  Output | Shutdown.Deadline | FileSystem.FileSystem | HttpClient.HttpClient | Path.Path
>

/** The texts that were set for a flag, from arguments or configuration; none where nobody set the flag. */
export type TextsOf = (flag: Flag<unknown>) => ReadonlyArray<string>

/** A command, or a group of commands. */
export interface Command {
  readonly name: string
  readonly description: string
  /** The commands of a group; a group has no flags. */
  readonly children: ReadonlyArray<Command>
  readonly flags: ReadonlyArray<Flag<unknown>>
  /** Of a group: flags of its commands that may also stand before the name of the command. */
  readonly earlyFlags: ReadonlyArray<Flag<unknown>>
  /** Reads the flags. Fails with the first one whose text is no value. */
  readonly action: (textsOf: TextsOf) => Either.Either<Action, UsageError>
}

/** Flags by the names that a handler knows them by. */
export type Flags = Readonly<Record<string, Flag<unknown>>>

/** What flags come to, by the same names. */
export type ValuesOf<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer A> ? A : never
}

/** A command that does something. */
export const leaf = <const F extends Flags>(
  name: string,
  description: string,
  flags: F,
  handler: (values: ValuesOf<F>) => Action
): Command => ({
  name,
  description,
  children: [],
  flags: Object.values(flags),
  earlyFlags: [],
  action: (textsOf) => Either.map(read(flags, textsOf), handler)
})

const read = <F extends Flags>(flags: F, textsOf: TextsOf): Either.Either<ValuesOf<F>, UsageError> => {
  const values: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(flags)) {
    const value = flag.read(textsOf(flag))
    if (Either.isLeft(value)) return Either.left(new UsageError({ detail: value.left }))
    values[name] = value.right
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every flag of F was read just now
  return Either.right(values as ValuesOf<F>)
}

/** A command that has others below it. */
export const group = (
  name: string,
  description: string,
  children: ReadonlyArray<Command>,
  earlyFlags: ReadonlyArray<Flag<unknown>> = []
): Command => ({
  name,
  description,
  children,
  flags: [],
  earlyFlags,
  action: () => Either.left(new UsageError({ detail: `'${name}' needs a command` }))
})

/** Is a command about another one, whose words and flags follow it? */
export const takesRest = ({ flags }: Command): boolean => flags.some((flag) => flag.takesRest === true)
