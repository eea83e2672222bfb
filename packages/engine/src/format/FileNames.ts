/**
 * The names in a storage: folders of backups, their files, metadata files, leases. One grammar prints the names that this
 * program gives, and parses the names that it finds, also those of today's tool.
 *
 * ```
 * epoch_ending_FIRST-.HHHH/    FIRST-.chunk                                           epoch_ending.manifest
 * state_epoch_E_ver_V.HHHH/    FIRST-.chunk   FIRST-LAST.proof   state.proof          state.manifest
 * transaction_FIRST-.HHHH/     FIRST-.chunk   FIRST-LAST.proof                        transaction.manifest
 * coordinator_lease-.HHHH/     until-MILLIS-pid-PID-host-HOST.lease
 * metadata                     epoch_ending_FIRST-LAST.meta   state_snapshot_ver_V.meta   transaction_FIRST-LAST.meta
 *                              epoch_ending_compacted_FIRST-LAST.meta   state_snapshot_compacted_epoch_FIRST_LAST.meta
 *                              transaction_compacted_FIRST-LAST.meta    compaction_timestamps_SECONDS.meta
 *                              identity.meta   repaired_NAME.meta
 * ```
 *
 * HHHH are four random hex digits, so that no attempt meets the files of another one. A file that is written once more has
 * a number before its extension: `0-.1.chunk`. A storage may add an extension of its own: `0-.chunk.gz`.
 *
 * Source: the backup page of the specification, sections 1 and 3.
 */
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import type * as Metadata from "./Metadata.ts"

/** All but the last part of a handle. */
export const folderOf = (file: StorageFiles.FileHandle): string => file.slice(0, Math.max(0, file.lastIndexOf("/")))

/** The last part of a handle: for every adapter known, the name that the file was saved under. */
export const nameOf = (file: StorageFiles.FileHandle): string => file.slice(file.lastIndexOf("/") + 1)

/** What a folder is for, by its name. */
export type Folder =
  | { readonly _tag: "EpochEndingBackup"; readonly firstEpoch: number }
  | { readonly _tag: "StateSnapshotBackup"; readonly epoch: number; readonly version: number }
  | { readonly _tag: "TransactionBackup"; readonly firstVersion: number }
  | { readonly _tag: "Lease" }

/** The name of a folder, with the random number of an attempt: 0 to 65535. */
export const folder = (what: Folder, random: number): string => {
  const suffix = random.toString(16).padStart(4, "0")
  switch (what._tag) {
    case "EpochEndingBackup":
      return `epoch_ending_${what.firstEpoch}-.${suffix}`
    case "StateSnapshotBackup":
      return `state_epoch_${what.epoch}_ver_${what.version}.${suffix}`
    case "TransactionBackup":
      return `transaction_${what.firstVersion}-.${suffix}`
    case "Lease":
      return `coordinator_lease-.${suffix}`
  }
}

const epochEndingFolder = /^epoch_ending_(\d+)-\.[0-9a-f]{4}$/
const stateSnapshotFolder = /^state_epoch_(\d+)_ver_(\d+)\.[0-9a-f]{4}$/
const transactionFolder = /^transaction_(\d+)-\.[0-9a-f]{4}$/
const leaseFolder = /^coordinator_lease-\.[0-9a-f]{4}$/

/** What the folder of a file is for. `undefined`: the file may be anything. */
export const parseFolder = (file: StorageFiles.FileHandle): Folder | undefined => {
  const name = nameOf(folderOf(file))
  const epochEnding = epochEndingFolder.exec(name)
  if (epochEnding !== null) return { _tag: "EpochEndingBackup", firstEpoch: Number(epochEnding[1]) }
  const snapshot = stateSnapshotFolder.exec(name)
  if (snapshot !== null) {
    return { _tag: "StateSnapshotBackup", epoch: Number(snapshot[1]), version: Number(snapshot[2]) }
  }
  const transaction = transactionFolder.exec(name)
  if (transaction !== null) return { _tag: "TransactionBackup", firstVersion: Number(transaction[1]) }
  return leaseFolder.test(name) ? { _tag: "Lease" } : undefined
}

/** Of which kind of backup a file is. `undefined`: it may be anything. */
export const backupKindOf = (file: StorageFiles.FileHandle): Metadata.BackupEntry["_tag"] | undefined => {
  const found = parseFolder(file)
  return found === undefined || found._tag === "Lease" ? undefined : found._tag
}

/** The chunk that begins with the record of this index. */
export const chunk = (first: number): string => `${first}-.chunk`

/** The proof of the chunk with these records. */
export const proof = (first: number, last: number): string => `${first}-${last}.proof`

/** The proof of the state root. */
export const rootProof = "state.proof"

/** The manifest of a backup. */
export const manifests = {
  EpochEndingBackup: "epoch_ending.manifest",
  StateSnapshotBackup: "state.manifest",
  TransactionBackup: "transaction.manifest"
} as const

