import * as Metadata from "../format/Metadata.ts"
import * as MetadataView from "./MetadataView.ts"

interface ParsedFile {
  readonly file: string
  readonly entries: ReadonlyArray<Metadata.Entry>
}

/**
 * The files of `before` that are gone though nothing accounts for it: they name a backup that no file of `now` names,
 * others don't hold what it held, and the storage does not say that the file was replaced, or let go of.
 */
export const unaccounted = (
  before: ReadonlyArray<ParsedFile>,
  now: ReadonlyArray<ParsedFile>,
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

/** Files that metadata say may be gone: compaction replaced them, or retention let go of them. */
export const replacedFiles = (now: ReadonlyArray<ParsedFile>): ReadonlySet<string> =>
  new Set(now.flatMap(({ entries }) => entries.flatMap(replacedBy)))

const replacedBy = (entry: Metadata.Entry): ReadonlyArray<string> =>
  entry._tag === "CompactionTimestamps" ? Object.keys(entry.value.compactionTimestamps) : []

/** Do other backups hold the same epochs, versions or state? */
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
