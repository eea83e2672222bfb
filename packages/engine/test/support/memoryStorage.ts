/**
 * A storage in memory that writes down what happens to it in which order, and fails or waits where a test says so.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

type Storage = BackupStorage.Service

type Hook = (file: string) => Effect.Effect<void, StorageError.StorageError>

/** Each is run with the file's handle, random suffix taken out. */
export interface Hooks {
  /** All bytes are in; the file does not count yet. */
  readonly confirm?: Hook
  /** A file is opened for reading. */
  readonly read?: Hook
  /** The metadata are listed; the handle is `metadata`. All files are: `files`. */
  readonly list?: Hook
  /** A metadata file is moved aside. */
  readonly move?: Hook
  /** A file is deleted. */
  readonly remove?: Hook
}

export interface MemoryStorage {
  readonly storage: Storage
  /** The complete files by handle. */
  readonly files: Map<string, Uint8Array>
  /** When they were written, in unix seconds. What was there already was written at 0. */
  readonly times: Map<string, number>
  /** `begin`, `confirm` and `abort`, each with a handle without its random suffix. */
  readonly log: ReadonlyArray<string>
  readonly open: {
    readonly writes: number
    readonly reads: number
    readonly mostWrites: number
    readonly mostReads: number
  }
}

/** A handle or name without the random suffix of the backup's name. */
export const plain = (text: string): string =>
  text.replaceAll(/(epoch_ending_\d+-|transaction_\d+-|state_epoch_\d+_ver_\d+)\.[0-9a-f]{4}/g, "$1")

export const failure = (
  operation: StorageError.StorageOperation,
  reason: StorageError.StorageErrorReason,
  subject: string
): StorageError.StorageError => new StorageError.StorageError({ operation, reason, subject, detail: "injected" })

/** Pieces that a file is read in. */
const readBytes = 4_096

const piecesOf = (bytes: Uint8Array): ReadonlyArray<Uint8Array> =>
  Array.from(
    { length: Math.ceil(bytes.length / readBytes) },
    (_, index) => bytes.subarray(index * readBytes, (index + 1) * readBytes)
  )

/** `files` are what is there already. */
export const makeStorage = (hooks: Hooks = {}, files: Iterable<readonly [string, Uint8Array]> = []): MemoryStorage => {
  const kept = new Map(files)
  const times = new Map<string, number>()
  const log: Array<string> = []
  const open = { writes: 0, reads: 0, mostWrites: 0, mostReads: 0 }
  const run = (hook: Hook | undefined, file: string) => Effect.suspend(() => hook?.(plain(file)) ?? Effect.void)

  const publish = <E, R>(file: string, bytes: Stream.Stream<Uint8Array, E, R>, keepExisting: boolean) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        log.push(`begin ${plain(file)}`)
        open.writes += 1
        open.mostWrites = Math.max(open.mostWrites, open.writes)
      }),
      () =>
        Effect.gen(function*() {
          const parts: Array<Uint8Array> = []
          yield* Stream.runForEach(bytes, (part) => Effect.sync(() => parts.push(part.slice())))
          yield* run(hooks.confirm, file)
          if (!kept.has(file)) {
            kept.set(file, Buffer.concat(parts))
            times.set(file, Math.floor((yield* Clock.currentTimeMillis) / 1000))
          } else if (!keepExisting) return yield* failure("create_for_write", "AlreadyExists", file)
          log.push(`confirm ${plain(file)}`)
          return file
        }),
      (_, exit) =>
        Effect.sync(() => {
          open.writes -= 1
          if (exit._tag === "Failure") log.push(`abort ${plain(file)}`)
        })
    )

  const storage = BackupStorage.BackupStorage.of({
    createBackup: (name) =>
      Effect.sync(() => {
        log.push(`create ${plain(name)}`)
        return name
      }),
    write: (backup, name, bytes) => publish(`${backup}/${name}`, bytes, false),
    read: (file) =>
      Stream.unwrapScoped(
        Effect.acquireRelease(
          Effect.sync(() => {
            open.reads += 1
            open.mostReads = Math.max(open.mostReads, open.reads)
          }),
          () => Effect.sync(() => open.reads -= 1)
        ).pipe(
          Effect.zipRight(run(hooks.read, file)),
          Effect.zipRight(Effect.suspend(() => {
            const bytes = kept.get(file)
            return bytes === undefined
              ? Effect.fail(failure("open_for_read", "NotFound", file))
              : Effect.succeed(Stream.fromIterable(piecesOf(bytes)).pipe(Stream.rechunk(1)))
          }))
        )
      ),
    saveMetadataLines: (name, lines) =>
      publish(
        `metadata/${name}`,
        Stream.make(new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))),
        true
      ),
    listMetadataFiles: Effect.zipRight(
      run(hooks.list, "metadata"),
      Effect.sync(() => [...kept.keys()].filter((file) => file.startsWith("metadata/")))
    ),
    backupMetadataFile: (file) =>
      Effect.zipRight(
        run(hooks.move, file),
        Effect.suspend(() => {
          const bytes = kept.get(file)
          if (bytes === undefined) return Effect.fail(failure("backup_metadata_file", "NotFound", file))
          const side = file.replace(/^metadata/, "metadata_backup")
          kept.set(side, bytes)
          times.set(side, times.get(file) ?? 0)
          kept.delete(file)
          log.push(`move ${file}`)
          return Effect.void
        })
      ),
    capabilities: {
      listFiles: Option.some(Stream.unwrap(Effect.zipRight(
        run(hooks.list, "files"),
        Effect.sync(() =>
          Stream.fromIterable([...kept].map(([file, bytes]) => ({
            file,
            bytes: bytes.length,
            modified: times.get(file) ?? 0
          })))
        )
      ))),
      deleteFile: Option.some((file) =>
        Effect.zipRight(
          run(hooks.remove, file),
          Effect.sync(() => {
            kept.delete(file)
            log.push(`delete ${plain(file)}`)
          })
        )
      )
    },
    description: "the memory of a test"
  })
  return { storage, files: kept, times, log, open }
}
