/**
 * A flag: what @effect/cli parses, and with it what {@link Arguments} and {@link Help} need to know of it.
 */
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import type { Parsed } from "./Values.ts"

/** A flag as it is written. */
export interface FlagShape {
  /** With its dashes. */
  readonly name: string
  /** Stands for its value; nothing where it takes none. */
  readonly placeholder: string | undefined
  readonly description: string
  readonly required: boolean
  readonly repeated: boolean
  /** Its value may stand alone, without the name before it. */
  readonly positional?: boolean
  /** Reads one of its values; a toggle has none. */
  readonly parse?: (text: string) => Parsed<unknown>
  /** What it is where nobody says. */
  readonly standard?: string
  /** Its values are files or folders of this machine. */
  readonly isPath?: boolean
  /** Of the flags with the same text here one counts: the one that is said nearest to the command. */
  readonly rivals?: string
  /** It is taken and changes nothing, so help does not name it. */
  readonly isIgnored?: boolean
}

export interface Flag<A> extends Options.Options<A> {
  readonly shape: FlagShape
}

/** What a flag that takes a value is about. */
export interface Spec<A> {
  /** Without dashes. */
  readonly name: string
  readonly placeholder: string
  readonly description: string
  readonly parse: (text: string) => Parsed<A>
  readonly isPath?: boolean
  readonly rivals?: string
}

/** A flag that must be given. */
export const required = <A>(spec: Spec<A>): Flag<A> => make(spec, single(spec), { required: true })

/** An argument that must be given: `PATH`, or like any flag `--path PATH`. */
export const argument = <A>(spec: Spec<A>): Flag<A> => make(spec, single(spec), { required: true, positional: true })

/** A flag that may be given. */
export const optional = <A>(spec: Spec<A>): Flag<Option.Option<A>> => make(spec, Options.optional(single(spec)))

/** A flag with a standard value, which help shows as `shown`. */
export const standard = <A>(spec: Spec<A>, value: A, shown = String(value)): Flag<A> =>
  make(
    { ...spec, description: `${spec.description} (default ${shown})` },
    Options.withDefault(single(spec), value),
    { standard: typeof value === "number" ? String(value) : shown }
  )

/** A flag that may be given many times. */
export const repeated = <A>(spec: Spec<A>): Flag<ReadonlyArray<A>> =>
  make(
    { ...spec, description: `${spec.description}; may be repeated` },
    text(spec).pipe(Options.repeated, Options.mapEffect((texts) => Either.all(texts.map(reader(spec))))),
    { repeated: true }
  )

/** A flag that is there or not. */
export const toggle = (name: string, description: string, more: Pick<FlagShape, "rivals"> = {}): Flag<boolean> =>
  make({ name, description, placeholder: undefined, ...more }, Options.boolean(name), { standard: "false" })

/** A flag as its shape knows it: without the name, which has dashes there. */
type Shaped = Pick<FlagShape, "description" | "isPath" | "parse" | "placeholder" | "rivals"> & { readonly name: string }

/** A flag that is taken and changes nothing. */
export const ignored = <A>(flag: Flag<A>): Flag<A> => Object.assign(flag, { shape: { ...flag.shape, isIgnored: true } })

const make = <A>(
  { description, isPath, name, parse, placeholder, rivals }: Shaped,
  options: Options.Options<A>,
  more: Partial<Pick<FlagShape, "positional" | "repeated" | "required" | "standard">> = {}
): Flag<A> => {
  const shape: FlagShape = {
    name: `--${name}`,
    placeholder,
    description,
    required: false,
    repeated: false,
    ...(parse === undefined ? {} : { parse }),
    ...(isPath === undefined ? {} : { isPath }),
    ...(rivals === undefined ? {} : { rivals }),
    ...more
  }
  return Object.assign(options, { shape })
}

const text = <A>({ name, placeholder }: Spec<A>): Options.Options<string> =>
  Options.text(name).pipe(Options.withPseudoName(placeholder))

const single = <A>(spec: Spec<A>): Options.Options<A> => Options.mapEffect(text(spec), reader(spec))

const reader = <A>({ name, parse }: Spec<A>) => (given: string) =>
  Either.mapLeft(parse(given), (why) => ValidationError.invalidValue(HelpDoc.p(`--${name} ${given}: ${why}`)))
