/**
 * Logs go to stderr: lines for people, or JSON lines beside `--output json`.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type { Format } from "./Output.ts"
import { printable } from "./Printable.ts"
import { Stdio } from "./Stdio.ts"
import type { Style } from "./Style.ts"

/** Text of storages and nodes in logs must not control a terminal, and must not begin a line of its own. */
const shown = (text: string): string => printable(text).replaceAll("\n", "\n  ")

const messageOf = (message: unknown): string =>
  (Array.isArray(message) ? message : [message]).map((part) => Inspectable.toStringUnknown(part, 0)).join(" ")

const textLogger = (style: Style): Logger.Logger<unknown, string> =>
  Logger.make(({ annotations, cause, date, logLevel, message }) => {
    const level = logLevel.label.toLowerCase()
    const levelShown = LogLevel.greaterThanEqual(logLevel, LogLevel.Error)
      ? style.bad(level)
      : LogLevel.greaterThanEqual(logLevel, LogLevel.Warning)
      ? style.warn(level)
      : style.dim(level)
    const notes = [...HashMap.entries(annotations)].map(([key, value]) =>
      ` ${key}=${Inspectable.toStringUnknown(value, 0)}`
    )
    const why = Cause.isEmpty(cause) ? "" : `\n  ${shown(Cause.pretty(cause))}`
    return `${style.dim(date.toISOString().slice(11, 19))} ${levelShown} ${shown(messageOf(message))}${
      style.dim(shown(notes.join("")))
    }${why}`
  })

/** A value that JSON can hold stays as it is. */
const noteOf = (value: unknown): unknown =>
  value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)
    ? value
    : Inspectable.toStringUnknown(value, 0)

const jsonLogger: Logger.Logger<unknown, string> = Logger.make(({ annotations, cause, date, logLevel, message }) =>
  JSON.stringify({
    // First, so that no annotation overrides the fields of every line.
    ...Object.fromEntries(HashMap.map(annotations, noteOf)),
    time: date.toISOString(),
    level: logLevel.label.toLowerCase(),
    message: messageOf(message),
    ...(Cause.isEmpty(cause) ? {} : { cause: Cause.pretty(cause) })
  })
)

/** The logger for an output format, in place of the default one. Logs below the level are not shown. */
export const layer = (format: Format, level: LogLevel.LogLevel = LogLevel.Info): Layer.Layer<never, never, Stdio> =>
  Layer.unwrapEffect(
    Effect.map(Stdio, (stdio) => {
      const logger = format === "json" ? jsonLogger : textLogger(stdio.errStyle)
      return Layer.merge(
        Logger.replace(Logger.defaultLogger, Logger.map(logger, (line) => stdio.err(`${line}\n`))),
        Logger.minimumLogLevel(level)
      )
    })
  )
