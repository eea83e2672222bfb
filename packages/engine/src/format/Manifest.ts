/**
 * Manifests: the table of contents of one backup, JSON, saved after everything that it names.
 *
 * ```
 * epoch_ending.manifest  {first_epoch, last_epoch, waypoints: ["V:HEX"], chunks: [{first_epoch, last_epoch, ledger_infos}]}
 * state.manifest         {version, epoch, root_hash, chunks: [{first_idx, last_idx, first_key, last_key, blobs, proof}], proof}
 * transaction.manifest   {first_version, last_version, chunks: [{first_version, last_version, transactions, proof, format}]}
 * ```
 *
 * All ranges include both ends. Written compactly, fields in this order, no trailing newline. Unknown fields are ignored.
 * Source: the backup page of the specification, section 2.
 */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { InvalidBackup } from "../base/EngineError.ts"
import { firstIssue } from "../base/firstIssue.ts"
import { fieldOnDisk } from "./fieldOnDisk.ts"

/** A version, epoch or index: a safe integer from 0. */
const Index = Schema.Int.pipe(Schema.nonNegative())

const FileHandle = Schema.NonEmptyString

const Hex = Schema.String.pipe(
  Schema.filter((text) => HashValue.parse(text) !== undefined || "64 lowercase hex digits expected")
)

const WaypointText = Schema.String.pipe(
  Schema.filter((text) => Waypoint.parse(text) !== undefined || "a waypoint VERSION:HEX64 expected")
)

const EpochEndingChunk = Schema.Struct({
  firstEpoch: fieldOnDisk("first_epoch", Index),
  lastEpoch: fieldOnDisk("last_epoch", Index),
  ledgerInfos: fieldOnDisk("ledger_infos", FileHandle)
})

export const EpochEndingManifest = Schema.Struct({
  firstEpoch: fieldOnDisk("first_epoch", Index),
  lastEpoch: fieldOnDisk("last_epoch", Index),
  waypoints: Schema.Array(WaypointText),
  chunks: Schema.NonEmptyArray(EpochEndingChunk)
})

export type EpochEndingManifest = typeof EpochEndingManifest.Type

const StateSnapshotChunk = Schema.Struct({
  firstIndex: fieldOnDisk("first_idx", Index),
  lastIndex: fieldOnDisk("last_idx", Index),
  firstKey: fieldOnDisk("first_key", Hex),
  lastKey: fieldOnDisk("last_key", Hex),
  blobs: FileHandle,
  proof: FileHandle
})

export const StateSnapshotManifest = Schema.Struct({
  version: Index,
  epoch: Index,
  rootHash: fieldOnDisk("root_hash", Hex),
  chunks: Schema.NonEmptyArray(StateSnapshotChunk),
  proof: FileHandle
})

export type StateSnapshotManifest = typeof StateSnapshotManifest.Type

/**
 * How the records of a transaction chunk are laid out. `V0`, the oldest, has no auxiliary infos; manifests of its time
 * do not name it.
 */
export const ChunkFormat = Schema.Literal("V0", "V1")

export type ChunkFormat = typeof ChunkFormat.Type

const TransactionChunk = Schema.Struct({
  firstVersion: fieldOnDisk("first_version", Index),
  lastVersion: fieldOnDisk("last_version", Index),
  transactions: FileHandle,
  proof: FileHandle,
  format: Schema.optionalWith(ChunkFormat, { default: () => "V0" as const })
})

export const TransactionManifest = Schema.Struct({
  firstVersion: fieldOnDisk("first_version", Index),
  lastVersion: fieldOnDisk("last_version", Index),
  chunks: Schema.NonEmptyArray(TransactionChunk)
})

export type TransactionManifest = typeof TransactionManifest.Type

/** The text of a manifest as it is saved. */
export const print: (manifest: EpochEndingManifest | StateSnapshotManifest | TransactionManifest) => string = Schema
  .encodeSync(Schema.parseJson(Schema.Union(EpochEndingManifest, StateSnapshotManifest, TransactionManifest)))

/**
 * Reads the manifest of an epoch-ending backup and checks it: at least one chunk, ranges consecutive and not empty, first
 * and last as stated, a waypoint for each epoch.
 */
export const parseEpochEnding = (file: string, text: string): Either.Either<EpochEndingManifest, InvalidBackup> =>
  parse(EpochEndingManifest, file, text, (manifest) => {
    const { firstEpoch: first, lastEpoch: last } = manifest
    const epochs = last - first + 1
    if (manifest.waypoints.length !== epochs) {
      return `${manifest.waypoints.length} waypoints for the ${epochs} epochs ${first} to ${last}`
    }
    return continuity("epoch", first, last, manifest.chunks.map((chunk) => [chunk.firstEpoch, chunk.lastEpoch]))
  })

/**
 * Reads the manifest of a state snapshot and checks it: at least one chunk, indices from 0 on consecutive, keys in order.
 */
export const parseStateSnapshot = (file: string, text: string): Either.Either<StateSnapshotManifest, InvalidBackup> =>
  parse(StateSnapshotManifest, file, text, (manifest) => {
    const last = manifest.chunks.at(-1)?.lastIndex ?? -1
    let before = ""
    for (const chunk of manifest.chunks) {
      if (chunk.firstKey > chunk.lastKey || chunk.firstKey <= before) {
        return `the keys of the chunk from item ${chunk.firstIndex} on are out of order`
      }
      before = chunk.lastKey
    }
    return continuity("item", 0, last, manifest.chunks.map((chunk) => [chunk.firstIndex, chunk.lastIndex]))
  })

/**
 * Reads the manifest of a transaction backup and checks it: at least one chunk, ranges consecutive and not empty, first
 * and last as stated, formats that are known.
 */
export const parseTransaction = (file: string, text: string): Either.Either<TransactionManifest, InvalidBackup> =>
  parse(TransactionManifest, file, text, (manifest) =>
    continuity(
      "version",
      manifest.firstVersion,
      manifest.lastVersion,
      manifest.chunks.map((chunk) => [chunk.firstVersion, chunk.lastVersion])
    ))

const continuity = (
  what: string,
  first: number,
  last: number,
  ranges: ReadonlyArray<readonly [number, number]>
): string | undefined => {
  let next = first
  for (const [from, to] of ranges) {
    if (from !== next) return `a chunk begins with ${what} ${from} where ${next} should follow`
    if (to < from) return `a chunk from ${what} ${from} to ${to}`
    next = to + 1
  }
  return next === last + 1 ? undefined : `the chunks end with ${what} ${next - 1}, the manifest says ${last}`
}

const parse = <A, I>(
  schema: Schema.Schema<A, I>,
  file: string,
  text: string,
  check: (manifest: A) => string | undefined
): Either.Either<A, InvalidBackup> =>
  Schema.decodeUnknownEither(Schema.parseJson(schema))(text).pipe(
    Either.mapLeft((error) => {
      const { field, message, place } = firstIssue(error)
      const where = place === "" ? "" : ` at ${place}`
      const unknownFormat = field === "format"
      return new InvalidBackup({
        file,
        reason: unknownFormat ? "UnknownFormat" : "Malformed",
        detail: unknownFormat
          ? `a chunk format that this version does not know${where}: ${message}`
          : `not a manifest${where}: ${message}`
      })
    }),
    Either.flatMap((manifest) => {
      const wrong = check(manifest)
      return wrong === undefined
        ? Either.right(manifest)
        : Either.left(new InvalidBackup({ file, reason: "Inconsistent", detail: wrong }))
    })
  )
