/**
 * Small files of this program on this machine, for this user alone.
 *
 * A file is replaced as a whole: written aside, synced, renamed, its folder synced. Whoever reads it, also after a power
 * cut or beside another process that replaces it, finds the old text or the new one. A line is appended by one write and
 * synced; a crash leaves at most the last line torn.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { LocalStateError } from "./EngineError.ts"

export interface PrivateFiles {
  /** None where there is no folder. */
  readonly names: Effect.Effect<ReadonlyArray<string>, LocalStateError>
  /** The text of a file; `undefined` where there is none. */
  readonly read: (name: string) => Effect.Effect<string | undefined, LocalStateError>
  readonly replace: (name: string, text: string) => Effect.Effect<void, LocalStateError>
  /** Appends to a file, which is made where there is none. */
  readonly append: (name: string, text: string) => Effect.Effect<void, LocalStateError>
  readonly remove: (name: string) => Effect.Effect<void, LocalStateError>
}

const ownerOnly = { folder: 0o700, file: 0o600 } as const

const isMissing = (error: PlatformError): boolean => error._tag === "SystemError" && error.reason === "NotFound"

/** The files of one folder, which is made with the first of them. */
export const privateFiles = (
  directory: string
): Effect.Effect<PrivateFiles, never, FileSystem.FileSystem | Path.Path> =>
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
