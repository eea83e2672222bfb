import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Effect from "effect/Effect"
import { InvalidBackup } from "../base/EngineError.ts"
import * as FileNames from "../format/FileNames.ts"
import { forEachListed } from "../reading/listedFiles.ts"

/** The files of a storage, by whether a backup needs them. */
export interface SortedFiles {
  /** Files of backups, or what is left of incomplete ones, that are not needed. */
  readonly candidates: ReadonlyMap<string, StorageFiles.StoredFile>
  /** Files that are needed and were listed. */
  readonly needed: ReadonlyMap<string, StorageFiles.StoredFile>
  /** Metadata that are not in use: those in the side folder. */
  readonly side: ReadonlyArray<string>
  /** Other files. */
  readonly foreign: number
  /** When the youngest file of a folder was written. */
  readonly youngest: ReadonlyMap<string, number>
}

/** Lists all files and sorts them. `missing` are needed files that are not listed: then nobody may trust the listing. */
export const sortFiles = (
  storage: BackupStorage.Service,
  isNeeded: ReadonlySet<string>
): Effect.Effect<SortedFiles & { readonly missing: ReadonlyArray<string> }, StorageError.StorageError> =>
  Effect.gen(function*() {
    const candidates = new Map<string, StorageFiles.StoredFile>()
    const needed = new Map<string, StorageFiles.StoredFile>()
    const side: Array<string> = []
    const youngest = new Map<string, number>()
    let foreign = 0
    const listed = yield* storage.capabilities.listFiles
    yield* forEachListed(listed, (files) => {
      for (const found of files) {
        const { file, modified } = found
        const folder = FileNames.folderOf(file)
        youngest.set(folder, Math.max(modified, youngest.get(folder) ?? 0))
        if (isNeeded.has(file)) needed.set(file, found)
        else if (FileNames.isIncomplete(file) || FileNames.backupKindOf(file) !== undefined) candidates.set(file, found)
        else if (FileNames.isMetadata(file)) side.push(file)
        else foreign += 1
      }
    })
    // Metadata may have been moved aside since they were read.
    const missing = [...isNeeded].filter((file) => !needed.has(file) && !FileNames.isMetadata(file))
    return { candidates, needed, side, foreign, youngest, missing }
  })

/** A listing that lacks needed files cannot be trusted. */
export const notListed = (missing: ReadonlyArray<string>, description: string): InvalidBackup =>
  new InvalidBackup({
    file: missing[0] ?? "",
    reason: "Inconsistent",
    detail:
      `a backup needs it, but it is not among the files that ${description} lists${
        missing.length > 1 ? ` (nor are ${missing.length - 1} others)` : ""
      }. `
      + "Do its listing and its writes name files by the same handles?",
    hint: "VerifyBackups"
  })
