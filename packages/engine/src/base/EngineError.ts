/**
 * The errors of the engine, beside those of the storage and the backup service. A message says what happened; what the
 * operator can do about that is a hint, as data.
 */
import * as Schema from "effect/Schema"
import * as Hint from "./Hint.ts"

/**
 * Why a backup does not hold.
 *
 * - `Malformed`: a file cannot be read as what it should be (JSON, records, BCS).
 * - `UnknownFormat`: a metadata kind or chunk format that this version does not know. Never skipped or guessed.
 * - `Inconsistent`: a manifest contradicts itself, its chunks, or the metadata that point to it.
 * - `ProofFailed`: a hash, proof, signature or waypoint does not hold.
 * - `Unreadable`: the storage cannot deliver a file that a manifest or the metadata name.
 * - `Gap`: a range is not covered by the backups that are there.
 * - `Unverifiable`: it lies beyond the known epoch history (an error with `strict` alone).
 */
export const InvalidBackupReason = Schema.Literal(
  "Malformed",
  "UnknownFormat",
  "Inconsistent",
  "ProofFailed",
  "Unreadable",
  "Gap",
  "Unverifiable"
)
export type InvalidBackupReason = typeof InvalidBackupReason.Type

/**
 * A backup is invalid or incomplete. `file` is the file handle that the fault was found in; `detail` names the version,
 * epoch or index, and what was expected and found.
 */
export class InvalidBackup
  extends Schema.TaggedError<InvalidBackup>("@holdfast/engine/InvalidBackup")("InvalidBackup", {
    file: Schema.String,
    reason: InvalidBackupReason,
    detail: Schema.String,
    ...Hint.field
  })
{
  override get message(): string {
    return `${this.file}: ${this.detail}`
  }
}

/**
 * The node answered, but not with what was asked for: another epoch, a version without a state root. Nothing
 * of it becomes a backup.
 */
export class SourceMismatch
  extends Schema.TaggedError<SourceMismatch>("@holdfast/engine/SourceMismatch")("SourceMismatch", {
    /** What was asked for: `transactions 0 to 99`. */
    request: Schema.String,
    reason: Schema.Literal(
      "Malformed",
      "WrongEpoch",
      "NoStateCheckpoint",
      "NoStateItems",
      "NotBootstrapped",
      "Changed",
      /** It does not hold against its own proof, or that not against the chain of trust. */
      "ProofFailed",
      /** Its proof is by an epoch that the chain of trust does not reach. */
      "Unproven"
    ),
    detail: Schema.String
  })
{
  override get message(): string {
    return `the node's answer for ${this.request} cannot be backed up: ${this.detail}`
  }
}

/** No backups could ever satisfy the request: a range that ends before it begins. Nothing was tried. */
export class ImpossibleRequest
  extends Schema.TaggedError<ImpossibleRequest>("@holdfast/engine/ImpossibleRequest")("ImpossibleRequest", {
    detail: Schema.String
  })
{
  override get message(): string {
    return this.detail
  }
}

/**
 * A restore would mix what does not belong together: the ledger store holds more than the target, another part, or another
 * network. Nothing was changed.
 */
export class RestoreRefused
  extends Schema.TaggedError<RestoreRefused>("@holdfast/engine/RestoreRefused")("RestoreRefused", {
    detail: Schema.String
  })
{
  override get message(): string {
    return this.detail
  }
}

/** The backups, or the ledger store, do not hold what was asked for. Nothing is wrong with what they hold. */
export class LedgerDataNotFound
  extends Schema.TaggedError<LedgerDataNotFound>("@holdfast/engine/LedgerDataNotFound")("LedgerDataNotFound", {
    /** What was asked for: `transaction 17`. */
    what: Schema.String,
    /** Where it was looked for: `folder /backups`. */
    where: Schema.String,
    /** What is there instead, and what can be done. */
    detail: Schema.String
  })
{
  override get message(): string {
    return `${this.what} is not in ${this.where}: ${this.detail}`
  }
}

/**
 * The storage is not what was seen there before, so nothing of what is asked for may go on.
 *
 * - `OtherIdentity`: it has another identity than the one that was seen before: another network, or another storage.
 * - `Shrunken`: backups that were seen before are not listed any more, and no others hold what they held.
 */
export class StorageChanged
  extends Schema.TaggedError<StorageChanged>("@holdfast/engine/StorageChanged")("StorageChanged", {
    /** For people: where the backups lie. */
    storage: Schema.String,
    reason: Schema.Literal("OtherIdentity", "Shrunken"),
    detail: Schema.String,
    ...Hint.field
  })
{
  override get message(): string {
    return `${this.storage} is not what it was: ${this.detail}`
  }
}

/** A file that this program keeps on this machine (cached metadata, a journal) cannot be read or written. */
export class LocalStateError
  extends Schema.TaggedError<LocalStateError>("@holdfast/engine/LocalStateError")("LocalStateError", {
    path: Schema.String,
    detail: Schema.String
  })
{
  override get message(): string {
    return `${this.path}: ${this.detail}; is there room, and may this user write there?`
  }
}
