/**
 * Files that appear whole, for good, and only once.
 *
 * A file is written aside under a random name in its own folder, its length is checked, it is synced, then linked to its
 * name, which fails where the name is taken, and the folder is synced. So there is no moment at which a file is there but
 * not complete, nor a power cut after which one that was reported is gone.
 *
 * No operation on an open file can be interrupted: Node does its work on other threads, and a descriptor that is closed,
 * and given out again, under a write that is still under way would put these bytes into another file.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { runForEachBlock } from "@holdfast/storage/ByteBlocks"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { codeOf, isMissing, isPresent } from "./folderFailures.ts"

/** Names of files that are not complete begin so. No name of a backup or file does. */
export const asidePrefix = ".tmp-"

/** A file that has fewer bytes on disk than were written to it. */
export class ShortFile {
  readonly _tag = "ShortFile"
  readonly expected: bigint
  readonly found: bigint
  constructor(expected: bigint, found: bigint) {
    this.expected = expected
    this.found = found
  }
}

export interface DurableFiles {
  /** Makes a folder and those above it. */
  readonly ensureDirectory: (directory: string) => Effect.Effect<void, PlatformError>
  /** Makes a folder whose parent exists; fails where something is there already. */
  readonly makeDirectory: (directory: string) => Effect.Effect<void, PlatformError>
  readonly syncDirectory: (directory: string) => Effect.Effect<void, PlatformError>
  /** Fails, and leaves nothing, where the name is taken or the source fails. */
  readonly writeNew: <E, R>(
    directory: string,
    name: string,
    bytes: Stream.Stream<Uint8Array, E, R>
  ) => Effect.Effect<void, PlatformError | ShortFile | E, R>
}

/** Some file systems cannot sync a folder, and say so with these. */
const cannotSync = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EISDIR"])

/** Some file systems have no hard links, and say so with these. */
const cannotLink = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"])

export const make: Effect.Effect<DurableFiles, never, FileSystem.FileSystem | Path.Path> = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path

  const syncDirectory = (directory: string): Effect.Effect<void, PlatformError> =>
    Effect.scoped(Effect.flatMap(fs.open(directory), (file) => file.sync)).pipe(
      Effect.catchAll((error) => cannotSync.has(codeOf(error) ?? "") ? Effect.void : Effect.fail(error)),
      Effect.uninterruptible
    )

  const makeDirectory = (directory: string): Effect.Effect<void, PlatformError> =>
    Effect.uninterruptible(Effect.zipRight(fs.makeDirectory(directory), syncDirectory(path.dirname(directory))))

  const makeUnlessPresent = (directory: string): Effect.Effect<void, PlatformError> =>
    Effect.catchIf(makeDirectory(directory), isPresent, () => Effect.void)

  const ensureDirectory = (directory: string): Effect.Effect<void, PlatformError> =>
    Effect.catchIf(
      makeUnlessPresent(directory),
      (error) => isMissing(error) && path.dirname(directory) !== directory,
      () => Effect.zipRight(ensureDirectory(path.dirname(directory)), makeUnlessPresent(directory))
    )

  const asideName = Effect.map(
    Effect.all([Random.nextIntBetween(0, 2 ** 32), Random.nextIntBetween(0, 2 ** 32)]),
    (parts) => asidePrefix + parts.map((part) => part.toString(16).padStart(8, "0")).join("")
  )

  /** A new file aside; it is closed and gone when the scope closes. */
  const openAside = (
    directory: string
  ): Effect.Effect<{ readonly aside: string; readonly file: FileSystem.File }, PlatformError, Scope.Scope> =>
    Effect.uninterruptible(Effect.gen(function*() {
      const aside = path.join(directory, yield* asideName)
      let ours = false
      yield* Effect.addFinalizer(() => ours ? Effect.ignoreLogged(fs.remove(aside, { force: true })) : Effect.void)
      const file = yield* fs.open(aside, { flag: "wx", mode: 0o644 })
      ours = true
      return { aside, file }
    }))

  /** Gives a complete file its name, which fails where the name is taken. */
  const link = (aside: string, name: string): Effect.Effect<void, PlatformError> =>
    Effect.catchIf(
      fs.link(aside, name),
      (error) => cannotLink.has(codeOf(error) ?? ""),
      // Without hard links: take the name with an empty file of ours, then rename over that.
      () =>
        Effect.scoped(fs.open(name, { flag: "wx", mode: 0o644 })).pipe(
          Effect.zipRight(Effect.tapError(fs.rename(aside, name), () => Effect.ignoreLogged(fs.remove(name))))
        )
    )

  const publish = (
    file: FileSystem.File,
    written: bigint,
    aside: string,
    directory: string,
    name: string
  ): Effect.Effect<void, PlatformError | ShortFile> =>
    Effect.uninterruptible(Effect.gen(function*() {
      const { size } = yield* file.stat
      if (size !== written) return yield* Effect.fail(new ShortFile(written, size))
      yield* file.sync
      const target = path.join(directory, name)
      yield* link(aside, target)
      yield* fs.remove(aside, { force: true }).pipe(
        Effect.zipRight(syncDirectory(directory)),
        // What cannot be confirmed must not be found either.
        Effect.tapError(() => Effect.ignoreLogged(fs.remove(target, { force: true })))
      )
    }))

  const writeNew: DurableFiles["writeNew"] = (directory, name, bytes) =>
    // The scope is handed to the file alone: one that the source brings along stays the caller's.
    Effect.scopedWith((scope) =>
      Effect.gen(function*() {
        const { aside, file } = yield* Scope.extend(openAside(directory), scope)
        let written = 0n
        yield* runForEachBlock(bytes, (block) => {
          written += BigInt(block.length)
          return Effect.uninterruptible(file.writeAll(block))
        })
        yield* publish(file, written, aside, directory, name)
      })
    )

  return { ensureDirectory, makeDirectory, syncDirectory, writeNew }
})
