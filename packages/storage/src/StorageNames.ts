/**
 * The rules for names, handles and lines that callers hand to a storage.
 */
import type { StorageOperation } from "./StorageError.ts"
import { StorageError } from "./StorageError.ts"

/**
 * The pattern that every backup name and file name matches in full: 3 to 127 characters that are safe in shell commands
 * and paths.
 */
export const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{2,126}$/

/** Longer handles than any object store has names. */
export const maxHandleLength = 1024

/** Shows a hostile text in a message: bounded, without control characters. */
export const shown = (text: string): string => {
  const cut = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return JSON.stringify(cut)
}

const invalid = (operation: StorageOperation, subject: string, detail: string): StorageError =>
  new StorageError({ operation, reason: "InvalidName", subject: shown(subject), detail })

/** What is wrong with the name of a backup or file, if anything. */
export const nameError = (operation: StorageOperation, name: string): StorageError | undefined =>
  namePattern.test(name)
    ? undefined
    : invalid(
      operation,
      name,
      "this name is not allowed: names have 3 to 127 characters out of letters, digits, '.', '_' and '-', and begin "
        + "with a letter or digit"
    )

/** What is wrong with lines of metadata, if anything. */
export const linesError = (
  operation: StorageOperation,
  name: string,
  lines: ReadonlyArray<string>
): StorageError | undefined =>
  lines.some((line) => /[\r\n]/.test(line))
    ? invalid(
      operation,
      name,
      "a line of metadata contains a line break: pass one JSON object, written compactly, a line"
    )
    : undefined

/** What a metadata file of these lines contains. */
export const metadataText = (lines: ReadonlyArray<string>): Uint8Array =>
  new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))

/** Why a file handle cannot be one of a file inside of the storage, if it cannot. */
export const fileHandleFault = (handle: string): string | undefined => {
  if (handle === "") return "the file handle is empty"
  if (handle.length > maxHandleLength) return `the file handle is longer than ${maxHandleLength} characters`
  if (/\p{Cc}/u.test(handle)) return "the file handle contains control characters"
  if (handle.startsWith("/")) return "the file handle is an absolute path"
  if (handle.split("/").some((segment) => segment.replace(/%2e/gi, ".") === "..")) {
    return "the file handle leads out of the storage by '..'"
  }
  return undefined
}
