/**
 * Where this machine remembers what was verified of one storage. Losing it costs time and nothing else.
 *
 * It is one text file: a line with the epoch ending that proves the newest of it and what the last verification came to,
 * then a digest a line.
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
import { LastVerification, nothing, type Remembered } from "./VerifyMemory.ts"

/** Keeps what is remembered of one storage. */
export class VerifyRecord extends Context.Tag("@holdfast/engine/VerifyRecord")<VerifyRecord, {
  /** What cannot be read is as good as nothing: it is verified again. */
  readonly load: Effect.Effect<Remembered>
  readonly save: (remembered: Remembered) => Effect.Effect<void>
  /** Whether what is saved outlasts the program. */
  readonly lasts: boolean
}>() {}

/** A record that lasts as long as the program. */
export const layerMemory: Layer.Layer<VerifyRecord> = Layer.sync(VerifyRecord, () => {
  let kept = nothing
  return VerifyRecord.of({
    load: Effect.sync(() => kept),
    save: (remembered) => Effect.sync(() => void (kept = remembered)),
    lasts: false
  })
})

const name = "verified"

const Header = Schema.parseJson(Schema.Struct({
  holdfast: Schema.Literal("verified"),
  version: Schema.Literal(1),
  anchor: Schema.optional(Schema.Struct({ epoch: Schema.Int, waypoint: Schema.String })),
  last: Schema.optional(LastVerification)
}))

const digest = /^[0-9a-f]{32}$/

const parse = (text: string): Remembered => {
  const [first = "", ...lines] = text.split("\n")
  const header = Schema.decodeUnknownEither(Header)(first)
  return Either.isLeft(header)
    ? nothing
    : {
      anchor: header.right.anchor,
      proven: new Set(lines.filter((line) => digest.test(line))),
      last: header.right.last
    }
}

const print = ({ anchor, last, proven }: Remembered): string =>
  [JSON.stringify({ holdfast: "verified", version: 1, anchor, last }), ...proven, ""].join("\n")

const ownerOnly = { folder: 0o700, file: 0o600 } as const

/**
 * A record in a folder for one storage alone, which is made with the first thing to remember. A crash leaves the old record
 * or the new one. One that cannot be read or written is warned of.
 */
export const layer = (
  { directory }: { readonly directory: string }
): Layer.Layer<VerifyRecord, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    VerifyRecord,
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const file = path.join(directory, name)
      const warn = (what: string) => (error: PlatformError) =>
        Effect.logWarning(`${file} cannot be ${what}: ${error.message}; what was verified is verified again`)
      return VerifyRecord.of({
        load: fs.readFileString(file).pipe(
          Effect.map(parse),
          Effect.catchAll((error) =>
            error._tag === "SystemError" && error.reason === "NotFound"
              ? Effect.succeed(nothing)
              : Effect.as(warn("read")(error), nothing)
          )
        ),
        save: (remembered) =>
          Effect.gen(function*() {
            yield* fs.makeDirectory(directory, { recursive: true, mode: ownerOnly.folder })
            const aside = `${file}.${yield* Random.nextIntBetween(0, 2 ** 32)}`
            yield* fs.writeFileString(aside, print(remembered), { mode: ownerOnly.file }).pipe(
              Effect.zipRight(fs.rename(aside, file)),
              Effect.tapError(() => Effect.ignore(fs.remove(aside, { force: true })))
            )
          }).pipe(Effect.catchAll(warn("written")), Effect.uninterruptible),
        lasts: true
      })
    })
  )
