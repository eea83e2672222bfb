/**
 * The standard streams: results on stdout, everything else on stderr, and one line at the bottom of a terminal that
 * shows how far the work is.
 */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Style from "./Style.ts"

/** What the standard streams offer. */
export interface Service {
  /** Writes to stdout; done when the system has taken or refused it. A reader that went away is no error. */
  readonly out: (text: string) => Effect.Effect<void>
  /** Why stdout lacks something that was written to it: a full disk. */
  readonly outError: () => Error | undefined
  /** Writes to stderr. No effect, since loggers are none. */
  readonly err: (text: string) => void
  /** Shows a line below everything else on stderr, in place of the one before; an empty one takes it away. */
  readonly status: (line: string) => void
  /** Can stderr show a status line, and how wide may it be? */
  readonly statusWidth: () => number | undefined
  /** How wide a line on stdout may be. */
  readonly outWidth: () => number
  /** Styles for either stream. */
  readonly outStyle: Style.Style
  readonly errStyle: Style.Style
}

/** The standard streams. */
export class Stdio extends Context.Tag("@holdfast/cli/Stdio")<Stdio, Service>() {}

/** What is needed of a stream of Node. */
export interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string, written?: (error?: Error | null) => void) => boolean
}

/** What the environment says about terminals. */
export interface Environment {
  /** `NO_COLOR` is set, or the terminal knows no escape sequences. */
  readonly noColour: boolean
  /** Nobody watches: `CI` is set, or the terminal knows no escape sequences. */
  readonly noStatus: boolean
}

const defaultColumns = 80
const readerGone = "EPIPE"
const clearLine = "\r\u001b[2K"

/** The standard streams over these. */
export const make = (stdout: TextStream, stderr: TextStream, environment: Environment): Service => {
  const live = stderr.isTTY === true && !environment.noStatus
  let status = ""
  /** The first one: those after it say that the stream is closed. */
  let outError: NodeJS.ErrnoException | undefined
  const clear = () => {
    if (status !== "") stderr.write(clearLine)
  }
  const restore = () => {
    if (status !== "") stderr.write(status)
  }
  const style = (stream: TextStream) => stream.isTTY === true && !environment.noColour ? Style.coloured : Style.plain
  return {
    out: (text) =>
      Effect.async<void>((resume) => {
        clear()
        stdout.write(text, (error) => {
          outError ??= error ?? undefined
          restore()
          resume(Effect.void)
        })
      }),
    outError: () => outError?.code === readerGone ? undefined : outError,
    err: (text) => {
      clear()
      stderr.write(text)
      restore()
    },
    status: (line) => {
      if (!live || line === status) return
      clear()
      status = line
      restore()
    },
    statusWidth: () => live ? stderr.columns ?? defaultColumns : undefined,
    outWidth: () => stdout.columns ?? defaultColumns,
    outStyle: style(stdout),
    errStyle: style(stderr)
  }
}

const isSet = (name: string): Effect.Effect<boolean, ConfigError> =>
  Effect.map(Config.withDefault(Config.string(name), ""), (value) => value !== "")

/** What the environment of this process says. */
export const environment: Effect.Effect<Environment, ConfigError> = Effect.gen(function*() {
  const dumb = (yield* Config.withDefault(Config.string("TERM"), "")) === "dumb"
  return { noColour: dumb || (yield* isSet("NO_COLOR")), noStatus: dumb || (yield* isSet("CI")) }
})

/** The standard streams of this process. */
export const layer: Layer.Layer<Stdio> = Layer.effect(
  Stdio,
  Effect.map(Effect.orDie(environment), (found) => {
    // A reader that went away (`| head`) must not end a backup.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined)
    return make(process.stdout, process.stderr, found)
  })
)
