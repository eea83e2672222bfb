/**
 * What a verification found. Scripts read its JSON.
 *
 * Source: the command line page of the design.
 */
import type { Hint } from "../base/Hint.ts"

/** Epoch endings that hold. `lastVersion` is the version that the last of them ends with. */
export interface VerifiedEpochEndings {
  readonly firstEpoch: number
  readonly lastEpoch: number
  readonly lastVersion: number
  readonly verified: number
}

/** A state snapshot that holds. */
export interface VerifiedStateSnapshot {
  readonly epoch: number
  readonly version: number
  readonly items: number
  readonly rootHash: string
}

/** Transactions that hold, without a gap. */
export interface VerifiedTransactions {
  readonly firstVersion: number
  readonly lastVersion: number
  readonly count: number
}

/** Something that could not be checked, and why. */
export interface Unverified {
  readonly what: string
  readonly why: string
}

/** Something that is wrong, by the file that shows it. */
export interface Fault {
  readonly tag: string
  readonly reason: string
  readonly file: string
  readonly message: string
  readonly hint?: Hint
}

export interface VerifyReport {
  /** Everything that was asked for was checked and is valid. */
  readonly ok: boolean
  /** The root of trust: `waypoint V:HEX`, or `genesis` when epoch 0 was taken as it stands. */
  readonly trust: string
  readonly epochEndings: VerifiedEpochEndings | null
  /** The newest snapshot that was asked for. */
  readonly stateSnapshot: VerifiedStateSnapshot | null
  /** All snapshots that were checked, oldest first. */
  readonly stateSnapshots: ReadonlyArray<VerifiedStateSnapshot>
  readonly transactions: VerifiedTransactions | null
  /** Asked for, but beyond what can be checked. */
  readonly unverified: ReadonlyArray<Unverified>
  /** What else the operator should know: not asked for, not needed, or not as far as the rest. */
  readonly notes: ReadonlyArray<string>
  readonly errors: ReadonlyArray<Fault>
  readonly seconds: number
}
