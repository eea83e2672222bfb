/**
 * Which backups of a storage cover a version or an epoch, file by file, and what is missing there. From the metadata and
 * the manifests alone: nothing is verified.
 */
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import * as Manifest from "../format/Manifest.ts"
import type * as Metadata from "../format/Metadata.ts"
import { readManifest } from "../reading/backupFiles.ts"
import { endingVersion } from "../verify/manifests.ts"

/** A version, or an epoch with all its versions. */
export type Place =
  | { readonly _tag: "Version"; readonly version: number }
  | { readonly _tag: "Epoch"; readonly epoch: number }

/**
 * A backup that covers the place, with the files that do. Both ends of its range are included: epochs for epoch endings,
 * versions for transactions; a snapshot is of its one version.
 */
export interface CoveringBackup {
  readonly first: number
  readonly last: number
  readonly metadata: string
  readonly manifest: string
  /** The chunks that hold the place; all of a snapshot. */
  readonly chunks: ReadonlyArray<string>
}

/** What covers a place. Scripts read its JSON. */
export interface Coverage {
  /** Nothing is missing, and all of the metadata could be read. */
  readonly ok: boolean
  /** The epoch of the place, where the epoch endings say it. */
  readonly epoch: number | null
  /** The versions of that epoch, as far as they are known; it has no last version while it is open. */
  readonly firstVersion: number | null
  readonly lastVersion: number | null
  /** Those that hold the ending of the epoch. */
  readonly epochEndings: ReadonlyArray<CoveringBackup>
  /** The newest at or before the place. */
  readonly stateSnapshot: (CoveringBackup & { readonly epoch: number }) | null
  /** Those that hold versions of the place. */
  readonly transactions: ReadonlyArray<CoveringBackup>
  readonly missing: ReadonlyArray<{ readonly what: string; readonly why: string }>
  /** Metadata and manifests that could not be read. */
  readonly errors: ReadonlyArray<InvalidBackup>
}

type Missing = Coverage["missing"][number]
type Failure = StorageError.StorageError
type Reading<A> = Effect.Effect<A, Failure, BackupStorage.BackupStorage>

/** The endings that bound an epoch. */
interface Epoch {
  readonly epoch: number
  readonly firstVersion: number | undefined
  readonly lastVersion: number | undefined
}

/** Finds what covers a place, reading `concurrency` files at a time. */
export const find = (place: Place, options: { readonly concurrency: number }): Reading<Coverage> =>
  Effect.gen(function*() {
    const { concurrency } = options
    const view = yield* MetadataView.load(options)
    const errors: Array<InvalidBackup> = [...view.problems]
    const parts = new Parts(errors, concurrency)
    const endings = yield* parts.endings(view, place)
    const found = place._tag === "Version"
      ? epochOfVersion(view, endings, place.version)
      : epochOf(view, endings, place.epoch)
    const first = place._tag === "Version" ? place.version : found?.firstVersion
    const last = place._tag === "Version" ? place.version : found?.lastVersion

    const held = endings.filter(({ manifest }) =>
      found !== undefined && manifest.firstEpoch <= found.epoch && found.epoch <= manifest.lastEpoch
    )
    const snapshot = last === undefined ? undefined : MetadataView.snapshotAtOrBefore(view, last)
    const manifest = snapshot === undefined ? undefined : yield* parts.read(snapshot, Manifest.parseStateSnapshot)
    const transactions = first === undefined || last === undefined ? [] : yield* parts.transactions(view, first, last)
    const missing = [
      ...missingEndings(view, place, found),
      ...missingTransactions(view, first, last, snapshot?.value)
    ]
    return {
      ok: missing.length === 0 && errors.length === 0,
      epoch: found?.epoch ?? null,
      firstVersion: found?.firstVersion ?? null,
      lastVersion: found?.lastVersion ?? null,
      epochEndings: held.map(({ backup, manifest: { chunks, firstEpoch, lastEpoch } }) => ({
        first: firstEpoch,
        last: lastEpoch,
        metadata: backup.file,
        manifest: backup.value.manifest,
        chunks: chunks
          .filter((chunk) => found !== undefined && chunk.firstEpoch <= found.epoch && found.epoch <= chunk.lastEpoch)
          .map((chunk) => chunk.ledgerInfos)
      })),
      stateSnapshot: snapshot === undefined ? null : {
        epoch: snapshot.value.epoch,
        first: snapshot.value.version,
        last: snapshot.value.version,
        metadata: snapshot.file,
        manifest: snapshot.value.manifest,
        chunks: manifest?.chunks.map((chunk) => chunk.blobs) ?? []
      },
      transactions,
      missing,
      errors
    }
  }).pipe(Effect.withSpan("Coverage.find"))

