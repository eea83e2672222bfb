import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { MetadataView } from "../catalogue/MetadataView.ts"
import * as FileNames from "../format/FileNames.ts"
import { forEachListed } from "../reading/listedFiles.ts"

/** A number of files, and the bytes that they take in the storage. */
export interface Amount {
  readonly files: number
  readonly bytes: number
}

/** What a storage holds, by the names of its folders. Times are unix seconds. */
export interface StorageUsage {
  readonly epochEndings: Amount
  readonly stateSnapshots: Amount
  readonly transactions: Amount
  readonly metadata: Amount
  readonly other: Amount
  /** Of these, files in folders whose manifest no metadata name: backups in flight, and leftovers of failed ones. */
  readonly unnamed: Amount & { readonly folders: number }
  /** When the newest backup of each kind was written. */
  readonly newest: {
    readonly epochEndings: number | null
    readonly stateSnapshots: number | null
    readonly transactions: number | null
  }
}

const kinds = {
  EpochEndingBackup: "epochEndings",
  StateSnapshotBackup: "stateSnapshots",
  TransactionBackup: "transactions"
} as const

class Count {
  files = 0
  bytes = 0
  add(bytes: number): void {
    this.files += 1
    this.bytes += bytes
  }
}

/**
 * Sums up the listing of all files, and says which manifests that the metadata name are not in it; `null` where the storage
 * has none. Memory grows with the folders, not the files.
 */
export const usageOf = (
  { capabilities }: BackupStorage.Service,
  view: MetadataView
): Effect.Effect<
  { readonly holdings: StorageUsage; readonly missing: ReadonlyArray<string> } | null,
  StorageError.StorageError
> =>
  Effect.gen(function*() {
    if (Either.isLeft(capabilities.listFiles)) return null
    const newestManifests = {
      epochEndings: view.epochEndings.at(-1)?.value.manifest,
      stateSnapshots: view.stateSnapshots.at(-1)?.value.manifest,
      transactions: view.transactions.at(-1)?.value.manifest
    }
    const manifests = [...view.epochEndings, ...view.stateSnapshots, ...view.transactions].map((entry) =>
      entry.value.manifest
    )
    const named = new Set(manifests.map(FileNames.folderOf))
    const missing = new Set(manifests)
    const counts = {
      epochEndings: new Count(),
      stateSnapshots: new Count(),
      transactions: new Count(),
      metadata: new Count(),
      other: new Count(),
      unnamed: new Count()
    }
    const unnamedFolders = new Set<string>()
    const newest: { -readonly [K in keyof StorageUsage["newest"]]: number | null } = {
      epochEndings: null,
      stateSnapshots: null,
      transactions: null
    }
    yield* forEachListed(capabilities.listFiles.right, (files) => {
      for (const { bytes, file, modified } of files) {
        missing.delete(file)
        const kind = FileNames.backupKindOf(file)
        if (kind === undefined) {
          counts[FileNames.isMetadata(file) ? "metadata" : "other"].add(bytes)
          continue
        }
        const group = kinds[kind]
        counts[group].add(bytes)
        if (file === newestManifests[group]) newest[group] = modified
        const folder = FileNames.folderOf(file)
        if (!named.has(folder)) {
          counts.unnamed.add(bytes)
          unnamedFolders.add(folder)
        }
      }
    })
    const amount = ({ bytes, files }: Count): Amount => ({ files, bytes })
    const holdings = {
      epochEndings: amount(counts.epochEndings),
      stateSnapshots: amount(counts.stateSnapshots),
      transactions: amount(counts.transactions),
      metadata: amount(counts.metadata),
      other: amount(counts.other),
      unnamed: { ...amount(counts.unnamed), folders: unnamedFolders.size },
      newest
    }
    return { holdings, missing: [...missing] }
  })
