/**
 * What an error of a storage tells the doctor: which part of the configuration is to blame, and what to do.
 */
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Check from "./Check.ts"

/** The check that is about this error, where there is a special one. */
export const checkOf = (error: StorageError.StorageError): Check.CheckId | undefined => {
  if (error.reason === "Timeout" && error.phase === "handle") return "stdout-closed"
  if (error.reason === "BadOutput") return "handle-printed"
  if (error.reason === "CommandNotFound") return "tools-on-path"
  if (/: unbound variable$/m.test(error.stderr ?? "")) return "variables-set"
  return undefined
}

/** The finding of a check whose storage operation failed. */
export const found = (error: StorageError.StorageError): Check.Finding => {
  const about = checkOf(error)
  if (about !== undefined) return Check.failed("configuration", error.message, `see '${about}'`)
  const culprit = error.reason === "InvalidName" || error.reason === "Unsupported" ? "configuration" : "system"
  return Check.failed(culprit, error.message, adviceFor(error))
}

const adviceFor = (error: StorageError.StorageError): string => {
  switch (error.reason) {
    case "PermissionDenied":
      return "give this user access to the storage"
    case "NoSpace":
      return "make room in the storage"
    case "CannotSpawn":
      return "raise the limits of processes and open files of this user, or lower --max-commands"
    case "Timeout":
      return "find out what the command waits for; raise --command-deadline if the storage is only slow"
    case "Unsupported":
      return error.detail
    default:
      return error.command === undefined
        ? "see that the storage is there and that this user may write to it"
        : "run the command by hand with these parameters; credentials, bucket and folder are the usual suspects"
  }
}
