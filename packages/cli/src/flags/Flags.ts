/**
 * The flags that several commands share. Names and standards are those of today's tool where it has them.
 *
 * Source: the operations page of the specification.
 */
import * as Settings from "@holdfast/engine/Settings"
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import type * as Option from "effect/Option"
import * as os from "node:os"
import type { Format } from "../terminal/Output.ts"
import * as Flag from "./Flag.ts"
import * as Values from "./Values.ts"

const number = (name: string, standard: number, description: string, least = 1): Flag.Flag<number> =>
  Flag.standard({ name, placeholder: "N", description, parse: Values.integer(least) }, standard)

/** How results are told. */
export const output: Flag.Flag<Format> = Flag.standard<Format>({
  name: "output",
  placeholder: "text|json",
  description: "Text for people, or one JSON document on stdout",
  parse: Values.oneOf(["text", "json"])
}, "text")

/** Where the backups lie: one of the first two. */
export const storage = {
  localFsDir: Flag.optional({
    name: "local-fs-dir",
    placeholder: "DIR",
    description: "The storage is this folder",
    parse: Values.anyText,
    isPath: true,
    rivals: "storage"
  }),
  commandAdapterConfig: Flag.optional({
    name: "command-adapter-config",
    placeholder: "FILE",
    description: "The storage is behind the shell commands of this YAML file",
    parse: Values.anyText,
    isPath: true,
    rivals: "storage"
  }),
  maxCommands: Flag.optional({
    name: "max-commands",
    placeholder: "N",
    description:
      "Commands of the storage that are alive at once, at most (default 16, or more where concurrency asks for it)",
    parse: Values.integer(1)
  }),
  metadataCacheDir: Flag.optional({
    name: "metadata-cache-dir",
    placeholder: "DIR",
    description:
      "Where this machine keeps what helps the next run (default holdfast in $XDG_CACHE_HOME, or in ~/.cache)",
    parse: Values.anyText,
    isPath: true
  })
}

/** That a storage is not what it was is meant to be. */
export const newStorage: Flag.Flag<boolean> = Flag.toggle(
  "new-storage",
  "Take the storage as it is now, although backups that were seen there before are gone"
)

/** Which node to ask. */
export const node = {
  backupServiceAddress: Flag.standard({
    name: "backup-service-address",
    placeholder: "URL",
    description: "The backup service of the node",
    parse: Values.anyText
  }, "http://localhost:6186")
}

/** Whom to trust. */
export const trust: {
  readonly trustedWaypoints: Flag.Flag<ReadonlyArray<Waypoint.Waypoint>>
  readonly requireWaypoint: Flag.Flag<boolean>
} = {
  trustedWaypoints: Flag.repeated({
    name: "trust-waypoint",
    placeholder: "VERSION:HEX",
    description: "A waypoint of the network that you trust, the genesis one first of all",
    parse: Values.waypoint
  }),
  requireWaypoint: Flag.toggle("require-waypoint", "Do not take epoch 0 as it stands: a trusted waypoint must match")
}

/** Where to serve. */
export const address: Flag.Flag<Values.ListenAddress> = Flag.standard(
  {
    name: "address",
    placeholder: "HOST:PORT",
    description: "Where to serve; port 0 finds a free one",
    parse: Values.listenAddress
  },
  { host: "127.0.0.1", port: 6186 },
  "127.0.0.1:6186"
)

/** Where a command tells its metrics and health while it runs. */
export const metricsAddress: Flag.Flag<Option.Option<Values.ListenAddress>> = Flag.optional({
  name: "metrics-address",
  placeholder: "HOST:PORT",
  description: "Serve metrics for Prometheus (/metrics) and health (/-/healthy, /-/ready) here, such as 127.0.0.1:9186",
  parse: Values.listenAddress
})

/** The largest record that is accepted. */
export const maxRecordSize: Flag.Flag<number> = number(
  "max-record-size",
  Settings.defaultMaxRecordBytes,
  "A record larger than this is refused, in bytes"
)

/** How many files are downloaded at once. */
export const concurrentDownloads: Flag.Flag<number> = Flag.standard(
  {
    name: "concurrent-downloads",
    placeholder: "N",
    description: "Files that are downloaded at once",
    parse: Values.integer(1)
  },
  os.availableParallelism(),
  "as many as there are processors"
)

const bounds = Settings.defaultBackupSettings

/** How often reads from the storage are tried again. */
export const readRetries: Flag.Flag<number> = number(
  "retries",
  bounds.retries.retries,
  "How often a read that failed is tried again, where that can help",
  0
)

/** The bounds of a backup. */
export const backup = {
  maxChunkSize: number(
    "max-chunk-size",
    bounds.maxChunkBytes,
    "A chunk is cut before the record that would make it larger, in bytes"
  ),
  concurrentDataRequests: number(
    "concurrent-data-requests",
    bounds.concurrentRequests,
    "Requests for state items under way at once"
  ),
  concurrentWrites: number(
    "concurrent-writes",
    bounds.concurrentWrites,
    "Chunks that are written to the storage at once"
  ),
  bufferedChunks: number(
    "buffered-chunks",
    bounds.bufferedChunks,
    "Chunks that are received but not yet confirmed by the storage, at most"
  ),
  retries: number(
    "retries",
    bounds.retries.retries,
    "How often a request or a write that failed is tried again, where that can help",
    0
  ),
  noVerifyWrites: Flag.toggle(
    "no-verify-writes",
    "Do not check what is backed up while it passes; a node that sends something wrong is then found by verify alone"
  ),
  maxRecordSize
}

/** Whether to look for what earlier attempts left. */
export const adopt: Flag.Flag<boolean> = Flag.toggle(
  "adopt",
  "Read back what earlier attempts left in the storage, and use what holds instead of sending it again"
)
