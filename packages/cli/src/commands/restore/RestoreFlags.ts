/**
 * The flags that all kinds of restore share, and what they come to.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Restore from "@holdfast/engine/Restore"
import * as Retries from "@holdfast/engine/Retries"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import type * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import * as MetricsServer from "@holdfast/observe/MetricsServer"
import type * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { CannotServe, UsageError } from "../../exit/CliError.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as IgnoredFlags from "../../flags/IgnoredFlags.ts"
import * as Values from "../../flags/Values.ts"
import * as MetricsEndpoint from "../../machine/MetricsEndpoint.ts"
import * as Storage from "../../machine/Storage.ts"

export const targetDbDir = {
  name: "target-db-dir",
  placeholder: "DIR",
  description: "The ledger store to restore into: an empty or new folder, or one to go on in",
  parse: Values.anyText,
  isPath: true
} as const

/** The last version to restore; `shown` says what it is if it is not given. */
export const targetVersion = (shown: string): Flag.Flag<number | undefined> =>
  Flag.standard(
    { name: "target-version", placeholder: "VERSION", description: "The last version to restore", parse: Values.bound },
    undefined,
    shown
  )

export const common = {
  ...Flags.trust,
  concurrentDownloads: Flags.concurrentDownloads,
  maxRecordSize: Flags.maxRecordSize,
  maxChunkMemory: Flag.standard({
    name: "max-chunk-memory",
    placeholder: "BYTES",
    description: "A chunk of transactions larger than this is refused: it waits in memory for its proof",
    parse: Values.integer(1)
  }, Restore.defaultSettings.maxChunkBytes),
  retries: Flags.readRetries,
  ...Flags.storage,
  metricsAddress: Flags.metricsAddress,
  ...IgnoredFlags.ofRestore,
  output: Flags.output
}

/** The values of {@link common}. */
interface CommonFlags extends Storage.StorageFlags, IgnoredFlags.Given {
  readonly trustedWaypoints: ReadonlyArray<Waypoint.Waypoint>
  readonly requireWaypoint: boolean
  readonly concurrentDownloads: number
  readonly maxRecordSize: number
  readonly maxChunkMemory: number
  readonly retries: number
  readonly metricsAddress: Option.Option<Values.ListenAddress>
}

export const settings = (flags: CommonFlags): Restore.RestoreSettings => ({
  trustedWaypoints: flags.trustedWaypoints,
  requireWaypoint: flags.requireWaypoint,
  concurrentDownloads: flags.concurrentDownloads,
  maxRecordBytes: flags.maxRecordSize,
  maxChunkBytes: flags.maxChunkMemory
})

/** What is tried again of reads. */
export const reading = ({ retries }: Pick<CommonFlags, "retries">): Retries.RetryPolicy => ({
  ...Retries.standard,
  retries
})

/**
 * The storage, how often reads from it are tried again, the ledger store that is restored into, and metrics where they are
 * wanted.
 */
export const layer = (
  flags: CommonFlags,
  directory: string
): Layer.Layer<
  BackupStorage.BackupStorage | LedgerStore.LedgerStore | RestoreTarget.RestoreTarget,
  | CannotServe
  | UsageError
  | CommandAdapterConfig.ConfigError
  | LedgerStoreError.LedgerStoreError
  | LedgerStoreError.LedgerStoreOpenError,
  FileSystem.FileSystem | Path.Path
> =>
  Layer.mergeAll(
    Storage.layer(flags, flags.concurrentDownloads),
    Layer.succeed(Retries.Reading, reading(flags)),
    LmdbLedgerStore.layer({ directory }),
    Layer.effectDiscard(IgnoredFlags.warn(flags))
  ).pipe(Layer.provide(MetricsEndpoint.layer(flags.metricsAddress, MetricsServer.alwaysReady)))
