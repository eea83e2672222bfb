/**
 * What a verification is asked for.
 */
import type * as Waypoint from "@holdfast/ledger/Waypoint"

/** What to verify, and how. An empty request asks for all backups, but for one state snapshot alone. */
export interface VerifyRequest {
  /** Each waypoint stands for the signature of the epoch ending of its version. None by default. */
  readonly trustedWaypoints?: ReadonlyArray<Waypoint.Waypoint>
  /** Refuse to take epoch 0 as it stands. */
  readonly requireWaypoint?: boolean
  /** First version of the transactions to check; 0 by default. */
  readonly startVersion?: number
  /** Last version of the transactions to check; as far as there are transactions by default. */
  readonly endVersion?: number | undefined
  /** Check the newest snapshot at or before this version; the newest of all by default. */
  readonly stateSnapshotBeforeVersion?: number | undefined
  /** Check every snapshot, not just the newest. */
  readonly allSnapshots?: boolean
  /** Check no chain of trust: then each proof is checked against its own ledger info and no further. */
  readonly skipEpochEndings?: boolean
  /** Report everything that cannot be checked as an error. */
  readonly strict?: boolean
  /** Files that are downloaded at a time; 4 by default. */
  readonly concurrentDownloads?: number
  /** Refuse a record larger than this. Bytes; 64 MiB by default. */
  readonly maxRecordBytes?: number
}
