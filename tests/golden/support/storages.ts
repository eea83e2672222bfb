/**
 * Storages of both layouts over a folder.
 */
import { NodeContext } from "@effect/platform-node"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Golden from "@holdfast/testkit/Golden"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"

/** The published configuration of commands that gzip into a folder. */
export const gzipConfig = (folder: string): CommandAdapterConfig.CommandAdapterConfig => {
  const file = path.join(Golden.folder, "command-adapters", "sample-local_folder.yaml")
  const config = Either.getOrThrow(CommandAdapterConfig.decode(fs.readFileSync(file, "utf8"), file))
  return {
    ...config,
    environment: config.environment.map(([name, value]) => [name, name === "FOLDER" ? folder : value] as const)
  }
}

/** `commands` are added to those that were published. */
export const layerOf = (
  layout: "local-folder" | "gzip-commands" | "continuous",
  folder: string,
  commands: Partial<CommandAdapterConfig.CommandAdapterConfig["commands"]> = {}
): Layer.Layer<BackupStorage.BackupStorage> =>
  layout === "gzip-commands"
    ? CommandAdapter.layer({ config: withCommands(gzipConfig(folder), commands) }).pipe(
      Layer.provide(CommandPool.layer)
    )
    : LocalFolder.layer({ directory: folder }).pipe(Layer.provide(NodeContext.layer), Layer.orDie)

const withCommands = (
  config: CommandAdapterConfig.CommandAdapterConfig,
  commands: Partial<CommandAdapterConfig.CommandAdapterConfig["commands"]>
): CommandAdapterConfig.CommandAdapterConfig => ({ ...config, commands: { ...config.commands, ...commands } })
