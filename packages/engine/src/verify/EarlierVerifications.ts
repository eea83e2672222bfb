/**
 * What earlier runs verified of one storage, as this machine remembers it. Losing the record costs time and nothing else.
 *
 * The record is one text file: a line of JSON with the anchor and the result of the last verification, then one digest a
 * line.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"

/** The result of the last verification. */
export const LastVerification = Schema.Struct({
  /** When it ended, in unix seconds. */
  at: Schema.Int,
  ok: Schema.Boolean,
  /** The root of trust, as in the report. */
  trust: Schema.String,
  lastEpoch: Schema.NullOr(Schema.Int),
  /** Versions of the valid state snapshots. */
  snapshotVersions: Schema.Array(Schema.Int),
  /** Versions of the valid transactions, without a gap. */
  transactions: Schema.NullOr(Schema.Struct({ first: Schema.Int, last: Schema.Int })),
  /** How many errors there were. */
  errors: Schema.Int,
  /** How many parts could not be verified. */
  unverified: Schema.Int
})

export type LastVerification = typeof LastVerification.Type

/** What earlier runs verified. */
export interface VerificationRecord {
  /** The newest epoch ending of the chain of trust that the parts were verified by; `undefined` before the first run. */
  readonly anchor: { readonly epoch: number; readonly waypoint: string } | undefined
  /** A digest for each verified part: a chunk of transactions or a state snapshot. */
  readonly parts: ReadonlySet<string>
  readonly last: LastVerification | undefined
}

/** The record before the first run. */
export const nothing: VerificationRecord = { anchor: undefined, parts: new Set(), last: undefined }

/** Keeps the record of one storage. */
export interface Service {
  /** An unreadable record counts as {@link nothing}: its parts are verified again. */
  readonly load: Effect.Effect<VerificationRecord>
  readonly save: (record: VerificationRecord) => Effect.Effect<void>
  /** Whether a saved record outlasts the program. */
  readonly lasts: boolean
}

export class EarlierVerifications
  extends Context.Tag("@holdfast/engine/EarlierVerifications")<EarlierVerifications, Service>()
{}

/** Keeps the record as long as the program runs. */
export const layerMemory: Layer.Layer<EarlierVerifications> = Layer.sync(EarlierVerifications, () => {
  let record = nothing
  return {
    load: Effect.sync(() => record),
    save: (next) => Effect.sync(() => void (record = next)),
    lasts: false
  }
})

const fileName = "verified"

const Header = Schema.parseJson(Schema.Struct({
  holdfast: Schema.Literal("verified"),
  version: Schema.Literal(1),
  anchor: Schema.optional(Schema.Struct({ epoch: Schema.Int, waypoint: Schema.String })),
  last: Schema.optional(LastVerification)
}))

const digest = /^[0-9a-f]{32}$/

const parse = (text: string): VerificationRecord => {
  const [first = "", ...lines] = text.split("\n")
  const header = Schema.decodeUnknownEither(Header)(first)
  return Either.isLeft(header)
    ? nothing
    : {
      anchor: header.right.anchor,
      parts: new Set(lines.filter((line) => digest.test(line))),
      last: header.right.last
    }
}

const print = ({ anchor, last, parts }: VerificationRecord): string =>
  [JSON.stringify({ holdfast: "verified", version: 1, anchor, last }), ...parts, ""].join("\n")

const ownerOnly = { folder: 0o700, file: 0o600 } as const

/**
 * Keeps the record in a folder that belongs to one storage; the first save makes the folder. A crash leaves the old record
 * or the new one. A record that cannot be read or written is a warning in the log.
 */
export const layer = (
  { directory }: { readonly directory: string }
): Layer.Layer<EarlierVerifications, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    EarlierVerifications,
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const file = path.join(directory, fileName)
      const warn = (what: string) => (error: PlatformError) =>
        Effect.logWarning(`${file} cannot be ${what}: ${error.message}; the next verification reads everything again`)
      return {
        load: fs.readFileString(file).pipe(
          Effect.map(parse),
          Effect.catchAll((error) =>
            error._tag === "SystemError" && error.reason === "NotFound"
              ? Effect.succeed(nothing)
              : Effect.as(warn("read")(error), nothing)
          )
        ),
        save: (record) =>
          Effect.gen(function*() {
            yield* fs.makeDirectory(directory, { recursive: true, mode: ownerOnly.folder })
            const aside = `${file}.${yield* Random.nextIntBetween(0, 2 ** 32)}`
            yield* fs.writeFileString(aside, print(record), { mode: ownerOnly.file }).pipe(
              Effect.zipRight(fs.rename(aside, file)),
              Effect.tapError(() => Effect.ignore(fs.remove(aside, { force: true })))
            )
          }).pipe(Effect.catchAll(warn("written")), Effect.uninterruptible),
        lasts: true
      }
    })
  )
