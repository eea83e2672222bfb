import * as Metadata from "../format/Metadata.ts"
import * as MetadataView from "./MetadataView.ts"
import type { MetadataFile } from "./readMetadata.ts"

type Files = ReadonlyArray<Pick<MetadataFile, "entries" | "file">>

/**
 * Detects a listing that is shorter than before: the files of `before` that disappeared, and with them a backup that
 * nothing accounts for. A backup is accounted for if another file names it, if other backups hold the same range, or if the
 * metadata say that compaction replaced the file or that retention deleted it.
 */
export const lostFiles = (
  before: Files,
  now: Files,
  view: MetadataView.MetadataView
): ReadonlyArray<string> => {
  const listed = new Set(now.map(({ file }) => file))
  const vanished = before.filter(({ file }) => !listed.has(file))
  if (vanished.length === 0) return []
  const named = new Set(now.flatMap(({ entries }) => entries.map(Metadata.printLine)))
  const replaced = replacedFiles(now)
  return vanished.flatMap(({ entries, file }) =>
    replaced.has(file) || entries.every((entry) => named.has(Metadata.printLine(entry)) || isHeld(entry, view))
      ? []
      : [file]
  )
}

/** Files that may disappear, as the metadata say: compaction replaced them, or retention deleted their backups. */
export const replacedFiles = (now: Files): ReadonlySet<string> =>
  new Set(now.flatMap(({ entries }) => entries.flatMap(replacedBy)))

const replacedBy = (entry: Metadata.Entry): ReadonlyArray<string> =>
  entry._tag === "CompactionTimestamps" ? Object.keys(entry.value.compactionTimestamps) : []

/** Do the backups of the view hold the same epochs, versions or state? */
const isHeld = (entry: Metadata.Entry, view: MetadataView.MetadataView): boolean => {
  switch (entry._tag) {
    case "EpochEndingBackup": {
      const { firstEpoch: first, lastEpoch: last } = entry.value
      return MetadataView.coveringEpochEndings(view, first, last).gap === undefined
    }
    case "TransactionBackup": {
      const { firstVersion: first, lastVersion: last } = entry.value
      return MetadataView.coveringTransactions(view, first, last).gap === undefined
    }
    case "StateSnapshotBackup":
      return view.stateSnapshots.some(({ value }) => value.version === entry.value.version)
    case "CompactionTimestamps":
    case "Identity":
      return true
  }
}
