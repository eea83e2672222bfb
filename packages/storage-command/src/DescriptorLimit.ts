/**
 * Whether the limit of open files has room for all storage commands that may be alive at once.
 *
 * Source: the storage page of the specification, "What has to hold", 4.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** What else the program has open: files, sockets to the node, the runtime's own. */
export const defaultReserve = 64

/** Its standard streams. */
const streamsOfCommand = 3

/** The inner pipes of a command (`gzip -c | upload` has one) are held open while it is ended. */
const pipesOfCommand = 4

/** A start needs the command's ends of the streams, a pipe for the answer, and a look into /proc. */
const whileStarting = 8

/**
 * How many descriptors the program needs at most: `reserve + 8 + 7 × maxCommands`. Each command has three streams, and up
 * to four pipes are held while it is ended; a start takes eight for a moment, and starts come one after the other.
 */
export const descriptorsNeeded = (maxCommands: number, reserve: number = defaultReserve): number =>
  reserve + whileStarting + (streamsOfCommand + pipesOfCommand) * maxCommands

/** The soft limit of open files in the text of `/proc/self/limits`, if it names one. */
export const softLimit = (limits: string): Option.Option<number> => {
  const found = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits)?.[1]
  if (found === undefined) return Option.none()
  return Option.some(found === "unlimited" ? Number.POSITIVE_INFINITY : Number(found))
}

/** What {@link checkDescriptorLimit} found. */
export interface DescriptorLimit {
  readonly needed: number
  /** Nothing where the system does not tell. */
  readonly limit: Option.Option<number>
  readonly isEnough: boolean
}

/**
 * Compares the need with the limit, and warns where it is too low. For the start of a program. Where the system does not
 * tell its limit it counts as enough.
 */
export const checkDescriptorLimit = (
  options: { readonly maxCommands: number; readonly reserve?: number }
): Effect.Effect<DescriptorLimit, never, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const needed = descriptorsNeeded(options.maxCommands, options.reserve)
    const limits = yield* Effect.option(fs.readFileString("/proc/self/limits"))
    const limit = Option.flatMap(limits, softLimit)
    const isEnough = Option.getOrElse(limit, () => Number.POSITIVE_INFINITY) >= needed
    if (!isEnough) {
      yield* Effect.logWarning(
        `up to ${options.maxCommands} storage commands at once need ${needed} open files, but the limit is ${
          Option.getOrElse(limit, () => 0)
        }: raise it (ulimit -n ${needed}) or lower the number of commands`
      )
    }
    return { needed, limit, isEnough }
  })
