/**
 * A storage in a folder of this machine.
 *
 * ```
 * <directory>/<backup>/<file>            data; the handle is <backup>/<file>
 * <directory>/metadata/<file>            metadata; the handle is metadata/<file>
 * <directory>/metadata_backup/<file>     obsolete metadata
 * ```
 *
 * Files are durable and complete before their handle is returned: written aside, synced, given their name, folder
 * synced. Existing data files are never overwritten; an existing metadata file is kept and reported as saved. What a
 * crash left aside begins with `.tmp-` and is never listed as metadata or read; it can be listed and deleted as a file.
 *
 * A file handle comes from a manifest that may be hostile: it must lead to a regular file inside of the folder, after
 * symbolic links are followed. That holds against manifests, not against someone who changes the folder meanwhile.
 *
 * Source: the storage page of the specification, "Local folder".
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { BackupStorage, type Service } from "@holdfast/storage/BackupStorage"
import type { StorageError } from "@holdfast/storage/StorageError"
import type { ByteRange, StoredFile } from "@holdfast/storage/StorageFiles"
import {
  fileHandleFault,
  linesError,
  metadataText,
  nameError,
  namePattern,
  shown
} from "@holdfast/storage/StorageNames"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as DurableFiles from "./internal/durableFiles.ts"
import type { FolderFailures } from "./internal/folderFailures.ts"
import * as Failures from "./internal/folderFailures.ts"
import { removeEmptyFolder } from "./internal/removeEmptyFolder.ts"

/** Where the storage lies. The folder is made with the first backup. */
export interface Options {
  readonly directory: string
}

const metadataFolder = "metadata"
const metadataSideFolder = "metadata_backup"
const reservedNames: ReadonlySet<string> = new Set([metadataFolder, metadataSideFolder])

/** Bytes that are read at once, at most. */
const readBytes = 256 * 1024

/** A buffer is made before it is known how much there is to read: for a small file one of its size will do. */
const blockFor = (size: bigint): number => Math.max(1, Math.min(readBytes, Number(size)))

/** How many files are looked at concurrently while listing. */
const listConcurrency = 16

