/**
 * Metadata: one JSON object a line. Each line says that a backup exists, or something about the storage itself.
 *
 * ```
 * {"EpochEndingBackup":{"first_epoch","last_epoch","first_version","last_version","manifest"}}
 * {"StateSnapshotBackup":{"epoch","version","manifest"}}
 * {"TransactionBackup":{"first_version","last_version","manifest"}}
 * {"Identity":{"id": HEX64}}
 * {"CompactionTimestamps":{"file_compacted_at": unix s, "compaction_timestamps": {FILE: unix s | null}}}
 * ```
 *
 * Source: the backup page of the specification, section 3.
 */
import * as Either from "effect/Either"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { InvalidBackup } from "../base/EngineError.ts"
import { firstIssue } from "../base/firstIssue.ts"
import { fieldOnDisk } from "./fieldOnDisk.ts"

const Index = Schema.Int.pipe(Schema.nonNegative())

/** Both ends included, the first not after the last. */
const ordered = (what: string, first: number, last: number) =>
  first <= last || `first_${what} ${first} is after last_${what} ${last}`

export const EpochEndingBackup = Schema.Struct({
  firstEpoch: fieldOnDisk("first_epoch", Index),
  lastEpoch: fieldOnDisk("last_epoch", Index),
  /** Version of the first waypoint. */
  firstVersion: fieldOnDisk("first_version", Index),
  /** Version of the last waypoint. */
  lastVersion: fieldOnDisk("last_version", Index),
  manifest: Schema.NonEmptyString
}).pipe(Schema.filter(({ firstEpoch, lastEpoch }) => ordered("epoch", firstEpoch, lastEpoch)))

export type EpochEndingBackup = typeof EpochEndingBackup.Type

export const StateSnapshotBackup = Schema.Struct({ epoch: Index, version: Index, manifest: Schema.NonEmptyString })

export type StateSnapshotBackup = typeof StateSnapshotBackup.Type

export const TransactionBackup = Schema.Struct({
  firstVersion: fieldOnDisk("first_version", Index),
  lastVersion: fieldOnDisk("last_version", Index),
  manifest: Schema.NonEmptyString
}).pipe(Schema.filter(({ firstVersion, lastVersion }) => ordered("version", firstVersion, lastVersion)))

export type TransactionBackup = typeof TransactionBackup.Type

export const Identity = Schema.Struct({ id: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/)) })

/** Since when metadata files that compaction replaced may be moved aside. Keys are file handles. */
export const CompactionTimestamps = Schema.Struct({
  fileCompactedAt: fieldOnDisk("file_compacted_at", Index),
  compactionTimestamps: fieldOnDisk(
    "compaction_timestamps",
    Schema.Record({ key: Schema.String, value: Schema.NullOr(Index) })
  )
})

const kind = <K extends string, A, I>(_tag: K, schema: Schema.Schema<A, I>) => (json: unknown) =>
  Either.map(Schema.decodeUnknownEither(schema)(json), (value) => ({ _tag, value }))

const kinds = {
  EpochEndingBackup: kind("EpochEndingBackup", EpochEndingBackup),
  StateSnapshotBackup: kind("StateSnapshotBackup", StateSnapshotBackup),
  TransactionBackup: kind("TransactionBackup", TransactionBackup),
  Identity: kind("Identity", Identity),
  CompactionTimestamps: kind("CompactionTimestamps", CompactionTimestamps)
} as const

/** One line of metadata, by its kind. */
export type Entry = {
  readonly [K in keyof typeof kinds]: Either.Either.Right<ReturnType<(typeof kinds)[K]>>
}[keyof typeof kinds]

/** An entry that says that a backup exists. */
export type BackupEntry = Extract<Entry, { readonly _tag: `${string}Backup` }>

/** Does the entry say that a backup exists? */
export const isBackup = (entry: Entry): entry is BackupEntry =>
  entry._tag !== "Identity" && entry._tag !== "CompactionTimestamps"

/** The fields of an entry by their names on disk. */
export type Fields = { readonly [field: string]: unknown }

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isIndex = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/**
 * What the schemas accept, written out for speed: a storage of some years has a hundred thousand lines. Other input goes to
 * the schemas, which decide and have the error messages.
 */
