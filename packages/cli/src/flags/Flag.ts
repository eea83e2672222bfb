/**
 * A flag: one description that the parser, help, suggestions, completions, configuration and provenance all read.
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Values from "./Values.ts"

/** A flag whose given texts come to an `A`. */
export interface Flag<out A> {
  /** With its dashes. */
  readonly name: string
  /** Stands for a value in help; a toggle takes none. */
  readonly placeholder: string | undefined
  readonly description: string
  readonly required: boolean
  readonly repeated: boolean
  /** The value may stand alone, without the name before it. */
  readonly positional?: true
  /** All that follows the command belongs to this flag, flags of another command included. */
  readonly takesRest?: true
  /** The default, as text. */
  readonly defaultText?: string
  /** See `Kind.isPath`. */
  readonly isPath?: true
  /** Of the flags of one group, only the one counts that is set nearest to the command. */
  readonly exclusiveGroup?: string
  /** The flag is accepted and changes nothing, so help does not name it. */
  readonly hasNoEffect?: true
  /** Reads one value; that of a toggle is `true` or `false`. */
  readonly parse: (text: string) => Values.Parsed<unknown>
  /** Reads what all given texts come to. Fails with the flag, the text and what is wrong with it. */
  readonly read: (texts: ReadonlyArray<string>) => Values.Parsed<A>
}

type Options = Partial<
  Pick<Flag<unknown>, "defaultText" | "exclusiveGroup" | "hasNoEffect" | "positional" | "repeated" | "required">
>

const make = <A, B>(
  name: string,
  { isPath, parse, placeholder }: Values.Kind<A>,
  description: string,
  options: Options,
  combine: (given: ReadonlyArray<A>) => Values.Parsed<B>
): Flag<B> => ({
  name: `--${name}`,
  placeholder,
  description,
  required: false,
  repeated: false,
  ...(isPath === undefined ? {} : { isPath }),
  ...options,
  parse,
  read: (texts) =>
    Either.flatMap(
      Either.all(texts.map((text) => Either.mapLeft(parse(text), (why) => `--${name} ${text}: ${why}`))),
      combine
    )
})

const first = (name: string) => <A>(given: ReadonlyArray<A>): Values.Parsed<A> =>
  Either.fromOption(Arr.head(given), () => `--${name} is missing`)

/** A flag that must be given. */
export const required = <A>(name: string, kind: Values.Kind<A>, description: string, more: Options = {}): Flag<A> =>
  make(name, kind, description, { required: true, ...more }, first(name))

/** An argument that must be given: `PATH`, or like any flag `--path PATH`. */
export const argument = <A>(name: string, kind: Values.Kind<A>, description: string): Flag<A> =>
  required(name, kind, description, { positional: true })

/** A flag that may be given. */
export const optional = <A>(
  name: string,
  kind: Values.Kind<A>,
  description: string,
  more: Options = {}
): Flag<Option.Option<A>> => make(name, kind, description, more, (given) => Either.right(Arr.head(given)))

/** A flag with a default, which help shows as `shown`. */
export const withDefault = <A>(
  name: string,
  kind: Values.Kind<A>,
  description: string,
  value: A,
  shown = String(value)
): Flag<A> =>
  make(
    name,
    kind,
    `${description} (default ${shown})`,
    { defaultText: typeof value === "number" ? String(value) : shown },
    (given) => Either.right(Option.getOrElse(Arr.head(given), () => value))
  )

/** A flag that may be given many times. */
export const repeated = <A>(name: string, kind: Values.Kind<A>, description: string): Flag<ReadonlyArray<A>> =>
  make(name, kind, `${description}; may be repeated`, { repeated: true }, Either.right)

/** A flag that is there or not. `--name=false` takes back what the configuration says. */
export const toggle = (name: string, description: string, more: Options = {}): Flag<boolean> => ({
  ...make(
    name,
    { placeholder: "", parse: Values.parseBoolean },
    description,
    { defaultText: "false", ...more },
    ([given = false]) => Either.right(given)
  ),
  placeholder: undefined
})

/** All words that follow a command, which may be another command with its flags. */
export const rest = (name: string, placeholder: string, description: string): Flag<ReadonlyArray<string>> => ({
  ...make(name, Values.text(placeholder), description, { positional: true }, Either.right),
  takesRest: true
})

/** A flag as people type it: `--start-epoch EPOCH`, `--strict`, or `PATH` alone. */
export const usage = ({ name, placeholder, positional }: Flag<unknown>): string =>
  placeholder === undefined ? name : positional === true ? placeholder : `${name} ${placeholder}`
