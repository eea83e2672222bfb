/**
 * The flags of all kinds of restore, and what they ask of the engine.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as RestoreSettings from "@holdfast/engine/RestoreSettings"
import * as Retries from "@holdfast/engine/Retries"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import type * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as MetricsServer from "@holdfast/observe/MetricsServer"
import type * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { CannotServe, UsageError } from "../../exit/CliError.ts"
import type { ValuesOf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as NoEffectFlags from "../../flags/NoEffectFlags.ts"
import * as Values from "../../flags/Values.ts"
import * as MetricsEndpoint from "../../machine/MetricsEndpoint.ts"
import * as Storage from "../../machine/Storage.ts"
import * as ResolvedSettings from "../../settings/Settings.ts"

/** Name, kind and description of the flag for the ledger store, which some commands require. */
export const targetDbDir = [
  "target-db-dir",
  Values.folder,
  "Ledger store to restore into: a new or empty folder, or a store to go on with"
] as const

/** The last version to restore; `shown` says what the default is. */
export const targetVersion = (shown: string): Flag.Flag<number | undefined> =>
  Flag.withDefault("target-version", Values.versionBound, "Last version to restore", undefined, shown)

/** The flags of all kinds of restore. */
export const common = {
  ...Flags.trust,
  concurrentDownloads: Flags.concurrentDownloads,
  maxRecordSize: Flags.maxRecordSize,
  maxChunkMemory: Flag.withDefault(
    "max-chunk-memory",
    Values.integer("BYTES", 1),
    "Largest chunk of transactions that is accepted, in bytes: a chunk waits in memory for its proof",
    RestoreSettings.defaults.maxChunkBytes
  ),
  retries: Flags.readRetries,
  ...Flags.storage,
  metricsAddress: Flags.metricsAddress,
  ...NoEffectFlags.ofRestore
}

type CommonFlags = ValuesOf<typeof common>

/** How the flags ask for a restore. */
export const settings = (flags: CommonFlags): RestoreSettings.RestoreSettings => ({
  trustedWaypoints: flags.trustedWaypoints,
  requireWaypoint: flags.requireWaypoint,
  concurrentDownloads: flags.concurrentDownloads,
  maxRecordBytes: flags.maxRecordSize,
  maxChunkBytes: flags.maxChunkMemory
})

/** How often the flags ask to retry reads. */
export const reading = ({ retries }: Pick<CommonFlags, "retries">): Retries.RetryPolicy => ({
  ...Retries.standard,
  retries
})

/** Warns of the flags that were set and have no effect. */
export const warnOfNoEffect: Effect.Effect<void> = Effect.gen(function*() {
  const { settings: all } = yield* ResolvedSettings.Current
  const names = all.filter((each) => each.flag.hasNoEffect === true && ResolvedSettings.isSet(each)).map(({ flag }) =>
    flag.name
  )
  if (names.length === 0) return
  yield* Effect.logWarning(`${names.join(", ")}: no effect here, since the database is another one`)
})

/**
 * The storage with its retries, the ledger store to restore into, and the metrics where the flags ask for them.
 */
export const layer = (
  flags: CommonFlags,
  directory: string
): Layer.Layer<
  BackupStorage.BackupStorage | LedgerStore.LedgerStore | RestoreTarget.RestoreTarget,
  | CannotServe
  | UsageError
  | CommandAdapterConfig.CommandConfigError
  | LedgerStoreError.LedgerStoreError
  | LedgerStoreError.LedgerStoreOpenError,
  FileSystem.FileSystem | Path.Path
> =>
  Layer.mergeAll(
    Storage.layer(flags, flags.concurrentDownloads),
    Layer.succeed(Retries.Reading, reading(flags)),
    LmdbLedgerStore.layer({ directory }),
    Layer.effectDiscard(warnOfNoEffect)
  ).pipe(Layer.provide(MetricsEndpoint.layer(flags.metricsAddress, MetricsServer.alwaysReady)))
