/**
 * The standard streams: results on stdout, everything else on stderr, and a status line at the bottom of a terminal.
 */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Style from "./Style.ts"

/** What the standard streams offer. */
export interface Service {
  /** Writes to stdout; done when the system took or refused the text. A reader that went away is no error. */
  readonly out: (text: string) => Effect.Effect<void>
  /** Why a write to stdout failed, such as a full disk. */
  readonly outError: () => Error | undefined
  /** Writes to stderr. Not an Effect, since loggers are plain functions. */
  readonly err: (text: string) => void
  /** Shows a status line below everything else on stderr, in place of the previous one; an empty line removes it. */
  readonly status: (line: string) => void
  /** How wide a status line on stderr may be, in columns; nothing where stderr cannot show one. */
  readonly statusWidth: () => number | undefined
  /** How wide a line on stdout may be, in columns. */
  readonly outWidth: () => number
  /** The style of each stream. */
  readonly outStyle: Style.Style
  readonly errStyle: Style.Style
}

/** The standard streams. */
export class Stdio extends Context.Tag("@holdfast/cli/Stdio")<Stdio, Service>() {}

/** The part of a Node stream that is used. */
export interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string, written?: (error?: Error | null) => void) => boolean
}

/** What the environment says about terminals. */
export interface Environment {
  /** `NO_COLOR` is set, or the terminal knows no escape sequences. */
  readonly noColour: boolean
  /** No status line: `CI` is set, or the terminal knows no escape sequences. */
  readonly noStatus: boolean
}

const defaultColumns = 80
const readerGone = "EPIPE"
const clearLine = "\r\u001b[2K"

/** The standard streams over these. */
export const make = (stdout: TextStream, stderr: TextStream, environment: Environment): Service => {
  const live = stderr.isTTY === true && !environment.noStatus
  let status = ""
  /** The first error; later ones only say that the stream is closed. */
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

/** What the environment of this process says about terminals. */
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
