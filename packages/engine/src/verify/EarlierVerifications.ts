/**
 * What earlier runs verified of one storage, as this machine remembers it. Losing the record costs time and nothing else.
 *
 * The record is one text file: a line of JSON with the anchor and the result of the last verification, then one digest a
 * line.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { LocalStateError } from "../base/EngineError.ts"
import * as LocalState from "../base/LocalState.ts"

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

/**
 * Keeps the record among the local state. A record that cannot be read or written is a warning in the log.
 */
export const layer: Layer.Layer<EarlierVerifications, never, LocalState.LocalState> = Layer.effect(
  EarlierVerifications,
  Effect.map(LocalState.LocalState, (kept) => {
    const warn = (what: string) => ({ message }: LocalStateError) =>
      Effect.logWarning(`the record of verifications cannot be ${what} again: ${message}`)
    return {
      load: kept.read(fileName).pipe(
        Effect.map((text) => text === undefined ? nothing : parse(text)),
        Effect.catchAll((error) => Effect.as(warn("read, so everything is verified")(error), nothing))
      ),
      save: (record) =>
        Effect.catchAll(kept.replace(fileName, print(record)), warn("saved, so the next run verifies everything")),
      lasts: kept.lasts
    }
  })
)

/** Keeps the record as long as the program runs. */
export const layerMemory: Layer.Layer<EarlierVerifications> = Layer.provide(layer, LocalState.layerMemory)
