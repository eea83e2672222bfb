/**
 * The flags that every command understands.
 */
import * as LogLevel from "effect/LogLevel"
import * as Flag from "./Flag.ts"
import * as Values from "./Values.ts"

/** Shows help instead of running the command. `-h` is the same. */
export const help: Flag.Flag<boolean> = Flag.toggle("help", "Show what a command does and takes")

/** Shows the version instead of running the command. */
export const version: Flag.Flag<boolean> = Flag.toggle("version", "Show the version")

/** Which configuration file to read. */
export const config = Flag.optional(
  "config",
  Values.file,
  "YAML file with flags that are not given here: docs/configuration.md (or $HOLDFAST_CONFIG)"
)

/** How a command tells its result and its errors. */
export const output = Flag.withDefault(
  "output",
  Values.oneOf(["text", "json"]),
  "Text for people, or one JSON document on stdout",
  "text"
)

/** The lowest level of logs that are shown. */
export const logLevel = Flag.withDefault(
  "log-level",
  Values.oneOf(["debug", "info", "warning", "error", "none"], ["all", "trace", "fatal"]),
  "Show logs from this level on",
  "info"
)

/** The levels that the words of `--log-level` stand for. */
export const logLevels = {
  all: LogLevel.All,
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  fatal: LogLevel.Fatal,
  none: LogLevel.None
} as const

/** How progress is shown. */
export const progress = Flag.withDefault(
  "progress",
  Values.oneOf(["auto", "json", "none"]),
  "Form of progress on stderr; json writes a line for each event",
  "auto"
)

/** Whether only results, warnings and errors are shown. */
export const quiet: Flag.Flag<boolean> = Flag.toggle("quiet", "Show nothing but results, warnings and errors")

/** The flags that the configuration can set, too. */
export const settable: ReadonlyArray<Flag.Flag<unknown>> = [output, logLevel, progress, quiet]

/** All that the parser reads; `--help` counts wherever it stands. */
export const all: ReadonlyArray<Flag.Flag<unknown>> = [config, ...settable, version]
