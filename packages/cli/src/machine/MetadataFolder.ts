/**
 * What this machine keeps about the storage of the flags: its metadata, the journals of backups, the earlier verifications,
 * and the record of the coordinator. Without a cache folder, metadata and verifications last as long as the program runs, and
 * there are no journals.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as BackupJournal from "@holdfast/engine/BackupJournal"
import * as CoordinatorRecord from "@holdfast/engine/CoordinatorRecord"
import type * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as EarlierVerifications from "@holdfast/engine/EarlierVerifications"
import * as LocalState from "@holdfast/engine/LocalState"
import * as MetadataCache from "@holdfast/engine/MetadataCache"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import type { UsageError } from "../exit/CliError.ts"
import * as CacheFolder from "./CacheFolder.ts"
import type { StorageFlags } from "./Storage.ts"

/** The flags that name the storage and the cache folder. */
export type FolderFlags = Pick<StorageFlags, "commandAdapterConfig" | "localFsDir" | "metadataCacheDir">

type Remembered<A> = Layer.Layer<A, UsageError, FileSystem.FileSystem | Path.Path>

/** The cache of the storage's metadata. */
export const metadata = (flags: FolderFlags): Remembered<MetadataCache.MetadataCache> =>
  remembered(flags, MetadataCache.layerMemory, MetadataCache.layer)

/** The journals of backups to the storage; one for each request where several may run at a time. */
export const journal = (flags: FolderFlags, perRequest = false): Remembered<never> =>
  remembered(flags, Layer.empty, BackupJournal.layer({ perRequest }))

/** The earlier verifications of the storage. */
export const verifications = (flags: FolderFlags): Remembered<EarlierVerifications.EarlierVerifications> =>
  remembered(flags, EarlierVerifications.layerMemory, EarlierVerifications.layer)

/** Publishes the state of the coordinator in this process to other programs. */
export const telling = (
  flags: FolderFlags,
  owner: CoordinatorRecord.Owner
): Layer.Layer<
  never,
  UsageError,
  CoordinatorStatus.CoordinatorStatus | FileSystem.FileSystem | Path.Path
> => remembered(flags, Layer.empty, CoordinatorRecord.layer(owner))

/** The last published state of a coordinator on this machine. */
export const coordinator = (flags: FolderFlags) =>
  Effect.flatMap(folderOf(flags), (found) =>
    Effect.map(
      Effect.transposeOption(
        Option.map(found, (directory) => Effect.provide(CoordinatorRecord.read, LocalState.layer({ directory })))
      ),
      Option.flatten
    ))

const remembered = <A, R>(
  flags: FolderFlags,
  withoutFolder: Layer.Layer<A>,
  inFolder: Layer.Layer<A, never, R>
): Layer.Layer<A, UsageError, Exclude<R, LocalState.LocalState> | FileSystem.FileSystem | Path.Path> =>
  Layer.unwrapEffect(
    Effect.map(
      folderOf(flags),
      (found) =>
        Option.isNone(found) ? withoutFolder : Layer.provide(inFolder, LocalState.layer({ directory: found.value }))
    )
  )

/** The folder for the storage, where there is a cache folder. */
const folderOf = (flags: FolderFlags) =>
  CacheFolder.use(
    flags.metadataCacheDir,
    "metadata",
    (folder) => Effect.map(Path.Path, (path) => path.join(folder, keyOf(flags, path)))
  )

const keyDigits = 16

/**
 * The name of a storage among those of this machine, by its location. The engine notices another storage at the same
 * location.
 */
const keyOf = ({ commandAdapterConfig, localFsDir }: FolderFlags, path: Path.Path): string => {
  const kind = Option.isSome(localFsDir) ? "folder" : "commands"
  const place = path.resolve(Option.getOrElse(Option.orElse(localFsDir, () => commandAdapterConfig), () => ""))
  return `${kind}-${createHash("sha256").update(place).digest("hex").slice(0, keyDigits)}`
}
