/**
 * What this machine remembers of the metadata files of one storage: so that only new ones are downloaded, and so that a
 * storage which has lost something, or is another one, is noticed.
 *
 * All of it is a text file: a header, then a line for each metadata file, `["HANDLE","TEXT",CRC32]`. It is replaced as a
 * whole, so a crash leaves the old one or the new one, and of two processes the last one wins; what the other one knew is
 * in the storage still. Files that this program saved, and has not seen listed yet, have a fourth element, when that was;
 * they are appended to a second file of such lines, until the first one is replaced. What cannot be read is forgotten and
 * downloaded again.
 *
 * Source: the backup page of the specification, section 3, "Sync".
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { crc32 } from "node:zlib"
import type { LocalStateError } from "../base/EngineError.ts"
import * as LocalState from "../base/LocalState.ts"

/** What is remembered, by the handles of the files. */
export interface Remembered {
  /** The texts of files that were listed. */
  readonly files: ReadonlyMap<string, string>
  /** What was saved and has not been seen in a listing yet. */
  readonly saved: ReadonlyMap<string, SavedFile>
}

export interface SavedFile {
  readonly text: string
  /** Milliseconds since 1970. */
  readonly savedAt: number
}

/** What a metadata cache offers. */
export interface Service {
  readonly load: Effect.Effect<Remembered, LocalStateError>
  /** Remembers this and nothing else. */
  readonly replace: (remembered: Remembered) => Effect.Effect<void, LocalStateError>
  /** Remembers a file that was just saved, too. */
  readonly add: (file: string, saved: SavedFile) => Effect.Effect<void, LocalStateError>
}

/** Remembers the metadata files of one storage. */
export class MetadataCache extends Context.Tag("@holdfast/engine/MetadataCache")<MetadataCache, Service>() {}

const cacheName = "metadata.cache"
const savedName = "metadata.saved"
const header = `{"holdfast":"metadata cache","version":1}`

const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

interface Line extends Partial<SavedFile> {
  readonly file: string
  readonly text: string
}

/** Without a schema, since there may be a hundred thousand lines. `undefined`: spoilt, or of another version. */
const parseLine = (line: string): Line | undefined => {
  const value = Option.getOrUndefined(parseJson(line))
  if (!Array.isArray(value)) return undefined
  const [file, text, sum, savedAt]: ReadonlyArray<unknown> = value
  if (typeof file !== "string" || typeof text !== "string" || checksum(file, text) !== sum) return undefined
  if (savedAt === undefined) return { file, text }
  return typeof savedAt === "number" ? { file, text, savedAt } : undefined
}

/** Against a spoilt disk, not against people. */
const checksum = (file: string, text: string): number => crc32(text, crc32(file))

const lineOf = (file: string, text: string, savedAt?: number): string =>
  JSON.stringify([file, text, checksum(file, text), ...(savedAt === undefined ? [] : [savedAt])])

const nothing: Remembered = { files: new Map(), saved: new Map() }

/** The cache among the local state. */
export const layer: Layer.Layer<MetadataCache, never, LocalState.LocalState> = Layer.effect(
  MetadataCache,
  Effect.map(LocalState.LocalState, (kept) =>
    MetadataCache.of({
      load: Effect.gen(function*() {
        const text = yield* kept.read(cacheName)
        const later = yield* kept.read(savedName)
        if (text === undefined && later === undefined) return nothing
        const [first, ...lines] = text?.split("\n") ?? [header]
        const files = new Map<string, string>()
        const saved = new Map<string, SavedFile>()
        let unread = first === header ? 0 : 1
        for (const line of [...(first === header ? lines : []), ...(later?.split("\n") ?? [])]) {
          if (line === "") continue
          const parsed = parseLine(line)
          if (parsed === undefined) unread += 1
          else if (parsed.savedAt === undefined) files.set(parsed.file, parsed.text)
          else saved.set(parsed.file, { text: parsed.text, savedAt: parsed.savedAt })
        }
        if (unread > 0) {
          yield* Effect.logWarning(
            `the cached metadata in ${kept.place} are damaged or of another version: what cannot be read is downloaded again`
          )
        }
        return { files, saved }
      }),
      replace: ({ files, saved }) => {
        const lines = [
          ...Array.from(files, ([file, text]) => lineOf(file, text)),
          ...Array.from(saved, ([file, { savedAt, text }]) => lineOf(file, text, savedAt))
        ]
        return Effect.zipRight(kept.replace(cacheName, [header, ...lines, ""].join("\n")), kept.remove(savedName))
      },
      // A newline before it, too: the line before may be torn.
      add: (file, { savedAt, text }) => kept.append(savedName, `\n${lineOf(file, text, savedAt)}\n`)
    }))
)

/** A cache that lasts as long as the program: nothing that was seen before it started is known. */
export const layerMemory: Layer.Layer<MetadataCache> = Layer.provide(layer, LocalState.layerMemory)
