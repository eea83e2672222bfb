/**
 * A storage in memory that writes down what happens to it in which order, and fails or waits where a test says so.
 */
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Memory from "@holdfast/storage/MemoryStorage"
import * as StorageDecorator from "@holdfast/storage/StorageDecorator"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

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

export interface MemoryStorage extends Memory.MemoryStorage {
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

/** `files` are what is there already. */
export const makeStorage = (hooks: Hooks = {}, files: Iterable<readonly [string, Uint8Array]> = []): MemoryStorage => {
  const memory = Memory.make({ name: "of a test", files })
  const log: Array<string> = []
  const open = { writes: 0, reads: 0, mostWrites: 0, mostReads: 0 }
  const run = (hook: Hook | undefined, file: string) => Effect.suspend(() => hook?.(plain(file)) ?? Effect.void)
  const note = (what: string) => Effect.sync(() => void log.push(plain(what)))

  const publishing = <A, E, R>(file: string, write: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        log.push(`begin ${plain(file)}`)
        open.writes += 1
        open.mostWrites = Math.max(open.mostWrites, open.writes)
      }),
      () => Effect.zipLeft(write, note(`confirm ${file}`)),
      (_, exit) =>
        Effect.sync(() => {
          open.writes -= 1
          if (exit._tag === "Failure") log.push(`abort ${plain(file)}`)
        })
    )

  const reading = Effect.acquireRelease(
    Effect.sync(() => {
      open.reads += 1
      open.mostReads = Math.max(open.mostReads, open.reads)
    }),
    () => Effect.sync(() => open.reads -= 1)
  )

  const storage: BackupStorage.Service = StorageDecorator.decorate(memory.storage, {
    effect: ({ operation, subject }, act) => {
      switch (operation) {
        case "createBackup":
          return Effect.zipRight(note(`create ${subject}`), act)
        case "saveMetadataLines":
          return publishing(`metadata/${subject}`, Effect.zipRight(run(hooks.confirm, `metadata/${subject}`), act))
        case "listMetadataFiles":
          return Effect.zipRight(run(hooks.list, "metadata"), act)
        case "backupMetadataFile":
          return run(hooks.move, subject).pipe(Effect.zipRight(act), Effect.zipLeft(note(`move ${subject}`)))
        case "deleteFile":
          return run(hooks.remove, subject).pipe(Effect.zipRight(act), Effect.zipLeft(note(`delete ${subject}`)))
        default:
          return publishing(subject, act)
      }
    },
    written: ({ subject }, bytes) => Stream.concat(bytes, Stream.execute(run(hooks.confirm, subject))),
    read: ({ subject }, bytes) =>
      Stream.unwrapScoped(reading.pipe(Effect.zipRight(run(hooks.read, subject)), Effect.as(bytes))),
    listed: (_, listing) => Stream.concat(Stream.execute(run(hooks.list, "files")), listing)
  })
  return { ...memory, storage, log, open }
}