/** The storage of a folder. */
export const make = (
  options: Options
): Effect.Effect<Service, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const files = yield* DurableFiles.make
    const root = path.resolve(options.directory)
    const metadata = path.join(root, metadataFolder)
    const side = path.join(root, metadataSideFolder)

    const missingRoot = (failures: FolderFailures): Effect.Effect<never, StorageError> =>
      Effect.fail(failures.failure("NotFound", `there is no folder ${root}: check the path; the first backup makes it`))

    const requireRoot = (failures: FolderFailures): Effect.Effect<string, StorageError> =>
      Effect.catchAll(fs.realPath(root), (error) =>
        Failures.isMissing(error) ? missingRoot(failures) : Effect.fail(failures.system(error)))

    /** The path of a regular file inside of the folder, without symbolic links. */
    const resolve = (file: string, failures: FolderFailures): Effect.Effect<string, StorageError> =>
      Effect.gen(function*() {
        const fault = fileHandleFault(file) ?? folderHandleFault(file)
        if (fault !== undefined) {
          return yield* failures.failure("InvalidName", fault)
        }
        const realRoot = yield* requireRoot(failures)
        const real = yield* Effect.mapError(fs.realPath(path.join(realRoot, ...file.split("/"))), (error) =>
          Failures.isMissing(error)
            ? failures.failure("NotFound", `there is no such file in ${root}: it was moved or never written`)
            : failures.system(error))
        if (!real.startsWith(realRoot.endsWith(path.sep) ? realRoot : realRoot + path.sep)) {
          return yield* failures.failure("InvalidName", "a symbolic link on its way leads out of the storage")
        }
        return real
      })

    // Looked at before it is opened, since opening a pipe would wait for its writer; and after, since it may have changed.
    const openRegular = (
      real: string,
      failures: FolderFailures
    ): Effect.Effect<{ readonly file: FileSystem.File; readonly size: bigint }, StorageError, Scope.Scope> =>
      Effect.gen(function*() {
        const irregular = failures.failure("InvalidName", "it is no regular file")
        const before = yield* fs.stat(real)
        if (before.type !== "File") {
          return yield* irregular
        }
        const file = yield* fs.open(real)
        const after = yield* file.stat
        return after.type === "File" ? { file, size: after.size } : yield* irregular
      }).pipe(Effect.mapError(systemError(failures)))

    /** What lies where its handle says: nothing that a symbolic link leads to. */
    const isInPlace = (place: string): Effect.Effect<boolean> =>
      Effect.match(fs.realPath(place), {
        onSuccess: (real) =>
          real === place,
        onFailure: () =>
          false
      })

    /** The regular files of one folder. What vanishes meanwhile is left out. */
    const filesOf = (realRoot: string, folder: string): Effect.Effect<ReadonlyArray<StoredFile>> =>
      Effect.gen(function*() {
        const directory = path.join(realRoot, folder)
        if (!(yield* isInPlace(directory))) {
          return []
        }
        const names = yield* Effect.orElseSucceed(fs.readDirectory(directory), () => [])
        const found = yield* Effect.forEach(names.filter(isFileName), (name) =>
          Effect.gen(function*() {
            const place = path.join(directory, name)
            const info = yield* Effect.option(fs.stat(place))
            if (Option.isNone(info) || info.value.type !== "File" || !(yield* isInPlace(place))) {
              return []
            }
            const modified = Option.match(info.value.mtime, {
              onNone: () =>
                0,
              onSome: (date) =>
                date.getTime()
            })
            return [{
              file: `${folder}/${name}`,
              bytes: Number(info.value.size),
              modified: Math.floor(modified / 1000)
            }]
          }), { concurrency: listConcurrency })
        return found.flat()
      })

    const listFiles = Stream.unwrap(Effect.gen(function*() {
      const failures = Failures.make("listFiles", "all files")
      const realRoot = yield* requireRoot(failures)
      const folders = yield* Effect.mapError(fs.readDirectory(realRoot), failures.system)
      return Stream.fromIterable(folders.filter((name) => namePattern.test(name)).sort()).pipe(
        Stream.mapEffect((folder) => filesOf(realRoot, folder)),
        Stream.flattenIterables
      )
    }))

    const deleteFile = (file: string): Effect.Effect<void, StorageError> =>
      Effect.gen(function*() {
        const failures = Failures.make("deleteFile", shown(file))
        const fault = fileHandleFault(file) ?? deletableFault(file)
        if (fault !== undefined) return yield* failures.failure("InvalidName", fault)
        const place = path.join(yield* requireRoot(failures), file)
        const folder = path.dirname(place)
        const info = yield* fs.stat(place).pipe(
          Effect.asSome,
          Effect.catchIf(Failures.isMissing, () => Effect.succeedNone),
          Effect.mapError(failures.system)
        )
        if (Option.isNone(info)) return
        if (info.value.type !== "File" || !(yield* isInPlace(place))) {
          return yield* failures.failure("InvalidName", "it is no regular file, or a symbolic link is on its way")
        }
        yield* fs.remove(place, { force: true }).pipe(
          // Whoever deleted the last file beside it has taken the folder away.
          Effect.zipRight(Effect.catchIf(files.syncDirectory(folder), Failures.isMissing, () => Effect.void)),
          Effect.zipRight(reservedNames.has(path.basename(folder)) ? Effect.void : removeEmptyFolder(folder)),
          Effect.mapError(failures.system)
        )
      }).pipe(Effect.uninterruptible)

    const readRange = (
      operation: "read" | "readRange",
      file: string,
      { length, offset }: ByteRange
    ): Stream.Stream<Uint8Array, StorageError> => {
      const failures = Failures.make(operation, shown(file))
      return Stream.unwrapScoped(Effect.gen(function*() {
        const opened = yield* openRegular(yield* resolve(file, failures), failures)
        let left = length
        if (offset > 0) yield* opened.file.seek(FileSystem.Size(offset), "start")
        return Stream.repeatEffectOption(
          Effect.suspend(() =>
            left === 0
              ? Effect.succeedNone
              : Effect.uninterruptible(opened.file.readAlloc(Math.min(left, blockFor(opened.size))))
          ).pipe(
            Effect.mapError((error) => Option.some(failures.system(error))),
            Effect.flatMap(Option.match({ onNone: () => Effect.fail(Option.none()), onSome: Effect.succeed })),
            Effect.tap((bytes) => {
              left -= bytes.length
            })
          )
        )
      }))
    }

    const write: Service["write"] = (backup, name, bytes) => {
      const failures = Failures.make("write", shown(`${backup}/${name}`))
      return checkName("write", backup, failures).pipe(
        Effect.zipRight(refuse(nameError("write", name))),
        Effect.zipRight(writeNew(path.join(root, backup), name, bytes, failures)),
        Effect.as(`${backup}/${name}`)
      )
    }

    const backupMetadataFile = (file: string): Effect.Effect<void, StorageError> => {
      const failures = Failures.make("backupMetadataFile", shown(file))
      const name = file.startsWith(`${metadataFolder}/`) ? file.slice(metadataFolder.length + 1) : ""
      if (!namePattern.test(name)) {
        return Effect.fail(
          failures.failure("InvalidName", `this is no handle of a metadata file: '${metadataFolder}/NAME'`)
        )
      }
      return requireRoot(failures).pipe(
        Effect.zipRight(files.ensureDirectory(side)),
        Effect.zipRight(fs.rename(path.join(metadata, name), path.join(side, name))),
        // The new place first: a power cut between the two leaves the file twice rather than nowhere.
        Effect.zipRight(files.syncDirectory(side)),
        Effect.zipRight(files.syncDirectory(metadata)),
        Effect.uninterruptible,
        Effect.mapError(systemError(failures))
      )
    }

    return BackupStorage.of({
      identity: yield* identityOf(root),
      description: `folder ${root}`,

      createBackup: (name) => {
        const failures = Failures.make("createBackup", shown(name))
        return checkName("createBackup", name, failures).pipe(
          Effect.zipRight(files.ensureDirectory(root)),
          Effect.zipRight(files.makeDirectory(path.join(root, name))),
          Effect.as(name),
          Effect.mapError(systemError(failures))
        )
      },

      write,

      read: (file) => readRange("read", file, { offset: 0, length: Number.POSITIVE_INFINITY }),

      saveMetadataLines: (name, lines) => {
        const failures = Failures.make("saveMetadataLines", shown(name))
        return refuse(nameError("saveMetadataLines", name) ?? linesError("saveMetadataLines", name, lines)).pipe(
          Effect.zipRight(Effect.mapError(files.ensureDirectory(metadata), failures.system)),
          Effect.zipRight(writeNew(metadata, name, Stream.succeed(metadataText(lines)), failures)),
          Effect.catchIf((error) => error.reason === "AlreadyExists", () => Effect.void),
          Effect.as(`${metadataFolder}/${name}`)
        )
      },

      listMetadataFiles: Effect.gen(function*() {
        const failures = Failures.make("listMetadataFiles", metadataFolder)
        const names = yield* Effect.catchAll(fs.readDirectory(metadata), (error) =>
          Failures.isMissing(error)
            ? Effect.as(requireRoot(failures), [])
            : Effect.fail(failures.system(error)))
        const found = yield* Effect.forEach(
          names.filter((name) => namePattern.test(name)),
          (name) =>
            Effect.match(fs.stat(path.join(metadata, name)), {
              onSuccess: (info) => info.type === "File" ? [`${metadataFolder}/${name}`] : [],
              // Moved to the side folder since it was listed.
              onFailure: () => []
            }),
          { concurrency: listConcurrency }
        )
        return found.flat().sort()
      }),

      capabilities: {
        backupMetadataFile: Either.right(backupMetadataFile),
        listFiles: Either.right(listFiles),
        deleteFile: Either.right(deleteFile),
        readRange: Either.right((file, range) => readRange("readRange", file, range)),
        writeNew: Either.right(write)
      }
    })

    function writeNew<E, R>(
      directory: string,
      name: string,
      bytes: Stream.Stream<Uint8Array, E, R>,
      failures: FolderFailures
    ): Effect.Effect<void, StorageError | E, R> {
      // The source's own errors pass as they are; they are told from those of the file by being wrapped.
      return files.writeNew(directory, name, Stream.mapError(bytes, (error) => new SourceFailure(error))).pipe(
        Effect.mapError((error): StorageError | E => {
          if (error instanceof SourceFailure) return error.error
          if (error instanceof DurableFiles.ShortFile) {
            return failures.failure("Io", `${error.expected} bytes were written, but ${error.found} are on disk`)
          }
          return failures.system(error)
        })
      )
    }
  })

