import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Effect from "effect/Effect"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Manifest from "../format/Manifest.ts"
import type { BackupEntry } from "../format/Metadata.ts"
import { type Check, readManifest } from "../reading/backupFiles.ts"

/** A backup, and the metadata file that names it. */
export interface NamedBackup {
  readonly file: string
  readonly entry: BackupEntry
}

/** The files that a backup consists of, its manifest first. */
export const filesOfBackup = ({ entry, file }: NamedBackup): Check<ReadonlyArray<StorageFiles.FileHandle>> => {
  const { manifest } = entry.value
  switch (entry._tag) {
    case "EpochEndingBackup":
      return Effect.map(
        readManifest(file, manifest, Manifest.parseEpochEnding),
        ({ chunks }) => [manifest, ...chunks.map((chunk) => chunk.ledgerInfos)]
      )
    case "StateSnapshotBackup":
      return Effect.map(
        readManifest(file, manifest, Manifest.parseStateSnapshot),
        ({ chunks, proof }) => [manifest, proof, ...chunks.flatMap((chunk) => [chunk.blobs, chunk.proof])]
      )
    case "TransactionBackup":
      return Effect.map(
        readManifest(file, manifest, Manifest.parseTransaction),
        ({ chunks }) => [manifest, ...chunks.flatMap((chunk) => [chunk.transactions, chunk.proof])]
      )
  }
}

/** What backups consist of, and why that is not known of some. */
export interface References {
  /** By manifest. */
  readonly files: ReadonlyMap<string, ReadonlyArray<StorageFiles.FileHandle>>
  readonly doubts: ReadonlyArray<InvalidBackup>
}

/** Reads the manifests of backups, `concurrency` at a time. */
export const referencesOf = (
  backups: ReadonlyArray<NamedBackup>,
  concurrency: number
): Effect.Effect<References, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const distinct = new Map(backups.map((backup) => [`${backup.entry._tag} ${backup.entry.value.manifest}`, backup]))
    const files = new Map<string, ReadonlyArray<string>>()
    const doubts: Array<InvalidBackup> = []
    const note = (backup: NamedBackup) =>
      filesOfBackup(backup).pipe(
        Effect.map((found) => {
          const { manifest } = backup.entry.value
          files.set(manifest, [...files.get(manifest) ?? [], ...found])
        }),
        Effect.catchTag("InvalidBackup", (doubt) => Effect.sync(() => void doubts.push(doubt)))
      )
    yield* Progress.forEach("manifests", "files", distinct.values(), note, concurrency)
    return { files, doubts }
  })
