/**
 * Where this machine remembers what it saw of the storage that the flags name: its metadata, the journals of its backups,
 * what was verified. Without a folder all of it is remembered as long as the program runs, and journals are not kept.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { BackupJournal, MetadataCache, VerifyRecord } from "@holdfast/engine"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import * as CacheFolder from "./CacheFolder.ts"
import type { UsageError } from "./CliError.ts"
import type { StorageFlags } from "./Storage.ts"

/**
 * The flags that say which storage, and where the cache folder is.
 *
 * @since 0.1.0
 * @category models
 */
export type FolderFlags = Pick<StorageFlags, "commandAdapterConfig" | "localFsDir" | "metadataCacheDir">

type Remembered<A> = Layer.Layer<A, UsageError, FileSystem.FileSystem | Path.Path>

/**
 * The cache of the storage's metadata.
 *
 * @since 0.1.0
 * @category layers
 */
export const metadata = (flags: FolderFlags): Remembered<MetadataCache.MetadataCache> =>
  remembered(flags, MetadataCache.layerMemory, (directory) => MetadataCache.layer({ directory }))

/**
 * The journals of backups to the storage: one for each request, where several may be under way at a time.
 *
 * @since 0.1.0
 * @category layers
 */
export const journal = (flags: FolderFlags, perRequest = false): Remembered<never> =>
  remembered(flags, Layer.empty, (directory) => BackupJournal.layer({ directory, perRequest }))

/**
 * What was verified of the storage.
 *
 * @since 0.1.0
 * @category layers
 */
export const verifications = (flags: FolderFlags): Remembered<VerifyRecord.VerifyRecord> =>
  remembered(flags, VerifyRecord.layerMemory, (directory) => VerifyRecord.layer({ directory }))

const remembered = <A>(
  flags: FolderFlags,
  withoutFolder: Layer.Layer<A>,
  inFolder: (directory: string) => Layer.Layer<A, never, FileSystem.FileSystem | Path.Path>
): Remembered<A> =>
  Layer.unwrapEffect(
    Effect.map(
      CacheFolder.use(flags.metadataCacheDir, "metadata", (folder) =>
        Effect.map(Path.Path, (path) =>
          path.join(folder, keyOf(flags, path)))),
      Option.match({
        onNone: () =>
          withoutFolder,
        onSome: inFolder
      })
    )
  )

const keyDigits = 16

/**
 * The name of a storage among those of this machine: by where it is said to lie. If something else lies there one day, it
 * is noticed.
 */
const keyOf = ({ commandAdapterConfig, localFsDir }: FolderFlags, path: Path.Path): string => {
  const kind = Option.isSome(localFsDir) ? "folder" : "commands"
  const place = path.resolve(Option.getOrElse(Option.orElse(localFsDir, () => commandAdapterConfig), () => ""))
  return `${kind}-${createHash("sha256").update(place).digest("hex").slice(0, keyDigits)}`
}
