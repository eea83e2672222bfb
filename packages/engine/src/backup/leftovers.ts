/** Finds chunks that attempts left behind, also those of today's tool, by the names that the specification gives files. */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { referencesOf } from "../catalogue/filesOfBackups.ts"
import { readMetadataFiles } from "../catalogue/readMetadata.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Metadata from "../format/Metadata.ts"
import { forEachListed } from "../reading/listedFiles.ts"

/** A chunk that no backup names: by its files' names it holds the records `first` … `last`. Nothing of it is proven. */
export interface Leftover {
  readonly first: number
  readonly last: number
  /** File handles. */
  readonly data: StorageFiles.FileHandle
  readonly proof: StorageFiles.FileHandle
}

export interface LeftoverSearch {
  /** May an attempt with this folder have such chunks? */
  readonly isAttempt: (folder: FileNames.Folder) => boolean
  readonly first: number
  readonly last: number
  /** May this backup name such chunks? */
  readonly mayName: (entry: Metadata.BackupEntry) => boolean
  /** Manifests that are read at a time. */
  readonly concurrency: number
}

/**
 * Attempts whose youngest file is older are left alone: clean-up takes what is a week old, and a backup that names their
 * chunks needs the time to be finished.
 */
const longestAge = Duration.days(4)

/** The files of one attempt, as far as they may be of use. */
interface Attempt {
  readonly data: Array<readonly [first: number, file: string]>
  /** By first record. */
  readonly proofs: Map<number, Array<readonly [last: number, file: string]>>
  /** When the youngest of them was written, in unix seconds. */
  youngest: number
}

/** Chunks with both of their files, by first record; those of the youngest attempt first. */
export const findLeftovers = (
  search: LeftoverSearch
): Effect.Effect<ReadonlyArray<Leftover>, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const listed = yield* storage.capabilities.listFiles
    const attempts = new Map<string, Attempt>()
    yield* forEachListed(listed, (files) => {
      for (const file of files) sortIn(attempts, file, search)
    })
    const oldest = (yield* Clock.currentTimeMillis) / 1000 - Duration.toSeconds(longestAge)
    const recent = [...attempts.values()].filter(({ youngest }) => youngest >= oldest)
    const named = recent.length === 0 ? new Set<string>() : yield* namedFiles(search)
    return recent.sort((a, b) => b.youngest - a.youngest).flatMap(({ data, proofs }) =>
      data.filter(([, file]) => !named.has(file)).flatMap(([first, file]) =>
        (proofs.get(first) ?? []).map(([last, proof]) => ({ first, last, data: file, proof }))
      )
    ).sort((a, b) => a.first - b.first)
  })

const sortIn = (
  attempts: Map<string, Attempt>,
  { file, modified }: StorageFiles.StoredFile,
  { first, isAttempt, last }: LeftoverSearch
): void => {
  const folder = FileNames.parseFolder(file)
  if (folder === undefined || !isAttempt(folder)) return
  const proof = FileNames.parseProof(file)
  const from = (proof ?? FileNames.parseChunk(file))?.first
  const to = proof?.last ?? from
  if (from === undefined || to === undefined || from < first || to < from || last < to) return
  const path = FileNames.folderOf(file)
  const attempt: Attempt = attempts.get(path) ?? { data: [], proofs: new Map(), youngest: modified }
  attempts.set(path, attempt)
  attempt.youngest = Math.max(attempt.youngest, modified)
  if (proof === undefined) attempt.data.push([from, file])
  else {
    const proofs = attempt.proofs.get(from) ?? []
    attempt.proofs.set(from, proofs)
    proofs.push([to, file])
  }
}

/** What backups name already. Of one whose manifest cannot be read it is not known: two may name the same file. */
const namedFiles = ({ concurrency, mayName }: LeftoverSearch) =>
  Effect.gen(function*() {
    const metadata = yield* readMetadataFiles(concurrency)
    const backups = metadata.flatMap(({ entries, file }) =>
      entries.filter(Metadata.isBackup).filter(mayName).map((entry) => ({ file, entry }))
    )
    const { files } = yield* referencesOf(backups, concurrency)
    return new Set([...files.values()].flat())
  })
