/**
 * Which backups of a storage cover a version or an epoch, file by file, and what is missing there. Metadata and manifests
 * tell: nothing is verified.
 */
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import type * as Ranges from "../base/Ranges.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import * as Manifest from "../format/Manifest.ts"
import type * as Metadata from "../format/Metadata.ts"
import { readManifest } from "../reading/backupFiles.ts"
import { chunksOf, endingVersion } from "../verify/manifests.ts"

/** A version, or an epoch with all its versions. */
export type Place =
  | { readonly _tag: "Version"; readonly version: number }
  | { readonly _tag: "Epoch"; readonly epoch: number }

/**
 * A backup that covers the place, with its files that do. Its range is `first` … `last`: epochs of epoch endings, versions
 * of transactions, the one version of a snapshot.
 */
export interface CoveringBackup {
  readonly first: number
  readonly last: number
  readonly metadata: string
  readonly manifest: string
  /** The chunks that cover the place; all chunks of a snapshot. */
  readonly chunks: ReadonlyArray<string>
}

/** What covers a place. Scripts read its JSON. */
export interface Coverage {
  /** Nothing is missing, and all metadata and manifests could be read. */
  readonly ok: boolean
  /** The epoch of the place, if the epoch endings tell. */
  readonly epoch: number | null
  /** The versions of that epoch, as far as they are known. An open epoch has no last version. */
  readonly firstVersion: number | null
  readonly lastVersion: number | null
  /** The backups of the epoch's ending. */
  readonly epochEndings: ReadonlyArray<CoveringBackup>
  /** The newest snapshot at or before the place. */
  readonly stateSnapshot: (CoveringBackup & { readonly epoch: number }) | null
  /** The backups of transactions of the place. */
  readonly transactions: ReadonlyArray<CoveringBackup>
  readonly missing: ReadonlyArray<{ readonly what: string; readonly why: string }>
  /** Metadata and manifests that could not be read. */
  readonly errors: ReadonlyArray<InvalidBackup>
}

type Missing = Coverage["missing"][number]
type Failure = StorageError.StorageError
type Reading<A> = Effect.Effect<A, Failure, BackupStorage.BackupStorage>

/** An epoch, and the versions that the endings around it tell. */
interface Epoch {
  readonly epoch: number
  readonly firstVersion: number | undefined
  readonly lastVersion: number | undefined
}

/** Finds what covers a place, reading `concurrency` files at a time. */
export const find = (
  place: Place,
  { concurrency = 4 }: { readonly concurrency?: number } = {}
): Reading<Coverage> =>
  Effect.gen(function*() {
    const view = yield* MetadataView.load({ concurrency })
    const manifests = new Manifests(view.problems, concurrency)
    const endings = yield* manifests.endings(view, place)
    const found = place._tag === "Version"
      ? epochOfVersion(view, endings, place.version)
      : epochOf(view, endings, place.epoch)
    const first = place._tag === "Version" ? place.version : found?.firstVersion
    const last = place._tag === "Version" ? place.version : found?.lastVersion

    const snapshot = last === undefined ? undefined : MetadataView.snapshotAtOrBefore(view, last)
    const stateSnapshot = snapshot === undefined ? null : yield* manifests.snapshot(snapshot)
    const transactions = first === undefined || last === undefined
      ? []
      : yield* manifests.transactions(view, { first, last })
    const missing = [
      ...missingEndings(view, place, found),
      ...missingTransactions(view, first, last, snapshot?.value)
    ]
    return {
      ok: missing.length === 0 && manifests.errors.length === 0,
      epoch: found?.epoch ?? null,
      firstVersion: found?.firstVersion ?? null,
      lastVersion: found?.lastVersion ?? null,
      epochEndings: found === undefined ? [] : endingsOf(endings, found.epoch),
      stateSnapshot,
      transactions,
      missing,
      errors: manifests.errors
    }
  }).pipe(Effect.withSpan("Coverage.find"))

interface Endings {
  readonly backup: MetadataView.Located<Metadata.EpochEndingBackup>
  readonly manifest: Manifest.EpochEndingManifest
}

