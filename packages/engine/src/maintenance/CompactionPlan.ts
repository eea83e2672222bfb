/**
 * What a compaction does, as plain functions of what the metadata files say: which files it saves, which ones those
 * replace, and which replaced ones may be moved aside.
 *
 * Two rules keep every entry in the storage, whatever crashes and whoever else compacts:
 *
 * - A file is *replaced* only if each of its entries stands in a compacted file that was read back.
 * - A replaced file is *moved* only by a later run, a retention after it was marked, and only if each of its entries
 *   stands in a file that the newest timestamps file does not mark. All who compact at the same time see the same newest
 *   timestamps file, so none of them relies on what another one moves.
 *
 * Source: the backup page of the specification, section 5, "Compact".
 */
import type { MetadataFile } from "../catalogue/readMetadata.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Metadata from "../format/Metadata.ts"

/** How many entries go into one compacted file, by kind. */
export interface Factors {
  readonly epochEndings: number
  readonly stateSnapshots: number
  readonly transactions: number
}

/** A compacted file to be saved. */
export interface CompactedFile {
  readonly name: string
  /** As they stood in the files before. */
  readonly lines: ReadonlyArray<string>
  /** The same lines as {@link keyOf} has them. */
  readonly keys: ReadonlyArray<string>
  /** The file of that name and these lines, where there is one already. */
  readonly present: string | undefined
}

/** A time as metadata files have it: unix seconds. */
export type UnixSeconds = number

/** What two lines have in common that say the same. */
export const keyOf: (entry: Metadata.Entry) => string = Metadata.printLine

/** The epochs or versions of an entry, both included; of a snapshot its epoch. */
export const rangeOf = (entry: Metadata.BackupEntry): readonly [first: number, last: number] => {
  switch (entry._tag) {
    case "EpochEndingBackup":
      return [entry.value.firstEpoch, entry.value.lastEpoch]
    case "StateSnapshotBackup":
      return [entry.value.epoch, entry.value.epoch]
    case "TransactionBackup":
      return [entry.value.firstVersion, entry.value.lastVersion]
  }
}

/** From the oldest on; the manifest decides between two of the same range, so that everybody comes to the same order. */
const byRange = (a: Metadata.BackupEntry, b: Metadata.BackupEntry): number => {
  const [first, last] = rangeOf(a)
  const [otherFirst, otherLast] = rangeOf(b)
  return first - otherFirst || last - otherLast || (a.value.manifest < b.value.manifest ? -1 : 1)
}

const kinds = [
  ["EpochEndingBackup", "epochEndings"],
  ["StateSnapshotBackup", "stateSnapshots"],
  ["TransactionBackup", "transactions"]
] as const

/**
 * The compacted files that hold all entries. The last one of a kind may hold fewer than the factor says. A group whose
 * name is taken by a file of another content takes in the entries behind it, up to a name that is free.
 */
export const compactedFiles = (
  files: ReadonlyArray<MetadataFile>,
  factors: Factors
): ReadonlyArray<CompactedFile> => {
  const texts = new Map<string, { readonly entry: Metadata.BackupEntry; readonly text: string }>()
  for (const { lines } of files) {
    for (const { entry, text } of lines) {
      if (Metadata.isBackup(entry) && !texts.has(keyOf(entry))) texts.set(keyOf(entry), { entry, text })
    }
  }
  const taken = new Map(files.map((file) => [FileNames.nameOf(file.file), file]))
  return kinds.flatMap(([kind, factor]) => {
    const entries = [...texts.values()].filter(({ entry }) => entry._tag === kind)
      .sort((a, b) => byRange(a.entry, b.entry))
    const compacted: Array<CompactedFile> = []
    for (let from = 0; from < entries.length;) {
      let until = Math.min(from + Math.max(1, factors[factor]), entries.length)
      let file = compact(kind, entries.slice(from, until), taken)
      while (file.isTaken && until < entries.length) file = compact(kind, entries.slice(from, ++until), taken)
      if (!file.isTaken) compacted.push(file.compacted)
      taken.set(file.compacted.name, givenAway)
      from = until
    }
    return compacted
  })
}

/** A name that was given away already. */
const givenAway: MetadataFile = { file: "", lines: [], entries: [], problems: [] }

const compact = (
  kind: Metadata.BackupEntry["_tag"],
  entries: ReadonlyArray<{ readonly entry: Metadata.BackupEntry; readonly text: string }>,
  taken: ReadonlyMap<string, MetadataFile>
): { readonly compacted: CompactedFile; readonly isTaken: boolean } => {
  const ranges = entries.map(({ entry }) => rangeOf(entry))
  const name = FileNames.compactedMetadata(kind, ranges[0]?.[0] ?? 0, ranges.at(-1)?.[1] ?? 0)
  const keys = entries.map(({ entry }) => keyOf(entry))
  const there = taken.get(name)
  const isSame = there !== undefined && there.problems.length === 0 && there.entries.length === keys.length
    && there.entries.every((entry, index) => keyOf(entry) === keys[index])
  return {
    compacted: { name, lines: entries.map(({ text }) => text), keys, present: isSame ? there.file : undefined },
    isTaken: there !== undefined && !isSame
  }
}

/** The newest timestamps file: the one that counts. */
export const newestTimestamps = (files: ReadonlyArray<MetadataFile>): Timestamps | undefined =>
  allTimestamps(files).sort((a, b) => a.at - b.at || (a.file < b.file ? -1 : 1)).at(-1)

