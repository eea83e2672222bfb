/**
 * What the programs say while they run: a line each on stderr, since stdout belongs to their result.
 */
import * as Logger from "effect/Logger"

export const layer = Logger.replace(
  Logger.defaultLogger,
  Logger.make(({ message }) => process.stderr.write(`${[message].flat().join(" ")}\n`))
)
