/**
 * The keys by which a configuration names its commands. Everything else in this program speaks of operations.
 */
import type { StorageOperation } from "@holdfast/storage/StorageError"

/** The key of each operation that a command can do. */
export const commandKeys = {
  createBackup: "create_backup",
  write: "create_for_write",
  read: "open_for_read",
  saveMetadataLines: "save_metadata_line",
  listMetadataFiles: "list_metadata_files",
  backupMetadataFile: "backup_metadata_file",
  listFiles: "list_files",
  deleteFile: "delete_file"
} as const satisfies { readonly [O in StorageOperation]?: string }

/** An operation that a command can do. */
export type CommandOperation = keyof typeof commandKeys

/** The key of a command. */
export type CommandKey = typeof commandKeys[CommandOperation]

/** The variables that each command is given, beside those of the configuration and of this program. */
export const commandParameters = {
  create_backup: ["BACKUP_NAME"],
  create_for_write: ["BACKUP_HANDLE", "FILE_NAME"],
  open_for_read: ["FILE_HANDLE"],
  save_metadata_line: ["FILE_NAME"],
  list_metadata_files: [],
  backup_metadata_file: ["FILE_NAME"],
  list_files: [],
  delete_file: ["FILE_HANDLE"]
} as const satisfies { readonly [K in CommandKey]: ReadonlyArray<string> }
