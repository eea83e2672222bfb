/**
 * What must hold of a storage at any moment, whatever happens to it and to those who use it.
 */
import * as Manifest from "@holdfast/engine/Manifest"
import * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Either from "effect/Either"

type Files = ReadonlyMap<string, Uint8Array>

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The metadata files, as far as they can be read. */
const metadataIn = (files: Files) =>
  [...files].flatMap(([file, kept]) =>
    file.startsWith("metadata/") ? [{ file, ...Metadata.parseFile(file, textOf(kept)) }] : []
  )

export const viewOf = (files: Files): MetadataView.MetadataView => MetadataView.make(metadataIn(files))

/** Metadata files with lines that cannot be read. */
export const unreadable = (files: Files): ReadonlySet<string> => new Set(viewOf(files).problems.map(({ file }) => file))

/** The backups that the metadata name. */
const backupsIn = (files: Files): ReadonlyArray<Metadata.BackupEntry> =>
  metadataIn(files).flatMap(({ entries }) => entries.filter(Metadata.isBackup))

const known = new WeakMap<Uint8Array, ReadonlyArray<string>>()

/** The files of a backup; its manifest alone where that is not there or makes no sense. */
const filesOf = (files: Files, entry: Metadata.BackupEntry): ReadonlyArray<string> => {
  const kept = files.get(entry.value.manifest)
  if (kept === undefined) return [entry.value.manifest]
  const named = known.get(kept) ?? namedBy(kept, entry)
  known.set(kept, named)
  return named
}

const namedBy = (kept: Uint8Array, { _tag, value: { manifest } }: Metadata.BackupEntry): ReadonlyArray<string> => {
  const named = (found: Either.Either<ReadonlyArray<string>, unknown>) => [
    manifest,
    ...Either.getOrElse(found, () => [`what ${manifest} says`])
  ]
  switch (_tag) {
    case "EpochEndingBackup":
      return named(Either.map(
        Manifest.parseEpochEnding(manifest, textOf(kept)),
        ({ chunks }) => chunks.map((chunk) => chunk.ledgerInfos)
      ))
    case "StateSnapshotBackup":
      return named(Either.map(
        Manifest.parseStateSnapshot(manifest, textOf(kept)),
        ({ chunks, proof }) => [proof, ...chunks.flatMap((chunk) => [chunk.blobs, chunk.proof])]
      ))
    case "TransactionBackup":
      return named(Either.map(
        Manifest.parseTransaction(manifest, textOf(kept)),
        ({ chunks }) => chunks.flatMap((chunk) => [chunk.transactions, chunk.proof])
      ))
  }
}

/** What was there once must stay. */
export class Watched {
  private readonly snapshots = new Set<number>()
  private epoch = -1
  private version = -1
  private hadIdentity = false

  /** What is wrong with the storage as it is now. */
  objections(files: Files, torn: ReadonlySet<string>): ReadonlyArray<string> {
    const view = viewOf(files)
    const found: Array<string> = []
    for (const backup of backupsIn(files)) {
      for (const file of filesOf(files, backup)) {
        if (!files.has(file) || torn.has(file)) {
          found.push(`${backup.value.manifest} is listed, but ${file} is not complete`)
        }
      }
    }
    const { latestEpochEndingEpoch: epoch = -1, latestTransactionVersion: version = -1 } = MetadataView.storageState(
      view
    )
    const gaps = [
      epoch < 0 ? undefined : MetadataView.coveringEpochEndings(view, 0, epoch).gap,
      version < 0 ? undefined : MetadataView.coveringTransactions(view, 0, version).gap
    ]
    for (const gap of gaps) if (gap !== undefined) found.push(gap.message)
    if (epoch < this.epoch) found.push(`epoch endings reached to ${this.epoch}, and now to ${epoch}`)
    if (version < this.version) found.push(`transactions reached to ${this.version}, and now to ${version}`)
    const snapshots = new Set(view.stateSnapshots.map(({ value }) => value.epoch))
    for (const snapshot of this.snapshots) {
      if (!snapshots.has(snapshot)) found.push(`the snapshot of epoch ${snapshot} is gone`)
    }
    for (const snapshot of snapshots) {
      if (snapshot > epoch) {
        found.push(`the snapshot of epoch ${snapshot} is newer than the epoch endings that prove it`)
      }
      this.snapshots.add(snapshot)
    }
    if (this.hadIdentity && view.identities.length === 0) found.push("the identity is gone")
    this.hadIdentity = view.identities.length > 0
    this.epoch = epoch
    this.version = version
    return found
  }
}

/** Data files that no backup needs. */
export const leftovers = (files: Files): ReadonlyArray<string> => {
  const needed = new Set(backupsIn(files).flatMap((backup) => filesOf(files, backup)))
  return [...files.keys()].filter((file) => !file.startsWith("metadata") && !needed.has(file))
}
