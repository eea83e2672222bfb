/**
 * Which exit code stands for what. Scripts rely on them: this is the only place that decides.
 *
 * Source: the command line page of the design, "Exit codes".
 */
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import type { CliError } from "./CliError.ts"

/** Everything that was asked for is done; for verify: everything is valid. */
export const done = 0

/** The backup is invalid or incomplete, or does not hold what was asked for. */
export const invalidBackup = 1

/** Wrong usage or configuration; nothing was attempted. */
export const usage = 2

/** The node, the storage, this program, or the writing of its result failed. */
export const failed = 3

/** The target is not what the command may write to. */
export const refused = 4

/** The signals that stop a command cleanly. */
export type Signal = "SIGHUP" | "SIGINT" | "SIGTERM"

const fatalSignal = 128
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/** As a shell reports a process that the signal ended. */
export const ofSignal = (signal: Signal): number => fatalSignal + signalNumbers[signal]

export const ofError = (error: CliError): number => {
  switch (error._tag) {
    case "InvalidBackup":
    case "LedgerDataNotFound":
      return invalidBackup
    case "UsageError":
    case "ConfigError":
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
