/**
 * What a verification found. Scripts read its JSON.
 *
 * Source: the command line page of the design.
 */
import type { Hint } from "../base/Hint.ts"

/** Valid epoch endings. `lastVersion` is the version of the last one. */
export interface VerifiedEpochEndings {
  readonly firstEpoch: number
  readonly lastEpoch: number
  readonly lastVersion: number
  readonly verified: number
}

/** A valid state snapshot. */
export interface VerifiedStateSnapshot {
  readonly epoch: number
  readonly version: number
  readonly items: number
  readonly rootHash: string
}

/** Valid transactions, without a gap. */
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

/** Something that is wrong, and the file that shows the fault. */
export interface Fault {
  readonly tag: string
  readonly reason: string
  readonly file: string
  readonly message: string
  readonly hint?: Hint
}

export interface VerifyReport {
  /** No errors: what could be checked is valid, and in a strict verification all that was asked for could be checked. */
  readonly ok: boolean
  /** The root of trust: `waypoint V:HEX`, or `genesis` if epoch 0 was taken as it stands. */
  readonly trust: string
  readonly epochEndings: VerifiedEpochEndings | null
  /** The newest of the valid snapshots. */
  readonly stateSnapshot: VerifiedStateSnapshot | null
  /** The valid snapshots, oldest first. */
  readonly stateSnapshots: ReadonlyArray<VerifiedStateSnapshot>
  readonly transactions: VerifiedTransactions | null
  /** What was asked for and could not be checked. */
  readonly unverified: ReadonlyArray<Unverified>
  /** What else the operator should know: what was not asked for, not needed, or does not reach as far as the rest. */
  readonly notes: ReadonlyArray<string>
  readonly errors: ReadonlyArray<Fault>
  readonly seconds: number
}
