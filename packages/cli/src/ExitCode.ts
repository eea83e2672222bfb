/**
 * Which exit code stands for what. Scripts rely on them: this is the only place that decides.
 *
 * Source: the command line page of the design, "Exit codes".
 *
 * @since 0.1.0
 */
import type { LedgerStoreError } from "@holdfast/ledger-store"
import type { CliError } from "./CliError.ts"

/**
 * Everything that was asked for is done; for verify: everything is valid.
 *
 * @since 0.1.0
 * @category exit codes
 */
export const done = 0

/**
 * The backup is invalid or incomplete, or does not hold what was asked for.
 *
 * @since 0.1.0
 * @category exit codes
 */
export const invalidBackup = 1

/**
 * Wrong usage or configuration; nothing was attempted.
 *
 * @since 0.1.0
 * @category exit codes
 */
export const usage = 2

/**
 * The node, the storage, this program, or the writing of its result failed.
 *
 * @since 0.1.0
 * @category exit codes
 */
export const failed = 3

/**
 * The target is not what the command may write to.
 *
 * @since 0.1.0
 * @category exit codes
 */
export const refused = 4

/**
 * The signals that stop a command cleanly.
 *
 * @since 0.1.0
 * @category models
 */
export type Signal = "SIGHUP" | "SIGINT" | "SIGTERM"

const fatalSignal = 128
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/**
 * As a shell reports a process that the signal ended.
 *
 * @since 0.1.0
 * @category exit codes
 */
export const ofSignal = (signal: Signal): number => fatalSignal + signalNumbers[signal]

/**
 * @since 0.1.0
 * @category exit codes
 */
export const ofError = (error: CliError): number => {
  switch (error._tag) {
    case "InvalidBackup":
    case "NotHeld":
      return invalidBackup
    case "UsageError":
    case "ConfigError":
    case "InvalidRequest":
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
