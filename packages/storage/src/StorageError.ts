/**
 * The errors of every storage, in one place.
 */
import * as Schema from "effect/Schema"

/** The operations of a storage and its capabilities, by the names of their methods. */
export const StorageOperation = Schema.Literal(
  "createBackup",
  "write",
  "read",
  "saveMetadataLines",
  "listMetadataFiles",
  "backupMetadataFile",
  "listFiles",
  "deleteFile",
  "readRange",
  "writeNew"
)
export type StorageOperation = typeof StorageOperation.Type

/**
 * Why a storage operation failed.
 *
 * - `InvalidName`: a name or handle that is not allowed (pattern, `..`, absolute, leads out of the folder). Permanent.
 * - `NotFound`: no such file. Permanent.
 * - `AlreadyExists`: a data file of that name is there; data files are never overwritten. Permanent.
 * - `NoSpace`: the disk or quota is full.
 * - `PermissionDenied`: the storage refuses us. Permanent.
 * - `CommandNotFound`: the shell or the command does not exist (ENOENT, exit status 127). Permanent.
 * - `CannotSpawn`: the system has no process, descriptor or argument space left (EAGAIN, EMFILE, E2BIG, ENOMEM).
 * - `CommandFailed`: exit status other than 0, or ended by a signal, or ended before its input did.
 * - `Timeout`: a phase of the command exceeded its deadline.
 * - `BadOutput`: the command printed no handle, several, or one that cannot be used. Permanent.
 * - `Unsupported`: the storage lacks this capability. Permanent.
 * - `Io`: anything else the system reported.
 */
export const StorageErrorReason = Schema.Literal(
  "InvalidName",
  "NotFound",
  "AlreadyExists",
  "NoSpace",
  "PermissionDenied",
  "CommandNotFound",
  "CannotSpawn",
  "CommandFailed",
  "Timeout",
  "BadOutput",
  "Unsupported",
  "Io"
)
export type StorageErrorReason = typeof StorageErrorReason.Type

/**
 * What a command was at when it exceeded a deadline: until its handle is printed and stdout is closed, taking its input,
 * producing output, or ending after the end of the data.
 */
export const CommandPhase = Schema.Literal("handle", "input", "output", "exit")
export type CommandPhase = typeof CommandPhase.Type

/** A storage operation failed. Never carries a secret: whoever makes one masks first. */
export class StorageError extends Schema.TaggedError<StorageError>("@holdfast/storage/StorageError")("StorageError", {
  operation: StorageOperation,
  reason: StorageErrorReason,
  /** The backup, file name or file handle that the operation was about; the storage where a capability is missing. */
  subject: Schema.String,
  /** What happened, and what the operator can do about it. */
  detail: Schema.String,
  /** The first line of the command that was run, secrets masked. */
  command: Schema.optional(Schema.String),
  /** The parameters that the command was given. */
  parameters: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })),
  /** Exit status of the command, where it ended by itself. */
  exitCode: Schema.optional(Schema.Int),
  /** Signal that ended the command. */
  signal: Schema.optional(Schema.String),
  /** What the command was at, for `Timeout`. */
  phase: Schema.optional(CommandPhase),
  /** The last bytes that the command wrote to stderr, secrets masked. */
  stderr: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const command = this.command === undefined ? "" : `; command: ${this.command}`
    const parameters = Object.entries(this.parameters ?? {}).map(([name, value]) => `${name}=${value}`)
    const given = parameters.length === 0 ? "" : ` (${parameters.join(" ")})`
    const said = lastLines(this.stderr ?? "")
    const tail = said === "" ? "" : `; it said: ${said}`
    return `${this.operation} of ${this.subject}: ${this.detail}${command}${given}${tail}`
  }
}

/** The message shows this much of what a command said; `stderr` has more. */
const shownLines = 10
const shownCharacters = 2_000

const lastLines = (text: string): string => {
  const lines = text.trimEnd().split("\n").slice(-shownLines).join("\n")
  return lines.length > shownCharacters ? `…${lines.slice(-shownCharacters)}` : lines
}

const permanent: ReadonlySet<StorageErrorReason> = new Set([
  "InvalidName",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "CommandNotFound",
  "BadOutput",
  "Unsupported"
])

/**
 * Whether trying again can help. This is the one place that decides it. A retried write needs a fresh file name where
 * names must be new: the attempt before may have left something under the old one.
 */
export const isRetryable = (error: StorageError): boolean => !permanent.has(error.reason)
