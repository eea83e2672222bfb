/**
 * The flags that several commands share. Names and defaults are those of today's tool where that tool has them.
 *
 * Source: docs/spec/operations.md.
 */
import * as Settings from "@holdfast/engine/Settings"
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import type * as Option from "effect/Option"
import * as os from "node:os"
import * as Flag from "./Flag.ts"
import * as Values from "./Values.ts"

const number = (name: string, value: number, description: string, least = 1): Flag.Flag<number> =>
  Flag.withDefault(name, Values.integer("N", least), description, value)

/** Where the backups are: one of the first two. */
export const storage = {
  localFsDir: Flag.optional("local-fs-dir", Values.folder, "Folder that holds the backups", {
    exclusiveGroup: "storage"
  }),
  commandAdapterConfig: Flag.optional(
    "command-adapter-config",
    Values.file,
    "YAML file with the shell commands that reach the storage",
    { exclusiveGroup: "storage" }
  ),
  maxCommands: Flag.optional(
    "max-commands",
    Values.count,
    "Storage commands that run at once, at most (default 16, or more where the concurrency needs them)"
  ),
  metadataCacheDir: Flag.optional(
    "metadata-cache-dir",
    Values.folder,
    "Cache folder of this machine for metadata, journals and what was verified "
      + "(default holdfast in $XDG_CACHE_HOME, or in ~/.cache)"
  )
}

/** Whether a storage that lost backups is accepted. */
export const newStorage: Flag.Flag<boolean> = Flag.toggle(
  "new-storage",
  "Accept the storage as it is now, although backups that were seen there before are gone"
)

/** Which node to ask. */
export const node = {
  backupServiceAddress: Flag.withDefault(
    "backup-service-address",
    Values.url,
    "Backup service of the node",
    "http://localhost:6186"
  )
}

/** Whom to trust. */
export const trust: {
  readonly trustedWaypoints: Flag.Flag<ReadonlyArray<Waypoint.Waypoint>>
  readonly requireWaypoint: Flag.Flag<boolean>
} = {
  trustedWaypoints: Flag.repeated(
    "trust-waypoint",
    Values.waypoint,
    "Waypoint of the network that you trust, above all the genesis waypoint"
  ),
  requireWaypoint: Flag.toggle(
    "require-waypoint",
    "Fail unless a trusted waypoint matches, instead of taking epoch 0 on trust"
  )
}

/** Where to serve. */
export const address: Flag.Flag<Values.ListenAddress> = Flag.withDefault(
  "address",
  Values.listenAddress,
  "Address to serve at; port 0 takes a free port",
  { host: "127.0.0.1", port: 6186 },
  "127.0.0.1:6186"
)

/** Where a command serves its metrics and health while it runs. */
export const metricsAddress: Flag.Flag<Option.Option<Values.ListenAddress>> = Flag.optional(
  "metrics-address",
  Values.listenAddress,
  "Serve Prometheus metrics (/metrics) and health (/-/healthy, /-/ready) here, such as at 127.0.0.1:9186"
)

/** The largest record that is accepted. */
export const maxRecordSize: Flag.Flag<number> = number(
  "max-record-size",
  Settings.defaultMaxRecordBytes,
  "Largest record that is accepted, in bytes"
)

/** How many files are downloaded at once. */
export const concurrentDownloads: Flag.Flag<number> = Flag.withDefault(
  "concurrent-downloads",
  Values.count,
  "Files that are downloaded at once",
  os.availableParallelism(),
  "as many as there are processors"
)

const bounds = Settings.defaultBackupSettings

/** How often a failed read from the storage is retried. */
export const readRetries: Flag.Flag<number> = number(
  "retries",
  bounds.retries.retries,
  "Retries of a failed read, where a retry can help",
  0
)

/** The size of a chunk and the requests in flight. */
export const limits = {
  maxChunkSize: number(
    "max-chunk-size",
    bounds.maxChunkBytes,
    "Size limit of a chunk, in bytes; the record that would exceed the limit begins a new chunk"
  ),
  concurrentDataRequests: number(
    "concurrent-data-requests",
    bounds.concurrentRequests,
    "Requests for state items in flight at once"
  )
}

/** How a backup is taken. */
export const backup = {
  ...limits,
  concurrentWrites: number(
    "concurrent-writes",
    bounds.concurrentWrites,
    "Chunks that are written to the storage at once"
  ),
  bufferedChunks: number(
    "buffered-chunks",
    bounds.bufferedChunks,
    "Chunks that are received and not yet confirmed by the storage, at most"
  ),
  retries: number(
    "retries",
    bounds.retries.retries,
    "Retries of a failed request or write, where a retry can help",
    0
  ),
  noVerifyWrites: Flag.toggle(
    "no-verify-writes",
    "Do not check data while they are backed up; verify alone then finds what a node sent wrong"
  ),
  maxRecordSize
}

/** Whether leftovers of earlier attempts are used. */
export const adopt: Flag.Flag<boolean> = Flag.toggle(
  "adopt",
  "Check what earlier attempts left in the storage, and use what is valid instead of uploading it again"
)
