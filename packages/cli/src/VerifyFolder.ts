/**
 * Where this machine remembers what was verified of the storage that the flags name.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { VerifyRecord } from "@holdfast/engine"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import * as Flag from "./Flag.ts"
import type { StorageFlags } from "./Storage.ts"
import * as Values from "./Values.ts"

/**
 * @since 0.1.0
 * @category flags
 */
export const flags = {
  metadataCacheDir: Flag.optional({
    name: "metadata-cache-dir",
    placeholder: "DIR",
    description: "Where this machine remembers what was verified",
    parse: Values.anyText
  })
}

/**
 * The values of these flags and of those that name the storage.
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderFlags extends Pick<StorageFlags, "commandAdapterConfig" | "localFsDir"> {
  readonly metadataCacheDir: Option.Option<string>
}

const keyDigits = 16

/**
 * The record of the flags' storage; without a folder one that lasts as long as the program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  { commandAdapterConfig, localFsDir, metadataCacheDir }: FolderFlags
): Layer.Layer<VerifyRecord.VerifyRecord, never, FileSystem.FileSystem | Path.Path> =>
  Layer.unwrapEffect(Effect.map(Path.Path, (path) => {
    if (Option.isNone(metadataCacheDir)) return VerifyRecord.layerMemory
    const place = path.resolve(Option.getOrElse(Option.orElse(localFsDir, () => commandAdapterConfig), () => ""))
    const kind = Option.isSome(localFsDir) ? "folder" : "commands"
    const key = `${kind}-${createHash("sha256").update(place).digest("hex").slice(0, keyDigits)}`
    return VerifyRecord.layer({ directory: path.join(metadataCacheDir.value, "metadata", key) })
  }))