const allTimestamps = (files: ReadonlyArray<MetadataFile>): Array<Timestamps> =>
  files.flatMap(({ entries, file }) =>
    entries.flatMap((entry) =>
      entry._tag === "CompactionTimestamps"
        ? [{ file, at: entry.value.fileCompactedAt, since: entry.value.compactionTimestamps }]
        : []
    )
  )

/** Since when files count as replaced. */
export interface Timestamps {
  readonly file: string
  readonly at: UnixSeconds
  readonly since: { readonly [file: string]: UnixSeconds | null }
}

/** A file that can be spared where its entries stand elsewhere: not the identity, and nothing torn, empty or foreign. */
const isSpare = ({ entries, problems }: MetadataFile): boolean =>
  problems.length === 0 && entries.length > 0 && entries.every((entry) => entry._tag !== "Identity")

const backupKeys = ({ entries }: MetadataFile): ReadonlyArray<string> => entries.filter(Metadata.isBackup).map(keyOf)

/** The files that may be moved aside now. */
export const movable = (
  files: ReadonlyArray<MetadataFile>,
  now: UnixSeconds,
  retentionSeconds: number
): ReadonlyArray<string> => {
  const newest = newestTimestamps(files)
  if (newest === undefined) return []
  const isMarked = (file: string) => Object.hasOwn(newest.since, file)
  const kept = new Set(files.filter(({ file }) => !isMarked(file)).flatMap(backupKeys))
  return files.filter((file) => {
    const since = isMarked(file.file) ? newest.since[file.file] : undefined
    return typeof since === "number" && since <= now - retentionSeconds && file.file !== newest.file
      && isSpare(file) && backupKeys(file).every((key) => kept.has(key))
  }).map(({ file }) => file)
}

/**
 * What the new timestamps file says, where it has anything new to say. `files` are those that are still there;
 * `compacted` are the handles of the compacted files that were confirmed, with their keys.
 */
export const nextTimestamps = (
  files: ReadonlyArray<MetadataFile>,
  compacted: ReadonlyMap<string, ReadonlyArray<string>>,
  now: UnixSeconds
): Metadata.Entry | undefined => {
  const newest = newestTimestamps(files)
  const kept = new Set([...compacted.values()].flat())
  const replaced = files.filter((file) =>
    !compacted.has(file.file) && isSpare(file) && backupKeys(file).every((key) => kept.has(key))
  )
  const since = (file: string): UnixSeconds =>
    (newest !== undefined && Object.hasOwn(newest.since, file) ? newest.since[file] : null) ?? now
  const others = replaced.filter(({ file }) => file !== newest?.file)
  const gone = letGoBefore(files)
  if (newest === undefined ? others.length === 0 : saysTheSame(newest, others, gone)) return undefined
  return timestamps(newest, now, [
    ...gone.map((file) => [file, null] as const),
    ...replaced.map(({ file }) => [file, since(file)] as const)
  ])
}

const timestamps = (
  newest: Timestamps | undefined,
  now: UnixSeconds,
  marks: ReadonlyArray<readonly [file: string, since: UnixSeconds | null]>
): Metadata.Entry => ({
  _tag: "CompactionTimestamps",
  value: {
    // Newer than all before, also if this clock is behind theirs.
    fileCompactedAt: Math.max(now, (newest?.at ?? -1) + 1),
    compactionTimestamps: Object.fromEntries(marks)
  }
})

/** That earlier timestamps files are gone is not worth another one, or there would be no end to them. */
const saysTheSame = (
  newest: Timestamps,
  replaced: ReadonlyArray<MetadataFile>,
  gone: ReadonlyArray<string>
): boolean => {
  const files = new Set(replaced.map(({ file }) => file))
  const known = new Set([...files, ...gone])
  return [...files].every((file) => typeof newest.since[file] === "number")
    && gone.every((file) => Object.hasOwn(newest.since, file))
    && Object.keys(newest.since).every((file) => known.has(file) || FileNames.isCompactionTimestamps(file))
}

/**
 * What the timestamps file says that is saved before files are moved aside whose backups are let go of; `undefined` where
 * the newest one says so already. `letGo` are the handles of these files. They have no time, so that no compaction takes
 * them for files that it may move; all others keep theirs.
 */
export const lettingGo = (
  files: ReadonlyArray<MetadataFile>,
  letGo: ReadonlyArray<string>,
  now: UnixSeconds
): Metadata.Entry | undefined => {
  const newest = newestTimestamps(files)
  const since = newest?.since ?? {}
  if (letGo.every((file) => Object.hasOwn(since, file) && since[file] === null)) return undefined
  const there = new Set(files.map(({ file }) => file))
  return timestamps(newest, now, [
    ...Object.entries(since).filter(([file]) => there.has(file)),
    ...(newest === undefined ? [] : [[newest.file, now] as const]),
    ...[...letGoBefore(files), ...letGo].map((file) => [file, null] as const)
  ])
}

/** Files that were let go of and are gone. They stay named: a cache that has seen them has to be told, whenever it asks. */
const letGoBefore = (files: ReadonlyArray<MetadataFile>): ReadonlyArray<string> => {
  const there = new Set(files.map(({ file }) => file))
  const named = allTimestamps(files).flatMap(({ since }) => Object.entries(since))
  return [...new Set(named.flatMap(([file, at]) => at === null && !there.has(file) ? [file] : []))]
}
