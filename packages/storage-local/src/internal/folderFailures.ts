/**
 * Says what went wrong with a file of the local folder.
 */
import type { PlatformError } from "@effect/platform/Error"
import type { StorageErrorReason, StorageOperation } from "@holdfast/storage/StorageError"
import { StorageError } from "@holdfast/storage/StorageError"

/** The system's own code for an error (`ENOSPC`), where it has one. */
export const codeOf = (error: PlatformError): string | undefined => {
  const cause: unknown = error.cause
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
}

/** Whether the system said that something is not there. */
export const isMissing = (error: PlatformError): boolean => {
  const code = codeOf(error)
  return code === "ENOENT" || code === "ENOTDIR" || (error._tag === "SystemError" && error.reason === "NotFound")
}

/** Whether the system said that something is there already. */
export const isPresent = (error: PlatformError): boolean =>
  codeOf(error) === "EEXIST" || (error._tag === "SystemError" && error.reason === "AlreadyExists")

export const make = (operation: StorageOperation, subject: string) => {
  const failure = (reason: StorageErrorReason, detail: string) =>
    new StorageError({ operation, reason, subject, detail })
  return {
    failure,
    /** What an error of the system means for this operation. */
    system: (error: PlatformError): StorageError => {
      if (isMissing(error)) {
        return failure("NotFound", "there is no such file or folder: check the folder of the storage")
      }
      if (isPresent(error)) {
        return failure("AlreadyExists", "it exists already, and files are never overwritten: choose a new name")
      }
      switch (codeOf(error)) {
        case "ELOOP":
        case "ENAMETOOLONG":
          return failure("InvalidName", "its path goes in circles or is too long: check the handle and symbolic links")
        case "ENOSPC":
        case "EDQUOT":
        case "EFBIG":
          return failure("NoSpace", "the disk or quota is full: free some space, then try again")
        case "EACCES":
        case "EPERM":
        case "EROFS":
          return failure(
            "PermissionDenied",
            "this user may not do that here: check owner and permissions of the folder"
          )
        default:
          return failure("Io", `the system reported: ${error.message}`)
      }
    }
  }
}

export type FolderFailures = ReturnType<typeof make>
