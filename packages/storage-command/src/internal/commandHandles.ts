/**
 * The handles that can be given to a shell command: the rule of the command adapter.
 */
import { fileHandleFault } from "@holdfast/storage/StorageNames"

/** Why a file handle cannot be given to a shell command; nothing where it can. */
export const commandHandleFault = (handle: string): string | undefined => {
  const fault = fileHandleFault(handle)
  if (fault !== undefined) return fault
  if (handle.startsWith("-")) return "the file handle begins with '-', which commands take for an option"
  return /^[A-Za-z0-9._/:@%+=,~-]+$/.test(handle)
    ? undefined
    : "the file handle has characters other than letters, digits and ._/:@%+=,~-"
}
