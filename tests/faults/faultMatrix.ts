/**
 * The fault matrix: every operation of a storage, at every moment of its command, under every cause of failure that we
 * can think of. The tests play its cells with scripted processes and with real ones.
 */
import type * as StorageError from "@holdfast/storage/StorageError"

export const operations = [
  "createBackup",
  "write",
  "read",
  "saveMetadataLines",
  "listMetadataFiles",
  "backupMetadataFile"
] as const
export type Operation = typeof operations[number]

export const moments = [
  "spawn",
  "before the handle",
  "after the handle",
  "mid data",
  "at close",
  "after close, before exit",
  "at exit"
] as const
export type Moment = typeof moments[number]

/** What the command does. */
const faultsOfCommands = [
  "exits with status 3",
  "its shell is killed from outside",
  "hangs",
  "ignores TERM",
  "closes stdin early",
  "never closes stdout",
  "prints nothing",
  "prints two lines",
  "prints a megabyte",
  "leaves a background child",
  "double forks",
  "leaves a daemon and fails"
] as const

/** What happens to the caller while the command is at that moment. */
const faultsOfCallers = ["source fails", "sibling fails", "defect", "interruption", "deadline"] as const

export const causes = [...faultsOfCommands, ...faultsOfCallers, "cannot be spawned"] as const
export type Cause = typeof causes[number]

export interface Cell {
  readonly operation: Operation
  readonly moment: Moment
  readonly cause: Cause
}

/** How a command deals with its streams. */
export type Shape = "fed" | "handle" | "read" | "silent"

export const shapeOf: Readonly<Record<Operation, Shape>> = {
  createBackup: "handle",
  write: "fed",
  read: "read",
  saveMetadataLines: "fed",
  listMetadataFiles: "read",
  backupMetadataFile: "silent"
}

const isOneOf = <A extends string>(some: ReadonlyArray<A>, value: string): value is A =>
  some.some((one) => one === value)

export const isOfCaller = (cause: Cause): cause is typeof faultsOfCallers[number] => isOneOf(faultsOfCallers, cause)

const isMisprint = (cause: Cause): boolean => cause.startsWith("prints")

/** Why there is no such cell. */
export const impossible: ReadonlyArray<readonly [reason: string, applies: (cell: Cell) => boolean]> = [
  [
    "a command that prints no handle has no moment before or after it",
    ({ moment, operation }) =>
      (moment === "before the handle" || moment === "after the handle")
      && (shapeOf[operation] === "read" || shapeOf[operation] === "silent")
  ],
  [
    "a command that only prints a handle has no data, and closes nothing but its stdout",
    ({ moment, operation }) =>
      shapeOf[operation] === "handle"
      && (moment === "mid data" || moment === "at close" || moment === "after close, before exit")
  ],
  [
    "a command that prints nothing has no data",
    ({ moment, operation }) => shapeOf[operation] === "silent" && moment === "mid data"
  ],
  [
    "only a start can fail to start",
    ({ cause, moment }) => cause === "cannot be spawned" && moment !== "spawn"
  ],
  [
    "there is no command yet that could do anything",
    ({ cause, moment }) => moment === "spawn" && isOneOf(faultsOfCommands, cause)
  ],
  [
    "a command that hangs does not get to its exit",
    ({ cause, moment }) => moment === "at exit" && (cause === "hangs" || cause === "ignores TERM")
  ],
  [
    "only a command that is fed can close its input early, and only before the end of it",
    ({ cause, moment, operation }) =>
      cause === "closes stdin early"
      && (shapeOf[operation] !== "fed" || moments.indexOf(moment) > moments.indexOf("mid data"))
  ],
  [
    "stdout is kept open at one moment: when it should be closed",
    ({ cause, moment, operation }) =>
      cause === "never closes stdout"
      && moment !== (isOneOf(["fed", "handle"], shapeOf[operation]) ? "after the handle" : "at close")
  ],
  [
    "what is no handle may be anything, and a handle is printed at one moment",
    ({ cause, moment, operation }) =>
      isMisprint(cause) && !(isOneOf(["fed", "handle"], shapeOf[operation]) && moment === "before the handle")
  ],
  [
    "only the bytes of a data file come from a source that can fail, between the handle and their end",
    ({ cause, moment, operation }) =>
      cause === "source fails"
      && !(operation === "write" && isOneOf(["after the handle", "mid data", "at close"], moment))
  ],
  [
    "nothing runs then in which a caller could have a defect: that is the source of a write and the consumer of a read",
    ({ cause, moment, operation }) =>
      cause === "defect"
      && !(operation === "write" && isOneOf(["after the handle", "mid data", "at close"], moment))
      && !(operation === "read" && moment === "mid data")
  ]
]

export const cells: ReadonlyArray<Cell> = operations.flatMap((operation) =>
  moments.flatMap((moment) => causes.map((cause) => ({ operation, moment, cause })))
)

export const possible = cells.filter((cell) => !impossible.some(([, applies]) => applies(cell)))

/** How an operation that met the fault ends. */
export type Outcome =
  | { readonly error: Partial<Pick<StorageError.StorageError, "reason" | "exitCode" | "signal">> }
  | { readonly failure: string }
  | "defect"
  | "interruption"

export const outcomeOf = ({ cause }: Cell): Outcome => {
  switch (cause) {
    case "exits with status 3":
    case "leaves a daemon and fails":
      return { error: { reason: "CommandFailed", exitCode: 3 } }
    case "its shell is killed from outside":
      return { error: { reason: "CommandFailed", signal: "SIGKILL" } }
    case "hangs":
    case "ignores TERM":
    case "never closes stdout":
    case "leaves a background child":
    case "double forks":
      return { error: { reason: "Timeout" } }
    case "closes stdin early":
      return { error: { reason: "CommandFailed" } }
    case "prints nothing":
    case "prints two lines":
    case "prints a megabyte":
      return { error: { reason: "BadOutput" } }
    case "cannot be spawned":
      return { error: { reason: "CannotSpawn" } }
    case "source fails":
    case "sibling fails":
    case "deadline":
      return { failure: cause }
    case "defect":
    case "interruption":
      return cause
  }
}

/** Whether the operation may as well have succeeded, since its command was done when the caller met the fault. */
export const mayBeDone = ({ cause, moment }: Cell): boolean => moment === "at exit" && isOfCaller(cause)

/** Whether the operation ends without waiting for any deadline of its command. */
export const isNoticedAtOnce = (cell: Cell): boolean => {
  const outcome = outcomeOf(cell)
  return typeof outcome === "string" || "failure" in outcome || outcome.error.reason !== "Timeout"
}

/** Whether the command got all of its data, so that it may publish them: whole, and nothing else. */
export const mayPublish = ({ cause, moment }: Cell): boolean =>
  cause === "leaves a background child" || cause === "double forks"
  || (moment === "at close" && cause === "its shell is killed from outside")
  || moments.indexOf(moment) > moments.indexOf("at close")

/** Whether processes lose their parent by it, so that process 1 has to reap them. */
export const leavesOrphans = ({ cause }: Cell): boolean =>
  isOneOf(
    ["its shell is killed from outside", "leaves a background child", "double forks", "leaves a daemon and fails"],
    cause
  )

export const nameOf = ({ cause, moment, operation }: Cell): string => `${operation}, ${moment}: ${cause}`
