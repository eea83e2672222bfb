/**
 * The storage that the flags name.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Retries from "@holdfast/engine/Retries"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as CommandRegistry from "@holdfast/storage-command/CommandRegistry"
import * as CommandWatchdog from "@holdfast/storage-command/CommandWatchdog"
import * as DescriptorLimit from "@holdfast/storage-command/DescriptorLimit"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { UsageError } from "../exit/CliError.ts"
import type { ValuesOf } from "../flags/Command.ts"
import type * as Flags from "../flags/Flags.ts"
import * as CacheFolder from "./CacheFolder.ts"

/** The values of `Flags.storage`. */
export type StorageFlags = ValuesOf<typeof Flags.storage>

/**
 * The storage of the flags, with the default retries of reads. `openFiles` is the number of files that the command reads or
 * writes at once: the pool of commands needs room for them. `longestKillGrace` bounds the time that storage commands get
 * between TERM and KILL, whatever their configuration says.
 */
export const layer = (
  flags: StorageFlags,
  openFiles: number,
  longestKillGrace?: Duration.Duration
): Layer.Layer<
  BackupStorage.BackupStorage,
  UsageError | CommandAdapterConfig.CommandConfigError,
  FileSystem.FileSystem | Path.Path
> => {
  const directory = Option.getOrUndefined(flags.localFsDir)
  const file = Option.getOrUndefined(flags.commandAdapterConfig)
  const reading = Layer.succeed(Retries.Reading, Retries.standard)
  if (directory !== undefined && file === undefined) return Layer.merge(LocalFolder.layer({ directory }), reading)
  if (file === undefined || directory !== undefined) {
    const which = "name the storage with either --local-fs-dir DIR or --command-adapter-config FILE"
    return refuse(directory === undefined ? which : `${which}, not both`)
  }
  const maxCommands = Option.getOrElse(
    flags.maxCommands,
    () => Math.max(CommandPool.defaultMaxCommands, 2 * openFiles)
  )
  if (maxCommands < openFiles) {
    return refuse(
      `--max-commands ${maxCommands} is too few: up to ${openFiles} files are open at once; raise it or lower the concurrency`
    )
  }
  return Layer.unwrapEffect(
    Effect.map(
      CommandAdapterConfig.load(file).pipe(
        Effect.flatMap((config) =>
          longestKillGrace === undefined ? Effect.succeed(config) : inTime(config, longestKillGrace)
        )
      ),
      (config) => commands({ config, maxCommands, cacheDir: flags.metadataCacheDir })
    )
  ).pipe(Layer.merge(reading))
}

/** The configuration with a bounded kill grace. */
const inTime = (config: CommandAdapterConfig.CommandAdapterConfig, longest: Duration.Duration) =>
  Effect.gen(function*() {
    const { killGrace } = config.settings?.command ?? {}
    if (killGrace !== undefined && Duration.greaterThan(killGrace, longest)) {
      yield* Effect.logWarning(
        `${config.source}: storage commands get ${Duration.format(longest)} from TERM to KILL, not ${
          Duration.format(killGrace)
        }: a stop of the program leaves no more time`
      )
    }
    const shorter = killGrace === undefined ? longest : Duration.min(killGrace, longest)
    return { ...config, settings: { ...config.settings, command: { ...config.settings?.command, killGrace: shorter } } }
  })

/**
 * The storage behind the commands of a configuration, with all that belongs to the commands: commands that a killed run left
 * behind are ended first, a registry serves the next run, a watchdog looks for strays, and a limit of open files that is too
 * low causes a warning.
 */
export const commands = ({ cacheDir, config, maxCommands }: {
  readonly config: CommandAdapterConfig.CommandAdapterConfig
  readonly maxCommands: number
  /** The cache folder, as for `CacheFolder.use`. */
  readonly cacheDir: Option.Option<string>
}): Layer.Layer<BackupStorage.BackupStorage, UsageError, FileSystem.FileSystem | Path.Path> => {
  const { settings, source, unknownKeys = [] } = config
  const checked = Layer.effectDiscard(Effect.gen(function*() {
    for (const { key, line } of unknownKeys) {
      yield* Effect.logWarning(`${source}:${line}: the key '${key}' is not known here and is ignored: is it misspelt?`)
    }
    yield* DescriptorLimit.checkDescriptorLimit({ maxCommands })
  }))
  const interval = settings?.watchdogInterval ?? CommandWatchdog.defaultInterval
  return Layer.merge(
    CommandAdapter.layer({ config }),
    CommandWatchdog.layer({ interval })
  ).pipe(
    // The adapter reads the registry when the adapter is made.
    Layer.provide(Layer.mergeAll(CommandPool.layerOf({ maxCommands }), registry(cacheDir), checked))
  )
}

/** The registry of running commands; without a cache folder nothing is recorded. */
const registry = (cacheDir: Option.Option<string>) =>
  Layer.scoped(
    CommandRegistry.CommandRegistry,
    Effect.gen(function*() {
      const none = yield* CommandRegistry.CommandRegistry
      const kept = yield* CacheFolder.use(cacheDir, "commands", (directory) => CommandRegistry.make({ directory }))
      return Option.getOrElse(kept, () => none)
    })
  )

const refuse = (detail: string) => Layer.fail(new UsageError({ detail }))
