/**
 * The files of the registry: one for each program, replaced as a whole, so that whoever looks sees one state of it.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const Entry = Schema.Struct({
  mark: Schema.NonEmptyString,
  /** The leader's id and start time, once there is one. */
  id: Schema.optional(Schema.Int.pipe(Schema.greaterThan(1))),
  startedAt: Schema.optional(Schema.NonNegativeInt)
})
export type Entry = typeof Entry.Type

const RecordSchema = Schema.Struct({
  version: Schema.Literal(1),
  boot: Schema.String,
  namespace: Schema.String,
  pid: Schema.Int,
  startedAt: Schema.NonNegativeInt,
  commands: Schema.Array(Entry).pipe(Schema.maxItems(10_000))
})
export type Record = typeof RecordSchema.Type

const text = Schema.parseJson(RecordSchema)

/** No program writes more: it would have thousands of commands alive. */
const maxRecordBytes = 1024 * 1024

const ownName = /^commands-[0-9a-z.-]+\.json$/i

/** A record is written under its name and this, then renamed. A program that is killed in between leaves it. */
const asideSuffix = ".new"

/** Milliseconds after which one that is still there belongs to nobody: it takes a moment. */
const asidePatience = 60_000

export interface Found {
  readonly file: string
  readonly record: Record
  /** When the file was written, in milliseconds of the Unix epoch. */
  readonly touched: number
}

export interface Records {
  readonly fileOf: (instance: string) => string
  /**
   * The records that can be read. A file that is no record is left alone, but complained about; what was never completed
   * is removed.
   */
  readonly all: Effect.Effect<ReadonlyArray<Found>, PlatformError>
  readonly save: (file: string, record: Record) => Effect.Effect<void, PlatformError>
  readonly remove: (file: string) => Effect.Effect<void>
}

export const make = (
  directory: string
): Effect.Effect<Records, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(directory, { recursive: true })

    const read = (file: string) =>
      Effect.gen(function*() {
        const { mtime, size } = yield* fs.stat(file)
        if (size > BigInt(maxRecordBytes)) return yield* Effect.fail("it is too large")
        const record = yield* Schema.decode(text)(yield* fs.readFileString(file))
        const touched = Option.match(mtime, { onNone: () => 0, onSome: (date) => date.getTime() })
        return { file, record, touched }
      }).pipe(
        Effect.tapError(() => Effect.logWarning(`${file} is no record of storage commands; remove it`)),
        Effect.option
      )

    const remove = (file: string) => Effect.ignoreLogged(fs.remove(file, { force: true }))

    const removeIfOld = (file: string) =>
      Effect.gen(function*() {
        const { mtime } = yield* fs.stat(file)
        const now = yield* Clock.currentTimeMillis
        if (Option.exists(mtime, (date) => now - date.getTime() > asidePatience)) yield* remove(file)
      }).pipe(Effect.ignore)

    return {
      fileOf: (instance) => path.join(directory, `commands-${instance}json`),
      all: Effect.gen(function*() {
        const all = (yield* fs.readDirectory(directory)).sort()
        const aside = all.filter((name) =>
          name.endsWith(asideSuffix) && ownName.test(name.slice(0, -asideSuffix.length))
        )
        yield* Effect.forEach(aside, (name) => removeIfOld(path.join(directory, name)), { discard: true })
        const names = all.filter((name) => ownName.test(name))
        const found = yield* Effect.forEach(names, (name) => read(path.join(directory, name)))
        return found.flatMap(Option.toArray)
      }),
      save: (file, record) =>
        // No sync: what a crash of the system would undo, it also ends.
        Effect.flatMap(Effect.orDie(Schema.encode(text)(record)), (content) =>
          Effect.zipRight(
            fs.writeFileString(file + asideSuffix, content, { mode: 0o600 }),
            fs.rename(file + asideSuffix, file)
          )),
      remove: (file) => Effect.zipRight(remove(file), remove(file + asideSuffix))
    }
  })
