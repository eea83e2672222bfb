/**
 * How a restore reads, and whom it trusts.
 */
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import { defaultMaxRecordBytes } from "../base/Settings.ts"

/** The settings of every kind of restore. */
export interface RestoreSettings {
  /** Each waypoint stands for the signature of the epoch ending of its version. None by default. */
  readonly trustedWaypoints?: ReadonlyArray<Waypoint.Waypoint>
  /** Refuse to take epoch 0 as it stands. */
  readonly requireWaypoint?: boolean
  /** Files that are downloaded at a time; 4 by default. */
  readonly concurrentDownloads?: number
  /** Refuse a record larger than this. Bytes; 64 MiB by default. */
  readonly maxRecordBytes?: number
  /** Refuse a chunk of transactions larger than this: it waits in memory for its proof. Bytes; 256 MiB by default. */
  readonly maxChunkBytes?: number
}

/** The settings of a restore that is told nothing else. */
export const defaults: Required<RestoreSettings> = {
  trustedWaypoints: [],
  requireWaypoint: false,
  concurrentDownloads: 4,
  maxRecordBytes: defaultMaxRecordBytes,
  maxChunkBytes: 256 * 1024 * 1024
}
