/**
 * What all looks into a storage or a store share: how far to prove an answer, and what proves it.
 */
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import type { Hint } from "../base/Hint.ts"

/** How far to prove an answer. */
export interface ProofRequest {
  /** Waypoints of epoch endings that are roots of trust. If there are any, nothing else is one. None by default. */
  readonly trustedWaypoints?: ReadonlyArray<Waypoint.Waypoint>
  /**
   * Read whatever the proof takes: more chunks of a snapshot, and all epoch endings from epoch 0 on. By default only the
   * answer is read, with the proofs that lie beside the answer.
   */
  readonly prove?: boolean
}

/** How to read a storage. */
export interface StorageReading {
  /** Files that are read at a time; 4 by default. */
  readonly concurrentDownloads?: number
  /** Refuse a record larger than this. Bytes; 64 MiB by default. */
  readonly maxRecordBytes?: number
}

/** What proves an answer. */
export interface Proof {
  /** Every step from the answer to a root of trust was checked. */
  readonly proven: boolean
  /** The root of trust: `waypoint V:HEX`, or `genesis` where epoch 0 was taken as it stands; null where none was reached. */
  readonly trust: string | null
  /** The ledger info that the answer leads to. */
  readonly ledgerInfo: ProvingLedgerInfo | null
  /** What was checked and holds, from the answer on. */
  readonly checked: ReadonlyArray<string>
  readonly notProven: ReadonlyArray<OpenStep>
}

export interface ProvingLedgerInfo {
  readonly epoch: number
  readonly version: number
  readonly accumulatorRoot: string
  readonly timestampUsecs: number
}

/** A step of the proof that could not be checked. */
export interface OpenStep {
  /** Why the step could not be checked. */
  readonly message: string
  /** What closes the step. */
  readonly hint?: Hint
}
