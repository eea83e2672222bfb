/**
 * The failure of a check of decoded bytes: of a proof, a signature or the chain of trust.
 */
import * as Data from "effect/Data"

/**
 * - `RootMismatch`: the proof leads to another root than the signed one.
 * - `ProofShape`: a proof has too few or too many siblings.
 * - `BeyondLedgerInfo`: a version is above the version of the ledger info that should prove it.
 * - `HashMismatch`: a transaction, its events, write set or auxiliary info does not match its transaction info.
 * - `NoStateCheckpoint`: the transaction info of a snapshot carries no state root.
 * - `KeyOrder`: the key hashes of state items are not strictly increasing.
 * - `IncompleteState`: items follow the last chunk, or the last items are not proven.
 * - `EpochMismatch`: a ledger info is of another epoch than the expected one, or does not end its epoch.
 * - `WaypointMismatch`: the waypoint of a ledger info is not the expected one.
 * - `LedgerInfoMismatch`: a ledger info of epoch 0 is not the one of the history.
 * - `BadBitmask`: the bitmask of signers does not fit the validator set.
 * - `NoQuorum`: the voting power of the signers is too low.
 * - `NoSignature`, `BadSignature`, `BadPublicKey`: the aggregate signature is absent or wrong.
 * - `NoAuxiliaryInfo`: the info of a record of format V0 has the hash of an auxiliary info.
 * - `BadGenesis`: a transaction cannot be a genesis.
 */
export type ProofErrorReason =
  | "RootMismatch"
  | "ProofShape"
  | "BeyondLedgerInfo"
  | "HashMismatch"
  | "NoStateCheckpoint"
  | "KeyOrder"
  | "IncompleteState"
  | "EpochMismatch"
  | "WaypointMismatch"
  | "LedgerInfoMismatch"
  | "BadBitmask"
  | "NoQuorum"
  | "NoSignature"
  | "BadSignature"
  | "BadPublicKey"
  | "NoAuxiliaryInfo"
  | "BadGenesis"

/**
 * A check of docs/spec/formats.md, section 9, failed. `detail` names the version, epoch or index, and the expected and
 * the found value.
 */
export class ProofError extends Data.TaggedError("ProofError")<{
  readonly reason: ProofErrorReason
  readonly detail: string
}> {
  override get message(): string {
    return this.detail
  }
}

/**
 * Fails a check: throws a `ProofError`. The verifiers of this package throw; a caller who wants a value catches once.
 */
export const refuse = (reason: ProofErrorReason, detail: string): never => {
  throw new ProofError({ reason, detail })
}
