/**
 * A storage in the memory of this program: for tests, and for whoever wants to see how small a storage can be.
 *
 * Handles are `<backup>/<file>`, `metadata/<file>` and, for obsolete metadata, `metadata_backup/<file>`. It has every
 * capability, and never replaces a file.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { BackupStorage, type Service } from "./BackupStorage.ts"
import type { StorageErrorReason, StorageOperation } from "./StorageError.ts"
import { StorageError } from "./StorageError.ts"
import type { FileHandle } from "./StorageFiles.ts"
import { fileHandleFault, linesError, metadataText, nameError, shown } from "./StorageNames.ts"

/** / */
export interface Options {
  /** Tells the storage from others: its identity is `memory:<name>`. */
  readonly name: string
  /** The files that are there from the start, as if written at the beginning of 1970. */
  readonly files?: Iterable<readonly [file: FileHandle, bytes: Uint8Array]>
}

/** A storage with its contents, which may be looked at and changed from outside. */
export interface MemoryStorage {
  readonly storage: Service
  /** The complete files. */
  readonly files: Map<FileHandle, Uint8Array>
  /** When each file was written, in unix seconds; 0 for a file without an entry. */
  readonly times: Map<FileHandle, number>
}

/** A file is read in pieces of this length, so that its readers meet more than one. */
const pieceBytes = 4_096

const metadataFolder = "metadata"
const sideFolder = "metadata_backup"

const failure = (operation: StorageOperation, reason: StorageErrorReason, subject: string, detail: string) =>
  new StorageError({ operation, reason, subject: shown(subject), detail })

/** Makes a storage. */
export const make = ({ files: initial = [], name }: Options): MemoryStorage => {
  const files = new Map(initial)
  const times = new Map<FileHandle, number>()

  const publish = (operation: StorageOperation, file: FileHandle, bytes: Uint8Array) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (files.has(file)) {
        return Effect.fail(failure(operation, "AlreadyExists", file, "the name is taken: choose another one"))
      }
      files.set(file, bytes)
      times.set(file, Math.floor(now / 1000))
      return Effect.succeed(file)
    })

  /** Handles come back out of manifests, which anybody may have written. */
  const checkHandle = (operation: StorageOperation, file: FileHandle) => {
    const fault = fileHandleFault(file)
    return fault === undefined ? Effect.void : Effect.fail(failure(operation, "InvalidName", file, fault))
  }
  const find = (operation: StorageOperation, file: FileHandle): Effect.Effect<Uint8Array, StorageError> =>
    Effect.zipRight(
      checkHandle(operation, file),
      Effect.suspend(() => {
        const bytes = files.get(file)
        return bytes === undefined
          ? Effect.fail(failure(operation, "NotFound", file, "there is no such file"))
          : Effect.succeed(bytes)
      })
    )

  const write: Service["write"] = (backup, file, bytes) =>
    Effect.gen(function*() {
      yield* refuse(nameError("write", backup) ?? nameError("write", file))
      const parts: Array<Uint8Array> = []
      yield* Stream.runForEach(bytes, (part) => Effect.sync(() => parts.push(part.slice())))
      // Only now is there a file: a source that fails has changed nothing.
      return yield* publish("write", `${backup}/${file}`, Buffer.concat(parts))
    })

  const storage = BackupStorage.of({
    identity: `memory:${encodeURIComponent(name)}`,
    description: `memory ${name}`,
    createBackup: (backup) => Effect.as(refuse(nameError("createBackup", backup)), backup),
    write,
    read: (file) => Stream.unwrap(Effect.map(find("read", file), piecesOf)),
    saveMetadataLines: (file, lines) => {
      const handle = `${metadataFolder}/${file}`
      return refuse(nameError("saveMetadataLines", file) ?? linesError("saveMetadataLines", file, lines)).pipe(
        Effect.zipRight(publish("saveMetadataLines", handle, metadataText(lines))),
        Effect.catchIf(({ reason }) => reason === "AlreadyExists", () => Effect.succeed(handle))
      )
    },
    listMetadataFiles: Effect.sync(() => [...files.keys()].filter((file) => file.startsWith(`${metadataFolder}/`))),
    capabilities: {
      backupMetadataFile: Either.right((file) =>
        Effect.map(find("backupMetadataFile", file), (bytes) => {
          const side = file.replace(metadataFolder, sideFolder)
          files.set(side, bytes)
          times.set(side, times.get(file) ?? 0)
          files.delete(file)
        })
      ),
      listFiles: Either.right(
        Stream.suspend(() =>
          Stream.fromIterable(
            Array.from(files, ([file, bytes]) => ({ file, bytes: bytes.length, modified: times.get(file) ?? 0 }))
          )
        )
      ),
      deleteFile: Either.right((file) =>
        Effect.map(checkHandle("deleteFile", file), () => {
          files.delete(file)
        })
      ),
      readRange: Either.right((file, { length, offset }) =>
        Stream.unwrap(
          Effect.map(find("readRange", file), (bytes) => piecesOf(bytes.subarray(offset, offset + length)))
        )
      ),
      writeNew: Either.right(write)
    }
  })
  return { storage, files, times }
}

/** A new storage. */
export const layer = (options: Options): Layer.Layer<BackupStorage> =>
  Layer.sync(BackupStorage, () => make(options).storage)

const refuse = (error: StorageError | undefined): Effect.Effect<void, StorageError> =>
  error === undefined ? Effect.void : Effect.fail(error)

const piecesOf = (bytes: Uint8Array): Stream.Stream<Uint8Array> => {
  const count = Math.ceil(bytes.length / pieceBytes)
  if (count === 1) return Stream.succeed(bytes)
  return Stream.fromIterable(
    Array.from({ length: count }, (_, index) => bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes))
  ).pipe(Stream.rechunk(1))
}