const covering = (
  { file, value }: MetadataView.Located<{ readonly manifest: string }>,
  { first, last }: Ranges.Range,
  chunks: ReadonlyArray<string>
): CoveringBackup => ({ first, last, metadata: file, manifest: value.manifest, chunks })

/** The backups of the ending of an epoch. */
const endingsOf = (endings: ReadonlyArray<Endings>, epoch: number): ReadonlyArray<CoveringBackup> => {
  const holds = (range: { readonly firstEpoch: number; readonly lastEpoch: number }) =>
    range.firstEpoch <= epoch && epoch <= range.lastEpoch
  return endings.filter(({ manifest }) => holds(manifest)).map(({ backup, manifest }) => {
    const files = manifest.chunks.filter(holds).map((chunk) => chunk.ledgerInfos)
    return covering(backup, { first: manifest.firstEpoch, last: manifest.lastEpoch }, files)
  })
}

/** Reads manifests, and collects those that cannot be read. */
class Manifests {
  readonly errors: Array<InvalidBackup>
  readonly #concurrency: number

  constructor(problems: ReadonlyArray<InvalidBackup>, concurrency: number) {
    this.errors = [...problems]
    this.#concurrency = concurrency
  }

  #read<A>(
    { file, value }: MetadataView.Located<{ readonly manifest: string }>,
    parse: Parameters<typeof readManifest<A>>[2]
  ): Reading<A | undefined> {
    return readManifest(file, value.manifest, parse).pipe(
      Effect.map((manifest): A | undefined => manifest),
      Effect.catchTag("InvalidBackup", (error) => Effect.sync(() => void this.errors.push(error)))
    )
  }

  /** Reads the backups of the epoch endings that bound the place, and no others. */
  endings(view: MetadataView.MetadataView, place: Place): Reading<ReadonlyArray<Endings>> {
    const bounds = view.epochEndings.filter(({ value }) =>
      place._tag === "Epoch"
        ? value.firstEpoch <= place.epoch && place.epoch - 1 <= value.lastEpoch
        : value.lastVersion >= place.version && !view.epochEndings.some((other) => precedes(other.value, value, place))
    )
    const read = (backup: Endings["backup"]) =>
      Effect.map(
        this.#read(backup, Manifest.parseEpochEnding),
        (manifest) => manifest === undefined ? [] : [{ backup, manifest }]
      )
    return Progress.forEach("manifests of epoch endings", "files", bounds, read, this.#concurrency).pipe(
      Effect.map((found) => found.flat())
    )
  }

  snapshot(backup: MetadataView.Located<Metadata.StateSnapshotBackup>) {
    return Effect.map(this.#read(backup, Manifest.parseStateSnapshot), (manifest) => {
      const { epoch, version } = backup.value
      const files = manifest?.chunks.map((chunk) => chunk.blobs) ?? []
      return { epoch, ...covering(backup, { first: version, last: version }, files) }
    })
  }

  transactions(view: MetadataView.MetadataView, range: Ranges.Range): Reading<ReadonlyArray<CoveringBackup>> {
    const { first, last } = range
    const overlapping = view.transactions.filter(({ value }) =>
      value.firstVersion <= last && first <= value.lastVersion
    )
    const read = (backup: MetadataView.Located<Metadata.TransactionBackup>) =>
      Effect.map(this.#read(backup, Manifest.parseTransaction), (manifest) => {
        const { firstVersion, lastVersion } = backup.value
        const files = manifest === undefined ? [] : chunksOf(manifest, range).map((chunk) => chunk.transactions)
        return covering(backup, { first: firstVersion, last: lastVersion }, files)
      })
    return Progress.forEach("manifests of transactions", "files", overlapping, read, this.#concurrency)
  }
}

/** Does another backup hold an epoch ending at or after the version, and all before the endings of this backup? */
const precedes = (
  other: Metadata.EpochEndingBackup,
  value: Metadata.EpochEndingBackup,
  { version }: Extract<Place, { readonly _tag: "Version" }>
): boolean => other.lastVersion >= version && other.lastEpoch < value.firstEpoch