const readBackup = (name: string, fields: Fields): BackupEntry | undefined => {
  switch (name) {
    case "EpochEndingBackup": {
      const { first_epoch: firstEpoch, first_version: firstVersion, manifest } = fields
      const { last_epoch: lastEpoch, last_version: lastVersion } = fields
      return isIndex(firstEpoch) && isIndex(lastEpoch) && firstEpoch <= lastEpoch && isIndex(firstVersion) &&
          isIndex(lastVersion) && isText(manifest)
        ? { _tag: name, value: { firstEpoch, lastEpoch, firstVersion, lastVersion, manifest } }
        : undefined
    }
    case "StateSnapshotBackup": {
      const { epoch, manifest, version } = fields
      return isIndex(epoch) && isIndex(version) && isText(manifest)
        ? { _tag: name, value: { epoch, version, manifest } }
        : undefined
    }
    case "TransactionBackup": {
      const { first_version: firstVersion, last_version: lastVersion, manifest } = fields
      return isIndex(firstVersion) && isIndex(lastVersion) && firstVersion <= lastVersion && isText(manifest)
        ? { _tag: name, value: { firstVersion, lastVersion, manifest } }
        : undefined
    }
    default:
      return undefined
  }
}

/** `undefined` where the text is not JSON. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isKind = (name: string): name is keyof typeof kinds => Object.hasOwn(kinds, name)

/** Reads one line. An unknown kind is `UnknownFormat`; anything else that is no entry is `Malformed`. */
export const parseLine = (file: string, number: number, text: string): Either.Either<Entry, InvalidBackup> => {
  const malformed = (detail: string) =>
    Either.left(new InvalidBackup({ file, reason: "Malformed", detail: `line ${number}: ${detail}` }))
  const record = parseJson(text)
  if (!isRecord(record)) return malformed("not a JSON object (a torn or foreign line)")
  const [name, ...others] = Object.keys(record)
  if (name === undefined || others.length > 0) return malformed("an entry has exactly one key, its kind")
  const value = record[name]
  const backup = isRecord(value) ? readBackup(name, value) : undefined
  if (backup !== undefined) return Either.right(backup)
  if (!isKind(name)) {
    return Either.left(
      new InvalidBackup({
        file,
        reason: "UnknownFormat",
        detail: `line ${number}: metadata of kind ${JSON.stringify(name.slice(0, 80))} is not known to this version`
      })
    )
  }
  const decoded: Either.Either<Entry, ParseResult.ParseError> = kinds[name](value)
  return Either.orElse(decoded, (error) => {
    const { message, place } = firstIssue(error)
    return malformed(`${name}${place === "" ? "" : `.${place}`}: ${message}`)
  })
}

/** A line, and the entry that it is. The line may have fields that this version does not know. */
export interface MetadataLine {
  readonly text: string
  readonly entry: Entry
}

/** A line that is no entry. */
export interface TornLine {
  /** From 1 on. */
  readonly line: number
  readonly text: string
  readonly problem: InvalidBackup
}

/** The lines of a metadata file. */
export interface ParsedFile {
  readonly lines: ReadonlyArray<MetadataLine>
  readonly torn: ReadonlyArray<TornLine>
  /** The entries of the lines. */
  readonly entries: ReadonlyArray<Entry>
  /** What is wrong with the torn lines. */
  readonly problems: ReadonlyArray<InvalidBackup>
}

/** Reads a whole metadata file. An empty file has no lines. */
export const parseFile = (file: string, text: string): ParsedFile => {
  const texts = text.split("\n")
  if (texts.at(-1) === "") texts.pop()
  const lines: Array<MetadataLine> = []
  const torn: Array<TornLine> = []
  for (const [index, line] of texts.entries()) {
    const parsed = parseLine(file, index + 1, line)
    if (Either.isRight(parsed)) lines.push({ text: line, entry: parsed.right })
    else torn.push({ line: index + 1, text: line, problem: parsed.left })
  }
  return { lines, torn, entries: lines.map(({ entry }) => entry), problems: torn.map(({ problem }) => problem) }
}

/** The fields of an entry by their names on disk, written out for speed as `readBackup` is. */
const fieldsOf = (entry: Entry): Fields => {
  switch (entry._tag) {
    case "EpochEndingBackup": {
      const { firstEpoch, firstVersion, lastEpoch, lastVersion, manifest } = entry.value
      const versions = { first_version: firstVersion, last_version: lastVersion }
      return { first_epoch: firstEpoch, last_epoch: lastEpoch, ...versions, manifest }
    }
    case "TransactionBackup": {
      const { firstVersion, lastVersion, manifest } = entry.value
      return { first_version: firstVersion, last_version: lastVersion, manifest }
    }
    case "CompactionTimestamps":
      return Schema.encodeSync(CompactionTimestamps)(entry.value)
    case "StateSnapshotBackup":
    case "Identity":
      return entry.value
  }
}

/** The JSON of an entry. */
export const toJson = (entry: Entry): { readonly [kind: string]: Fields } => ({ [entry._tag]: fieldsOf(entry) })

/** The line of an entry, without a newline. */
export const printLine = (entry: Entry): string => JSON.stringify(toJson(entry))
