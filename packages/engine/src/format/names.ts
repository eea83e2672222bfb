import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type { BackupEntry } from "./Metadata.ts"

/** All but the last part of a handle. */
export const folderOf = (file: BackupStorage.FileHandle): string => file.slice(0, Math.max(0, file.lastIndexOf("/")))

/** The last part of a handle. */
export const nameOf = (file: BackupStorage.FileHandle): string => file.slice(file.lastIndexOf("/") + 1)

const patterns: ReadonlyArray<readonly [kind: BackupEntry["_tag"], pattern: RegExp]> = [
  ["EpochEndingBackup", /^epoch_ending_\d+-\.[0-9a-f]{4}$/],
  ["StateSnapshotBackup", /^state_epoch_\d+_ver_\d+\.[0-9a-f]{4}$/],
  ["TransactionBackup", /^transaction_\d+-\.[0-9a-f]{4}$/]
]

/** Of which kind of backup a file is, by the name of its folder. `undefined`: it may be anything. */
export const backupKindOf = (file: BackupStorage.FileHandle): BackupEntry["_tag"] | undefined => {
  const folder = nameOf(folderOf(file))
  return patterns.find(([, pattern]) => pattern.test(folder))?.[0]
}

/** Metadata, in whichever folder; a storage may add an ending of its own. */
export const isMetadataName = (file: BackupStorage.FileHandle): boolean => /\.meta(\.[a-z0-9]+)?$/.test(nameOf(file))

/** What the local folder calls a file that is not complete. */
export const isAside = (file: BackupStorage.FileHandle): boolean => nameOf(file).startsWith(".tmp-")

/** A manifest; a storage may add an ending of its own. */
export const isManifestName = (file: BackupStorage.FileHandle): boolean =>
  /\.manifest(\.[a-z0-9]+)?$/.test(nameOf(file))
