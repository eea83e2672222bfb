/**
 * What looking into a storage or a store has in common: what is asked of it, and what an answer is proven by.
 */
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Waypoint from "@holdfast/ledger/Waypoint"

/** How far an answer is to be proven. */
export interface ProofRequest {
  /** Waypoints of epoch endings that are roots of trust. With any, nothing else is one. */
  readonly trustedWaypoints: ReadonlyArray<Waypoint.Waypoint>
  /**
   * Read whatever it takes to prove the answer: more chunks of a snapshot, and all epoch endings from epoch 0 on. Else
   * no more is read than the answer needs and what proves it beside that.
   */
  readonly prove: boolean
}

/** How a storage is read. */
export interface StorageReading {
  /** Files that are read at a time. */
  readonly concurrentDownloads: number
  /** A record larger than this is refused. Bytes. */
  readonly maxRecordBytes: number
}

/** What an answer is proven by. Scripts read its JSON. */
export interface Proof {
  /** Every step from the answer to a root of trust was checked. */
  readonly proven: boolean
  /** The root of trust: `waypoint V:HEX`, or `genesis` where epoch 0 was taken as it stands; null where none was reached. */
  readonly trust: string | null
  /** The ledger info that the answer leads to. */
  readonly ledgerInfo: ProvingLedgerInfo | null
  /** What was checked and holds, from the answer on. */
  readonly checked: ReadonlyArray<string>
  /** What keeps it from being proven, and what would help. */
  readonly notProven: ReadonlyArray<string>
}

export interface ProvingLedgerInfo {
  readonly epoch: number
  readonly version: number
  readonly accumulatorRoot: string
  readonly timestampUsecs: number
}

/** A step of a proof: what it checked, or why it could not. */
export type Step =
  | { readonly _tag: "Checked"; readonly what: string }
  | { readonly _tag: "Open"; readonly why: string }

/** The last step: whether somebody who is trusted signed the ledger info. */
export interface Signed {
  readonly ledgerInfo: LedgerInfo.LedgerInfoWithSignatures
  readonly trust: string | null
  readonly steps: ReadonlyArray<Step>
}