/** The name of a file that is written once more: something may have been published under the name before. */
export const rewritten = (name: string, attempt: number): string =>
  attempt === 0 ? name : name.replace(/\.[a-z]+$/, `.${attempt}$&`)

/** The extension that this program gave a file: `chunk`. */
export const extensionOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1)

const chunkPattern = /^(\d{1,16})-(?:\.\d+)?\.chunk(?:\.[a-z0-9]+)?$/
const proofPattern = /^(\d{1,16})-(\d{1,16})(?:\.\d+)?\.proof(?:\.[a-z0-9]+)?$/

/** The first record of a chunk, if the file is one. */
export const parseChunk = (file: StorageFiles.FileHandle): { readonly first: number } | undefined => {
  const parts = chunkPattern.exec(nameOf(file))
  return parts === null ? undefined : { first: Number(parts[1]) }
}

/** The records that a proof is of, if the file is one. */
export const parseProof = (
  file: StorageFiles.FileHandle
): { readonly first: number; readonly last: number } | undefined => {
  const parts = proofPattern.exec(nameOf(file))
  return parts === null ? undefined : { first: Number(parts[1]), last: Number(parts[2]) }
}

export const isManifest = (file: StorageFiles.FileHandle): boolean => /\.manifest(\.[a-z0-9]+)?$/.test(nameOf(file))

/** What the local folder calls a file that is not complete. */
export const isIncomplete = (file: StorageFiles.FileHandle): boolean => nameOf(file).startsWith(".tmp-")

const identityName = "identity.meta"
const timestampsPrefix = "compaction_timestamps_"

/** The metadata file that a new entry is saved under. */
export const metadata = (entry: Metadata.Entry): string => {
  switch (entry._tag) {
    case "EpochEndingBackup":
      return `epoch_ending_${entry.value.firstEpoch}-${entry.value.lastEpoch}.meta`
    case "StateSnapshotBackup":
      return `state_snapshot_ver_${entry.value.version}.meta`
    case "TransactionBackup":
      return `transaction_${entry.value.firstVersion}-${entry.value.lastVersion}.meta`
    case "Identity":
      return identityName
    case "CompactionTimestamps":
      return `${timestampsPrefix}${entry.value.fileCompactedAt}.meta`
  }
}

/** The metadata file of compacted entries, by the epochs or versions that the entries are of. */
export const compactedMetadata = (kind: Metadata.BackupEntry["_tag"], first: number, last: number): string => {
  switch (kind) {
    case "EpochEndingBackup":
      return `epoch_ending_compacted_${first}-${last}.meta`
    case "StateSnapshotBackup":
      return `state_snapshot_compacted_epoch_${first}_${last}.meta`
    case "TransactionBackup":
      return `transaction_compacted_${first}-${last}.meta`
  }
}

/** The name beside a metadata file whose name is taken: `NAME.1.meta`. */
export const metadataBeside = (name: string, number: number): string => name.replace(/\.meta$/, `.${number}$&`)

/** The metadata file with the lines that could be read of another one. A file may be torn more than once. */
export const repairedMetadata = (file: StorageFiles.FileHandle, repair: number): string =>
  `repaired_${metadataStem(file)}${repair === 0 ? "" : `.${repair}`}.meta`

const metadataExtension = /\.meta(\.[a-z0-9]+)?$/

/** The name of a metadata file without its extensions. */
export const metadataStem = (file: StorageFiles.FileHandle): string => nameOf(file).replace(metadataExtension, "")

/** Metadata, in whichever folder. */
export const isMetadata = (file: StorageFiles.FileHandle): boolean => metadataExtension.test(nameOf(file))

export const isIdentity = (file: StorageFiles.FileHandle): boolean => file.endsWith(identityName)

export const isCompactionTimestamps = (file: StorageFiles.FileHandle): boolean =>
  nameOf(file).startsWith(timestampsPrefix)

/** Who holds a lease, for people, and until when by the clock of the holder: milliseconds since 1970. */
export interface Lease {
  readonly host: string
  readonly pid: number
  readonly until: number
}

/** Characters that names may not have are left out, and so is more than anybody wants to read of a host. */
const mostHostCharacters = 60

/** The name says all there is to know: listing the files is enough, and no file can be half a lease. */
export const lease = ({ host, pid, until }: Lease): string => {
  const plain = host.replaceAll(/[^a-zA-Z0-9._-]/g, "_").slice(0, mostHostCharacters)
  return `until-${until}-pid-${pid}-host-${plain === "" ? "unknown" : plain}.lease`
}

const leasePattern = /^until-(\d{1,15})-pid-(\d{1,15})-host-([a-zA-Z0-9._-]+)\.lease(?:\.[a-z0-9]+)?$/

/** The lease that a file is, if the file is one. */
export const parseLease = (file: StorageFiles.FileHandle): Lease | undefined => {
  const [, until, pid, host] = leasePattern.exec(nameOf(file)) ?? []
  return host === undefined || parseFolder(file)?._tag !== "Lease"
    ? undefined
    : { until: Number(until), pid: Number(pid), host }
}
