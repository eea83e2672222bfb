/**
 * Says what went wrong with a storage command, with everything that helps and nothing that is secret.
 */
import * as Secrets from "@holdfast/storage/Secrets"
import type { CommandPhase, StorageErrorReason } from "@holdfast/storage/StorageError"
import { StorageError } from "@holdfast/storage/StorageError"
import { maxHandleLength } from "@holdfast/storage/StorageNames"
import { type CommandKey, commandKeys, type CommandOperation } from "../CommandKeys.ts"
import type { ExitStatus } from "./processSystem.ts"

export interface Said {
  readonly text: string
  readonly cut: boolean
}

export interface CommandFailures {
  /** The key of the command in its configuration. */
  readonly key: CommandKey
  readonly mask: (text: string) => string
  /** The first line of the command that is not a comment, masked. */
  readonly command: string
  /** What the command said, masked and fit for a terminal. */
  readonly said: (said: Said) => string
  /** The command as logs speak of it. */
  readonly spokenOf: string
  readonly cannotStart: (error: NodeJS.ErrnoException) => StorageError
  readonly exited: (status: ExitStatus, said: Said, inputEnded: boolean) => StorageError
  readonly unread: (said: Said) => StorageError
  readonly inputRefused: (error: NodeJS.ErrnoException, said: Said) => StorageError
  readonly timeout: (phase: CommandPhase, detail: string, said: Said) => StorageError
  readonly badOutput: (detail: string, said: Said) => StorageError
  readonly io: (detail: string) => StorageError
}

export const make = (options: {
  readonly operation: CommandOperation
  readonly subject: string
  readonly script: string
  readonly environment: ReadonlyArray<readonly [name: string, value: string]>
  readonly parameters: Readonly<Record<string, string>>
}): CommandFailures => {
  const maskSecrets = Secrets.ofCommand(options.environment)
  const mask = (text: string) => maskSecrets(text)
  const key = commandKeys[options.operation]
  const command = firstLine(mask(options.script))
  const parameters = Object.fromEntries(Object.entries(options.parameters).map(([each, value]) => [each, mask(value)]))
  const subject = mask(options.subject)

  const tell = (said: Said): string => printable(maskSecrets(said.text, said.cut))

  const failure = (
    reason: StorageErrorReason,
    detail: string,
    more: { readonly said?: Said; readonly status?: ExitStatus; readonly phase?: CommandPhase } = {}
  ): StorageError =>
    new StorageError({
      operation: options.operation,
      reason,
      subject,
      detail: mask(detail),
      command,
      parameters,
      ...(typeof more.status?.code === "number" ? { exitCode: more.status.code } : {}),
      ...(typeof more.status?.signal === "string" ? { signal: more.status.signal } : {}),
      ...(more.phase === undefined ? {} : { phase: more.phase }),
      ...(more.said === undefined ? {} : { stderr: tell(more.said) })
    })

  return {
    key,
    mask,
    command,
    said: tell,
    spokenOf: `${key} command for ${subject}`,
    cannotStart: (error) => {
      const [reason, detail] = cannotStart(error)
      return failure(reason, detail)
    },
    exited: (status, said, inputEnded) => {
      const [reason, detail] = exited(key, status, said.text, inputEnded)
      return failure(reason, detail, { said, status })
    },
    unread: (said) =>
      failure("CommandFailed", `${key} exited with status 0, but left some of its data unread`, {
        said,
        status: { code: 0, signal: null }
      }),
    inputRefused: (error, said) =>
      failure("CommandFailed", `${key} closed its input before all data was in (${error.code ?? error.message})`, {
        said
      }),
    timeout: (phase, detail, said) => failure("Timeout", `${detail}; it was ended`, { phase, said }),
    badOutput: (detail, said) => failure("BadOutput", detail, { said }),
    io: (detail) => failure("Io", detail)
  }
}

const cannotStart = (error: NodeJS.ErrnoException): readonly [StorageErrorReason, string] => {
  switch (error.code) {
    case "ENOENT":
      return ["CommandNotFound", "bash was not found: install it, and see that PATH names its folder"]
    case "EACCES":
    case "EPERM":
      return ["PermissionDenied", "bash may not be executed by this user"]
    case "EAGAIN":
    case "ENOMEM":
      return [
        "CannotSpawn",
        `no process could be started (${error.code}): raise the limit of processes or lower maxCommands`
      ]
    case "EMFILE":
    case "ENFILE":
      return [
        "CannotSpawn",
        `no descriptor is left (${error.code}): raise the limit of open files or lower maxCommands`
      ]
    case "E2BIG":
      return ["CannotSpawn", "the command and its environment are too long for this system (E2BIG): shorten env_vars"]
    default:
      return ["CannotSpawn", `the shell could not be started (${error.code ?? error.message})`]
  }
}

const exited = (
  key: CommandKey,
  status: ExitStatus,
  said: string,
  inputEnded: boolean
): readonly [StorageErrorReason, string] => {
  const early = inputEnded ? "" : " before its input had ended"
  if (status.code === null) return ["CommandFailed", `${key} was ended by ${status.signal ?? "a signal"}${early}`]
  if (status.code === 127) {
    return [
      "CommandNotFound",
      `a program of ${key} was not found (status 127): install it, and see that PATH names its folder`
    ]
  }
  if (status.code === 0) return ["CommandFailed", `${key} exited with status 0${early}: it did not read its data`]
  const hint = /\/dev\/std(in|out|err): No such device or address/.test(said)
    ? "; its standard streams are sockets: use >&2, >&1 or <&0 instead of opening them by name"
    : ""
  return ["CommandFailed", `${key} exited with status ${status.code}${early}${hint}`]
}

const firstLine = (script: string): string => {
  const lines = script.split("\n").map((line) => line.trim()).filter((line) => line !== "")
  const line = lines.find((text) => !text.startsWith("#")) ?? lines[0] ?? ""
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

/** Progress bars and colours would garble the operator's terminal. */
const printable = (text: string): string =>
  text
    .replace(/(?![\r\n\t])\p{Cc}\[[0-9;?]*[ -/]*[@-~]/gu, "")
    .replace(/\r\n?/g, "\n")
    .replace(/(?![\n\t])\p{Cc}/gu, "\u00b7")
    .trimEnd()

/** What is wrong with the output of a command that should be one handle, if anything. */
export const handleFault = (bytes: Uint8Array): string | undefined => {
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).trimEnd()
  } catch {
    return "it printed a handle that is not UTF-8 text"
  }
  if (text === "") return "it printed no handle: a command must print it on stdout"
  if (/[\r\n]/.test(text)) return "it printed several lines where one handle was expected"
  if (text.length > maxHandleLength) return `it printed a handle of more than ${maxHandleLength} characters`
  if (/\p{Cc}/u.test(text)) return "it printed a handle with control characters"
  return undefined
}