interface Endings {
  readonly backup: MetadataView.Located<Metadata.EpochEndingBackup>
  readonly manifest: Manifest.EpochEndingManifest
}

/** Reads manifests; what cannot be read goes to the errors. */
class Parts {
  readonly #errors: Array<InvalidBackup>
  readonly #concurrency: number

  constructor(errors: Array<InvalidBackup>, concurrency: number) {
    this.#errors = errors
    this.#concurrency = concurrency
  }

  read<A>(
    { file, value }: MetadataView.Located<{ readonly manifest: string }>,
    parse: Parameters<typeof readManifest<A>>[2]
  ): Reading<A | undefined> {
    return readManifest(file, value.manifest, parse).pipe(
      Effect.map((manifest): A | undefined => manifest),
      Effect.catchTag("InvalidBackup", (error) => Effect.sync(() => void this.#errors.push(error)))
    )
  }

  /** Backups of the epoch endings that bound the place, and no others. */
  endings(view: MetadataView.MetadataView, place: Place): Reading<ReadonlyArray<Endings>> {
    const bounds = view.epochEndings.filter(({ value }) =>
      place._tag === "Epoch"
        ? value.firstEpoch <= place.epoch && place.epoch - 1 <= value.lastEpoch
        : value.lastVersion >= place.version && !view.epochEndings.some((other) => precedes(other.value, value, place))
    )
    return Progress.forEach(
      "manifests of epoch endings",
      "files",
      bounds,
      (backup) =>
        Effect.map(
          this.read(backup, Manifest.parseEpochEnding),
          (manifest) => manifest === undefined ? [] : [{ backup, manifest }]
        ),
      this.#concurrency
    ).pipe(Effect.map((read) => read.flat()))
  }

  transactions(
    view: MetadataView.MetadataView,
    first: number,
    last: number
  ): Reading<ReadonlyArray<CoveringBackup>> {
    const overlapping = view.transactions.filter(({ value }) =>
      value.firstVersion <= last && first <= value.lastVersion
    )
    return Progress.forEach(
      "manifests of transactions",
      "files",
      overlapping,
      (backup) =>
        Effect.map(this.read(backup, Manifest.parseTransaction), (manifest): CoveringBackup => ({
          first: backup.value.firstVersion,
          last: backup.value.lastVersion,
          metadata: backup.file,
          manifest: backup.value.manifest,
          chunks: (manifest?.chunks ?? [])
            .filter((chunk) => chunk.firstVersion <= last && first <= chunk.lastVersion)
            .map((chunk) => chunk.transactions)
        })),
      this.#concurrency
    )
  }
}

/** Does another backup hold an epoch ending at or after the version that comes before all of this one's? */
const precedes = (
  other: Metadata.EpochEndingBackup,
  value: Metadata.EpochEndingBackup,
  { version }: Extract<Place, { readonly _tag: "Version" }>
): boolean => other.lastVersion >= version && other.lastEpoch < value.firstEpoch

/** The version that an epoch ends with, from the manifests read or the ends that metadata name. */
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

/** The epoch whose ending is the first at or after a version; the open one after all endings. */
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
  // Where the ending before is not there, the version may be of an epoch before.
  return found.firstVersion === undefined ? undefined : found
}

/** Proofs of a version are signed by the validators that the endings of all epochs before its own lead to. */
const missingEndings = (
  view: MetadataView.MetadataView,
  place: Place,
  found: Epoch | undefined
): ReadonlyArray<Missing> => {
  if (found === undefined) {
    const newest = MetadataView.storageState(view).latestEpochEndingEpoch
    const why = newest === undefined ? "there are no epoch endings" : "the endings around it are not all there"
    return [{ what: "the epoch of the version", why }]
  }
  const last = place._tag === "Epoch" ? found.epoch : Math.max(0, found.epoch - 1)
  const { gap } = MetadataView.coveringEpochEndings(view, 0, last)
  return gap === undefined ? [] : [{ what: `the endings of epochs 0 to ${last}`, why: gap.detail }]
}

/** The state of a version is that of a snapshot at or before it, changed by the transactions after that. */
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
      ? [{ what: `the state of version ${last}`, why: "there is no state snapshot at or before it" }]
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