/** The storage of a folder. */
export const layer = (
  options: Options
): Layer.Layer<BackupStorage, never, FileSystem.FileSystem | Path.Path> => Layer.effect(BackupStorage, make(options))

/** The URL of the folder behind all symbolic links. What is not there yet lies below the nearest folder that is. */
const identityOf = (root: string): Effect.Effect<string, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const real = (place: string): Effect.Effect<string> =>
      Effect.catchAll(fs.realPath(place), () => {
        const above = path.dirname(place)
        return above === place
          ? Effect.succeed(place)
          : Effect.map(real(above), (found) => path.join(found, path.basename(place)))
      })
    return (yield* Effect.orDie(path.toFileUrl(yield* real(root)))).href
  })

class SourceFailure<E> {
  readonly error: E
  constructor(error: E) {
    this.error = error
  }
}

const refuse = (error: StorageError | undefined): Effect.Effect<void, StorageError> =>
  error === undefined ? Effect.void : Effect.fail(error)

const checkName = (
  operation: "createBackup" | "write",
  name: string,
  failures: FolderFailures
): Effect.Effect<void, StorageError> =>
  refuse(
    nameError(operation, name)
      ?? (reservedNames.has(name)
        ? failures.failure("InvalidName", `'${name}' is the name of the folder of metadata: choose another one`)
        : undefined)
  )

const systemError = (failures: FolderFailures) => (error: PlatformError | StorageError): StorageError =>
  error._tag === "StorageError" ? error : failures.system(error)

const isFileName = (name: string): boolean => namePattern.test(name) || name.startsWith(DurableFiles.asidePrefix)

/** What may be deleted is what is listed: complete files, and what crashes left of others. */
const deletableFault = (handle: string): string | undefined => {
  const [folder = "", name = "", ...more] = handle.split("/")
  return namePattern.test(folder) && isFileName(name) && more.length === 0
    ? undefined
    : "this is no handle of a file of this storage: 'BACKUP/FILE'"
}

/** What this storage asks of a handle beyond the common rules. */
const folderHandleFault = (handle: string): string | undefined => {
  const segments = handle.split("/")
  if (segments.some((segment) => segment === "" || segment === ".")) return "the file handle has an empty part"
  if (segments.some((segment) => segment.startsWith(DurableFiles.asidePrefix))) {
    return "the file handle names a file that is not complete"
  }
  return undefined
}
