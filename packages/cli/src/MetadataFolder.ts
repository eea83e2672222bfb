/**
 * Where this machine remembers the metadata of the storage that the flags name.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { BackupJournal, MetadataCache } from "@holdfast/engine"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import type { StorageFlags } from "./Storage.ts"

/**
 * The cache of the flags' storage.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  flags: StorageFlags
): Layer.Layer<MetadataCache.MetadataCache, never, FileSystem.FileSystem | Path.Path> =>
  Layer.unwrapEffect(Effect.map(
    directoryOf(flags),
    Option.match({
      onNone: () => MetadataCache.layerMemory,
      onSome: (directory) => MetadataCache.layer({ directory })
    })
  ))

/**
 * The journals of backups to the flags' storage; none without a folder.
 *
 * @since 0.1.0
 * @category layers
 */
export const journal = (flags: StorageFlags): Layer.Layer<never, never, FileSystem.FileSystem | Path.Path> =>
  Layer.unwrapEffect(Effect.map(
    directoryOf(flags),
    Option.match({ onNone: () => Layer.empty, onSome: (directory) => BackupJournal.layer({ directory }) })
  ))

/** One folder for each storage. */
const directoryOf = (flags: StorageFlags): Effect.Effect<Option.Option<string>, never, Path.Path> =>
  Effect.map(
    Path.Path,
    (path) => Option.map(flags.metadataCacheDir, (folder) => path.join(folder, "metadata", keyOf(flags, path)))
  )

const keyDigits = 16

/**
 * The name of a storage among those of this machine: by where it is said to lie. If something else lies there one day, it
 * is noticed.
 */
const keyOf = ({ commandAdapterConfig, localFsDir }: StorageFlags, path: Path.Path): string => {
  const kind = Option.isSome(localFsDir) ? "folder" : "commands"
  const place = path.resolve(Option.getOrElse(Option.orElse(localFsDir, () => commandAdapterConfig), () => ""))
  return `${kind}-${createHash("sha256").update(place).digest("hex").slice(0, keyDigits)}`
}
