/** Metadata files that a repair set aside, after it saved what could be read of them. */
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import { type MetadataFile, readMetadataFile } from "../catalogue/readMetadata.ts"
import * as FileNames from "../format/FileNames.ts"

/** A file of one name may be torn more than once. */
const mostRepairs = 5

/** What the file with the lines that could be read is called; the first of these that is free. */
export const repairedNames = (file: string): ReadonlyArray<string> =>
  Array.from({ length: mostRepairs }, (_, repair) => FileNames.repairedMetadata(file, repair))

/**
 * Reads files of the side folder. Where a repair set one aside, lines of it that cannot be read are no problem: they were
 * decided upon. `metadata` are the handles of all metadata files.
 */
export const readSideFiles = (
  side: ReadonlyArray<string>,
  metadata: Iterable<string>,
  concurrency: number
): Effect.Effect<ReadonlyArray<MetadataFile>, StorageError.StorageError, BackupStorage.BackupStorage> => {
  const stems = new Set([...metadata, ...side].map(FileNames.metadataStem))
  const wasRepaired = (file: string): boolean =>
    repairedNames(file).some((name) => stems.has(FileNames.metadataStem(name)))
  return Effect.forEach(side, (file) =>
    Effect.map(readMetadataFile(file), (read) =>
      wasRepaired(file)
        ? { ...read, problems: read.problems.filter(({ reason }) => reason !== "Malformed") }
        : read), { concurrency })
}