/** The version that an epoch ends with: from the manifests, or from the metadata, which name the ends of backups. */
const endOf = (
  view: MetadataView.MetadataView,
  endings: ReadonlyArray<Endings>,
  epoch: number
): number | undefined => {
  for (const { manifest } of endings) {
    if (manifest.firstEpoch <= epoch && epoch <= manifest.lastEpoch) return endingVersion(manifest, epoch)
  }
  const whole = view.epochEndings.find(({ value }) => value.lastEpoch === epoch || value.firstEpoch === epoch)?.value
  return whole?.lastEpoch === epoch ? whole.lastVersion : whole?.firstVersion
}

const epochOf = (view: MetadataView.MetadataView, endings: ReadonlyArray<Endings>, epoch: number): Epoch => {
  const before = epoch === 0 ? -1 : endOf(view, endings, epoch - 1)
  return {
    epoch,
    firstVersion: before === undefined ? undefined : before + 1,
    lastVersion: endOf(view, endings, epoch)
  }
}

/** The epoch whose ending is the first at or after a version; the open epoch if the version comes after all endings. */
const epochOfVersion = (
  view: MetadataView.MetadataView,
  endings: ReadonlyArray<Endings>,
  version: number
): Epoch | undefined => {
  let first: number | undefined
  for (const { manifest } of endings) {
    for (let epoch = manifest.firstEpoch; epoch <= manifest.lastEpoch; epoch++) {
      const end = endingVersion(manifest, epoch)
      if (end !== undefined && end >= version && (first === undefined || epoch < first)) first = epoch
    }
  }
  const newest = MetadataView.storageState(view).latestEpochEndingEpoch
  const isOpen = view.epochEndings.every(({ value }) => value.lastVersion < version)
  const epoch = isOpen && newest !== undefined ? newest + 1 : first
  if (epoch === undefined) return undefined
  const found = epochOf(view, endings, epoch)
  // If the ending before is missing, the version may belong to an earlier epoch.
  return found.firstVersion === undefined ? undefined : found
}

/** The endings of all earlier epochs lead to the validators that sign the proofs of a version. */
const missingEndings = (
  view: MetadataView.MetadataView,
  place: Place,
  found: Epoch | undefined
): ReadonlyArray<Missing> => {
  if (found === undefined) {
    const newest = MetadataView.storageState(view).latestEpochEndingEpoch
    const why = newest === undefined ? "there are no epoch endings" : "endings around the version are missing"
    return [{ what: "the epoch of the version", why }]
  }
  const last = place._tag === "Epoch" ? found.epoch : Math.max(0, found.epoch - 1)
  const { gap } = MetadataView.coveringEpochEndings(view, 0, last)
  return gap === undefined ? [] : [{ what: `the endings of epochs 0 to ${last}`, why: gap.detail }]
}

/** The state of a version takes a snapshot at or before the version, and the transactions after the snapshot. */
const missingTransactions = (
  view: MetadataView.MetadataView,
  first: number | undefined,
  last: number | undefined,
  snapshot: Metadata.StateSnapshotBackup | undefined
): ReadonlyArray<Missing> => {
  if (last === undefined) return []
  const own = MetadataView.coveringTransactions(view, first ?? last, last).gap
  const after = snapshot === undefined || own !== undefined || snapshot.version >= last
    ? undefined
    : MetadataView.coveringTransactions(view, snapshot.version + 1, last).gap
  return [
    ...own === undefined ? [] : [{ what: rangeOf("the transactions", first ?? last, last), why: own.detail }],
    ...snapshot === undefined
      ? [{ what: `the state of version ${last}`, why: "there is no state snapshot at or before the version" }]
      : after === undefined
      ? []
      : [{
        what: `the state of version ${last}`,
        why: `of the transactions after the snapshot of version ${snapshot.version}, ${after.detail}`
      }]
  ]
}

const rangeOf = (what: string, first: number, last: number): string =>
  first === last ? `${what} of version ${first}` : `${what} ${first} to ${last}`
