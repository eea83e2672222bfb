/**
 * The exit codes, which scripts rely on. This module alone chooses them.
 */
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import type { CliError } from "./CliError.ts"

/** Done; for verify: everything is valid. */
export const done = 0

/** The backup is invalid or incomplete, or lacks the data that were asked for. */
export const invalidBackup = 1

/** Wrong usage or configuration; nothing was attempted. */
export const usage = 2

/** The node, the storage or this program failed, or the result could not be written. */
export const failed = 3

/** The target is not what the command may write to. */
export const refused = 4

/** The signals that stop a command cleanly. */
export type Signal = "SIGHUP" | "SIGINT" | "SIGTERM"

const fatalSignal = 128
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/** The code by which a shell reports a process that the signal ended. */
export const ofSignal = (signal: Signal): number => fatalSignal + signalNumbers[signal]

export const ofError = (error: CliError): number => {
  switch (error._tag) {
    case "InvalidBackup":
    case "LedgerDataNotFound":
      return invalidBackup
    case "UsageError":
    case "CommandConfigError":
    case "ConfigFileError":
    case "ImpossibleRequest":
      return usage
    case "BackupServiceError":
      return error.reason === "InvalidAddress" ? usage : failed
    case "StorageError":
    case "SourceMismatch":
    case "LocalStateError":
    case "CannotServe":
    case "DemoFolderError":
      return failed
    case "LedgerStoreError":
      return error.reason === "Refused" ? refused : failed
    case "LedgerStoreOpenError":
      return ofOpenError(error.reason)
    case "DevnetError":
    case "RestoreRefused":
    case "StorageChanged":
      return refused
  }
}

const ofOpenError = (reason: LedgerStoreError.LedgerStoreOpenError["reason"]): number => {
  switch (reason) {
    case "Missing":
      return usage
    case "Foreign":
    case "NewerFormat":
    case "OtherNetwork":
    case "InUse":
      return refused
    case "Corrupt":
    case "Io":
      return failed
  }
}
