/**
 * The storage that the flags name.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import {
  type BackupStorage,
  CommandAdapter,
  CommandAdapterConfig,
  CommandPool,
  LocalFolder,
  type StorageCommand
} from "@holdfast/storage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { UsageError } from "./CliError.ts"

/**
 * The values of `Flags.storage`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StorageFlags {
  readonly localFsDir: Option.Option<string>
  readonly commandAdapterConfig: Option.Option<string>
  readonly maxCommands: Option.Option<number>
  readonly metadataCacheDir: Option.Option<string>
}

/**
 * The storage of the flags. `openFiles` says how many files the command reads or writes at once: the pool of commands
 * must have room for that. `settings` are those of its commands that are not the standard ones.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  flags: StorageFlags,
  openFiles: number,
  settings: Partial<StorageCommand.Settings> = {}
): Layer.Layer<
  BackupStorage.BackupStorage,
  UsageError | CommandAdapterConfig.ConfigError,
  FileSystem.FileSystem | Path.Path
> => {
  const directory = Option.getOrUndefined(flags.localFsDir)
  const file = Option.getOrUndefined(flags.commandAdapterConfig)
  if (directory !== undefined && file === undefined) return LocalFolder.layer({ directory })
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
    Effect.map(CommandAdapterConfig.load(file), (config) => CommandAdapter.layer({ config, settings }))
  ).pipe(Layer.provide(CommandPool.layerOf({ maxCommands })))
}

const refuse = (detail: string) => Layer.fail(new UsageError({ detail }))
