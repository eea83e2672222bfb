/**
 * What this machine remembers of the metadata files of one storage: so that only new ones are downloaded, and so that a
 * storage which has lost something, or is another one, is noticed.
 *
 * All of it is one text file: a header, then a line for each metadata file, `["HANDLE","TEXT",CRC32]`. It is replaced as
 * a whole, so a crash leaves the old one or the new one, and of two processes the last one wins; what the other one knew is
 * in the storage still. What cannot be read is forgotten and downloaded again.
 *
 * Source: the backup page of the specification, section 3, "Sync".
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { crc32 } from "node:zlib"
import type { LocalStateError } from "./EngineError.ts"
import { privateFiles } from "./internal/privateFiles.ts"

/**
 * The texts of metadata files by their handles.
 *
 * @since 0.1.0
 * @category models
 */
export type CachedFiles = ReadonlyMap<string, string>

/**
 * Remembers the metadata files of one storage.
 *
 * @since 0.1.0
 * @category services
 */
export class MetadataCache extends Context.Tag("@holdfast/engine/MetadataCache")<MetadataCache, {
  readonly load: Effect.Effect<CachedFiles, LocalStateError>
  readonly save: (files: CachedFiles) => Effect.Effect<void, LocalStateError>
}>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** A folder for this storage alone. It is made, for this user only, with the first thing to remember. */
  readonly directory: string
}

const name = "metadata.cache"
const header = `{"holdfast":"metadata cache","version":1}`

const Line = Schema.decodeUnknownEither(
  Schema.parseJson(Schema.Tuple(Schema.NonEmptyString, Schema.String, Schema.Number))
)

/** Against a spoilt disk, not against people. */
const checksum = (file: string, text: string): number => crc32(text, crc32(file))

/**
 * The cache in a folder.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  { directory }: Options
): Effect.Effect<MetadataCache["Type"], never, FileSystem.FileSystem | Path.Path> =>
  Effect.map(privateFiles(directory), (files) =>
    MetadataCache.of({
      load: Effect.gen(function*() {
        const text = yield* files.read(name)
        if (text === undefined) return new Map<string, string>()
        const [first, ...lines] = text.split("\n")
        const found = new Map<string, string>()
        let unread = first === header ? 0 : 1
        if (first === header) {
          // The last line ends with a newline: behind it there is nothing.
          if (lines.at(-1) === "") lines.pop()
          for (const line of lines) {
            const parsed = Line(line)
            const [file, content, sum] = Either.getOrElse(parsed, () => ["", "", -1] as const)
            if (checksum(file, content) === sum) found.set(file, content)
            else unread += 1
          }
        }
        if (unread > 0) {
          yield* Effect.logWarning(
            `the cached metadata in ${directory} are damaged or of another version: what cannot be read is downloaded again`
          )
        }
        return found
      }),
      save: (cached) => {
        const lines = Array.from(cached, ([file, text]) => JSON.stringify([file, text, checksum(file, text)]))
        return files.replace(name, [header, ...lines, ""].join("\n"))
      }
    }))

/**
 * The cache in a folder.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<MetadataCache, never, FileSystem.FileSystem | Path.Path> => Layer.effect(MetadataCache, make(options))

/**
 * A cache that lasts as long as the program: nothing that was seen before it started is known.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<MetadataCache> = Layer.sync(MetadataCache, () => {
  let kept: CachedFiles = new Map()
  return MetadataCache.of({
    load: Effect.sync(() => kept),
    save: (files) => Effect.sync(() => void (kept = files))
  })
})
