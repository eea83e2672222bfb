/**
 * The errors that a command can fail with: those of the packages below, and those of the command line itself.
 */
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import type * as DevnetError from "@holdfast/devnet/DevnetError"
import type * as EngineError from "@holdfast/engine/EngineError"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import type * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as YamlText from "@holdfast/storage-command/YamlText"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Schema from "effect/Schema"
import * as Hints from "./Hints.ts"

/** The command line or configuration is wrong. Nothing was attempted. */
export class UsageError extends Schema.TaggedError<UsageError>("@holdfast/cli/UsageError")("UsageError", {
  /** What is wrong, and what would be right. */
  detail: Schema.String
}) {
  override get message(): string {
    return this.detail
  }
}

/** The configuration file of the program cannot be used. Never shows a value, which may be secret. */
export class ConfigFileError
  extends Schema.TaggedError<ConfigFileError>("@holdfast/cli/ConfigFileError")("ConfigFileError", {
    reason: Schema.Literal("Unreadable", "Malformed", "UnknownKey", "BadValue"),
    file: Schema.String,
    /** From 1. */
    line: Schema.Int,
    /** From 1. */
    column: Schema.Int,
    /** The key that is at fault, as a path (`backup.verify.lease`); empty where no key is. */
    key: Schema.String,
    /** What is wrong, and what to do. */
    detail: Schema.String
  })
{
  override get message(): string {
    return YamlText.faultMessage(this)
  }
}

/** A service cannot listen at an address. */
export class CannotServe extends Schema.TaggedError<CannotServe>("@holdfast/cli/CannotServe")("CannotServe", {
  address: Schema.String,
  reason: Schema.Literal("AddressInUse", "PermissionDenied", "Unavailable"),
  detail: Schema.String
}) {
  override get message(): string {
    return `cannot serve at ${this.address}: ${this.detail}`
  }
}

/** The demo cannot write its files. */
export class DemoFolderError
  extends Schema.TaggedError<DemoFolderError>("@holdfast/cli/DemoFolderError")("DemoFolderError", {
    path: Schema.String,
    detail: Schema.String
  })
{
  override get message(): string {
    return `the demo cannot write to ${this.path}: ${this.detail}; run it in a folder that you may write to`
  }
}

export type CliError =
  | UsageError
  | CannotServe
  | DemoFolderError
  | BackupServiceError.BackupServiceError
  | CommandAdapterConfig.CommandConfigError
  | ConfigFileError
  | DevnetError.DevnetError
  | EngineError.InvalidBackup
  | EngineError.ImpossibleRequest
  | EngineError.LocalStateError
  | EngineError.LedgerDataNotFound
  | EngineError.RestoreRefused
  | EngineError.SourceMismatch
  | EngineError.StorageChanged
  | LedgerStoreError.LedgerStoreError
  | LedgerStoreError.LedgerStoreOpenError
  | StorageError.StorageError

/** A failure as `--output json` shows it: the tag, the message, and the error's own fields beside them. */
export interface Failure {
  readonly tag: string
  readonly message: string
  readonly [context: string]: unknown
}

/** What `--output json` shows of an error, and the message for people: with flags, where the error carries a hint. */
export const toFailure = (error: CliError): Failure => {
  const context = Object.entries(error).filter(([name]) => name !== "_tag")
  return { tag: error._tag, message: Hints.messageOf(error), ...Object.fromEntries(context) }
}
