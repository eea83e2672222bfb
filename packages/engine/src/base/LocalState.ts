/**
 * What this program remembers on this machine of one storage: named entries of text. Losing them costs time and nothing
 * else. The cached metadata, the journals of backups, the record of verifications and that of the coordinator are entries.
 *
 * In a folder each entry is a file for this user alone. A file is replaced as a whole: written aside, synced, renamed, its
 * folder synced. Whoever reads the file, also after a power cut or beside another process that replaces it, finds the old
 * text or the new one. Text is appended by one write and synced; a crash leaves at most the last line torn.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { LocalStateError } from "./EngineError.ts"

/** Named entries of text. */
export interface Service {
  /** Does the state outlast the program? */
  readonly lasts: boolean
  /** For people: where the entries are. */
  readonly place: string
  /** The names of all entries. */
  readonly names: Effect.Effect<ReadonlyArray<string>, LocalStateError>
  /** The text of an entry; `undefined` where there is none. */
  readonly read: (name: string) => Effect.Effect<string | undefined, LocalStateError>
  /** Replaces an entry, atomically and durably. */
  readonly replace: (name: string, text: string) => Effect.Effect<void, LocalStateError>
  /** Appends to an entry, which is made where there is none. */
  readonly append: (name: string, text: string) => Effect.Effect<void, LocalStateError>
  /** Removes an entry, if there is one. */
  readonly remove: (name: string) => Effect.Effect<void, LocalStateError>
}

/** What this program remembers on this machine of one storage. */
export class LocalState extends Context.Tag("@holdfast/engine/LocalState")<LocalState, Service>() {}

export interface Options {
  /** A folder for one storage alone. */
  readonly directory: string
}

/** State that lasts as long as the program. */
export const layerMemory: Layer.Layer<LocalState> = Layer.sync(LocalState, () => {
  const entries = new Map<string, string>()
  return {
    lasts: false,
    place: "memory",
    names: Effect.sync(() => [...entries.keys()]),
    read: (name) => Effect.sync(() => entries.get(name)),
    replace: (name, text) => Effect.sync(() => void entries.set(name, text)),
    append: (name, text) => Effect.sync(() => void entries.set(name, `${entries.get(name) ?? ""}${text}`)),
    remove: (name) => Effect.sync(() => void entries.delete(name))
  }
})

const ownerOnly = { folder: 0o700, file: 0o600 } as const

const isMissing = (error: PlatformError): boolean => error._tag === "SystemError" && error.reason === "NotFound"

/** State in a folder for one storage alone. The folder is made, for this user only, with the first entry. */
export const layer = ({ directory }: Options): Layer.Layer<LocalState, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(LocalState, inFolder(directory))

const inFolder = (directory: string): Effect.Effect<Service, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path

    const failing = (name: string) =>
      Effect.mapError((error: PlatformError) =>
        new LocalStateError({ path: path.join(directory, name), detail: error.message })
      )

    const makeDirectory = fs.makeDirectory(directory, { recursive: true, mode: ownerOnly.folder })

    // Some file systems cannot sync a folder; what they promise without is all there is to have.
    const syncDirectory = Effect.ignore(Effect.scoped(Effect.flatMap(fs.open(directory), (file) => file.sync)))

    /** Opens, runs and closes; an operation on an open file is never interrupted, since Node does it elsewhere. */
    const withFile = (
      file: string,
      flag: "a" | "wx",
      text: string
    ): Effect.Effect<void, PlatformError> =>
      Effect.scoped(
        fs.open(file, { flag, mode: ownerOnly.file }).pipe(
          Effect.tap((open) => text === "" ? Effect.void : open.writeAll(new TextEncoder().encode(text))),
          Effect.flatMap((open) => open.sync)
        )
      ).pipe(Effect.uninterruptible)

    const aside = (name: string): Effect.Effect<string, never, Scope.Scope> =>
      Effect.acquireRelease(
        Effect.map(Random.nextIntBetween(0, 2 ** 32), (random) => path.join(directory, `.tmp-${name}-${random}`)),
        (file) => Effect.ignore(fs.remove(file, { force: true }))
      )

    return {
      lasts: true,
      place: directory,
      names: fs.readDirectory(directory).pipe(Effect.catchIf(isMissing, () => Effect.succeed([])), failing("")),
      read: (name) =>
        fs.readFileString(path.join(directory, name)).pipe(
          Effect.catchIf(isMissing, () => Effect.succeed(undefined)),
          failing(name)
        ),
      replace: (name, text) =>
        Effect.gen(function*() {
          yield* makeDirectory
          const written = yield* aside(name)
          yield* withFile(written, "wx", text)
          yield* fs.rename(written, path.join(directory, name))
          yield* syncDirectory
        }).pipe(Effect.uninterruptible, Effect.scoped, failing(name)),
      append: (name, text) =>
        failing(name)(Effect.zipRight(makeDirectory, withFile(path.join(directory, name), "a", text))),
      remove: (name) => failing(name)(fs.remove(path.join(directory, name), { force: true }))
    }
  })
