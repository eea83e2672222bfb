/**
 * What can be wrong with a proof, a signature or a chain of trust whose bytes were readable.
 */
import * as Data from "effect/Data"

/**
 * - `RootMismatch`: the proof leads to another root than the one that is signed.
 * - `ProofShape`: siblings missing, left over, or more than a tree of that kind can have.
 * - `BeyondLedgerInfo`: the last version proven is above the version of the ledger info.
 * - `HashMismatch`: a transaction, its events, write set or auxiliary info is not what its info says.
 * - `NoStateCheckpoint`: the transaction info of a snapshot carries no state root.
 * - `KeyOrder`: state keys not strictly increasing by hash.
 * - `IncompleteState`: items follow beyond the last chunk, or the last ones are not proven.
 * - `EpochMismatch`: an epoch other than the one expected, or an epoch not ended.
 * - `WaypointMismatch`: a ledger info is not the one that a waypoint names.
 * - `LedgerInfoMismatch`: a ledger info of epoch 0 that is not the history's.
 * - `BadBitmask`: the bitmask of signers does not fit the validator set.
 * - `NoQuorum`: the signers' voting power is too low.
 * - `NoSignature`, `BadSignature`, `BadPublicKey`: the aggregate signature is absent or wrong.
 * - `NoAuxiliaryInfo`: a record of format V0 whose info has an auxiliary hash.
 * - `BadGenesis`: a transaction that cannot be a genesis.
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
 * A check of docs/spec/formats.md, section 9, did not hold. `detail` names the version, epoch or index, and what was
 * expected and found.
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
 * Fails a check: throws a `ProofError`. The verifiers of this package throw inside and are wrapped once, where their
 * caller wants a value.
 */
export const refuse = (reason: ProofErrorReason, detail: string): never => {
  throw new ProofError({ reason, detail })
}
