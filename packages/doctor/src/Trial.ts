/**
 * A storage under trial: what the checks of one run write into it, under which names, and what came of it.
 *
 * Everything is written into one backup whose name begins with `holdfast_doctor_`, but for one metadata file of such a
 * name. Its line is `{"CompactionTimestamps":{"file_compacted_at":0,"compaction_timestamps":{}}}`, which today's tool and
 * this one understand and which says nothing: of several lines of this kind the newest counts, and a storage that was
 * compacted has a newer one. It is moved to the side folder as soon as it was read back; if the run ends before that, in
 * whatever way, it is moved then.
 */
import * as Metadata from "@holdfast/engine/Metadata"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as BoundedBytes from "@holdfast/storage/BoundedBytes"
import * as Capabilities from "@holdfast/storage/Capabilities"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as crypto from "node:crypto"

/** A file that was written and confirmed. */
export interface WrittenFile {
  readonly name: string
  readonly handle: StorageFiles.FileHandle
  readonly bytes: Uint8Array
}

export interface Trial {
  readonly storage: BackupStorage.Service
  /** What people call an operation of this storage: with commands, the key of its command. */
  readonly named: (operation: StorageError.StorageOperation) => string
  readonly backupName: string
  readonly metadataName: string
  /** The backup that was created, and the file that was written into it; once they are. */
  readonly backup: Ref.Ref<Option.Option<StorageFiles.BackupHandle>>
  readonly file: Ref.Ref<Option.Option<WrittenFile>>
  readonly metadata: Ref.Ref<MetadataState>
  /** How the operations of the round trip ended: the error, or nothing where they succeeded. */
  readonly attempts: Ref.Ref<Attempts>
  /** What lies in the storage now that was not there before: handles, and what is to be said of them. */
  readonly left: Ref.Ref<ReadonlyMap<string, string>>
}

export type Attempts = ReadonlyMap<StorageError.StorageOperation, Option.Option<StorageError.StorageError>>

/**
 * Where the metadata file of the run is: nowhere among the metadata, there whole or in part or not at all, or there whole.
 */
export type MetadataState =
  | { readonly _tag: "None" }
  | { readonly _tag: "Begun"; readonly handle: StorageFiles.FileHandle }
  | { readonly _tag: "Saved"; readonly handle: StorageFiles.FileHandle }

/** The line of the metadata file: valid, and without any meaning. */
export const harmlessLine: string = Metadata.printLine({
  _tag: "CompactionTimestamps",
  value: { fileCompactedAt: 0, compactionTimestamps: {} }
})

/** Said of metadata that lie in the side folder, whose handle there is not known. */
export const movedNote = "moved to the side folder"

/**
 * A trial of a storage. Nothing is written yet; when the scope closes, metadata that were saved and not moved are moved
 * to the side folder.
 */
export const make = (
  storage: BackupStorage.Service,
  named: Trial["named"] = (operation) => operation
): Effect.Effect<Trial, never, Scope.Scope> =>
  Effect.gen(function*() {
    const now = DateTime.formatIso(yield* DateTime.now).replace(/[-:]|\.\d+/g, "")
    const suffix = (yield* Random.nextIntBetween(0, 0x10000)).toString(16).padStart(4, "0")
    const trial: Trial = {
      storage,
      named,
      backupName: `holdfast_doctor_${now}.${suffix}`,
      metadataName: `holdfast_doctor_${now}_${suffix}.meta`,
      backup: yield* Ref.make(Option.none<StorageFiles.BackupHandle>()),
      file: yield* Ref.make(Option.none<WrittenFile>()),
      metadata: yield* Ref.make<MetadataState>({ _tag: "None" }),
      attempts: yield* Ref.make<Attempts>(new Map()),
      left: yield* Ref.make<ReadonlyMap<string, string>>(new Map())
    }
    // In a fiber that can be interrupted, as deadlines of commands need it, whatever ended the run.
    yield* Effect.addFinalizer(() =>
      Effect.scopedWith((scope) =>
        Effect.flatMap(Effect.forkIn(Effect.interruptible(moveMetadata(trial)), scope), Fiber.await)
      )
    )
    return trial
  })

/** Moves the metadata file of the run to the side folder, if there may be one. */
export const moveMetadata = (trial: Trial): Effect.Effect<void, StorageError.StorageError> =>
  Effect.flatMap(Ref.get(trial.metadata), (state) =>
    state._tag === "None"
      ? Effect.void
      : Capabilities.backupMetadataFile(trial.storage, state.handle).pipe(
        Effect.zipRight(Ref.set(trial.metadata, { _tag: "None" })),
        Effect.zipRight(leave(trial, state.handle, movedNote))
      ))

/**
 * After the metadata file could not be saved: moves aside what may lie there of it, since whoever reads the metadata would
 * stumble over a part of a line. What cannot be moved, and is there, is noted.
 */
export const clearMetadata = (trial: Trial): Effect.Effect<void> =>
  Effect.gen(function*() {
    const state = yield* Ref.get(trial.metadata)
    if (state._tag === "None" || Either.isRight(yield* Effect.either(moveMetadata(trial)))) return
    const listed = yield* Effect.either(trial.storage.listMetadataFiles)
    if (Either.isRight(listed) && !listed.right.includes(state.handle)) {
      return yield* Ref.set(trial.metadata, { _tag: "None" })
    }
    yield* leave(trial, state.handle, "perhaps cut short: move it out of the metadata by hand")
  })

/** Notes that something lies in the storage now. */
export const leave = (trial: Trial, handle: string, note = ""): Effect.Effect<void> =>
  Ref.update(trial.left, (left) => new Map([...left, [handle, note]]))

/** Notes that something lies in the storage no more. */
export const forget = (trial: Trial, handle: string): Effect.Effect<void> =>
  Ref.update(trial.left, (left) => new Map([...left].filter(([each]) => each !== handle)))

/** Is this handle one of the run, by the names that nothing else has? */
export const owns = (trial: Trial, handle: string): boolean =>
  handle.includes(trial.backupName) || handle.includes(trial.metadataName)

/** Runs an operation of the round trip and notes how it ended. */
export const attempt = <A>(
  trial: Trial,
  operation: StorageError.StorageOperation,
  run: Effect.Effect<A, StorageError.StorageError>
): Effect.Effect<Either.Either<A, StorageError.StorageError>> =>
  Effect.tap(
    Effect.either(run),
    (result) => Ref.update(trial.attempts, (attempts) => new Map([...attempts, [operation, Either.getLeft(result)]]))
  )

/** Writes a file into the backup of the run, and notes that it is there. Dies where no backup was created. */
export const write = (
  trial: Trial,
  name: string,
  bytes: Uint8Array,
  storage: BackupStorage.Service = trial.storage
): Effect.Effect<WrittenFile, StorageError.StorageError> =>
  Effect.gen(function*() {
    const backup = Option.getOrThrow(yield* Ref.get(trial.backup))
    const handle = yield* storage.write(backup, name, Stream.fromIterable(pieces(bytes)))
    yield* leave(trial, handle)
    return { name, handle, bytes }
  })

/** All bytes of a file; not much more than were expected. */
export const read = (
  file: StorageFiles.FileHandle,
  expected: number,
  storage: BackupStorage.Service
): Effect.Effect<Uint8Array, StorageError.StorageError> =>
  BoundedBytes.collectUntil(storage.read(file), 2 * expected + roomForNoise)

/** What a command may print beside the file before it is enough to know that it does. */
const roomForNoise = 4_096

/** Bytes that no compressor shortens and no text tool leaves alone: the same for the same seed. */
export const noise = (length: number, seed: string): Uint8Array =>
  crypto.createHash("shake256", { outputLength: length }).update(seed).digest()

const pieceBytes = 64 * 1024

const pieces = function*(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes)
}

/** How bytes that were read differ from those that were written, in half a sentence; nothing where they do not. */
export const difference = (written: Uint8Array, found: Uint8Array): string | undefined => {
  const shared = Math.min(written.length, found.length)
  let same = 0
  while (same < shared && written[same] === found[same]) same++
  if (same === written.length && same === found.length) return undefined
  if (same === found.length) return `the last ${written.length - same} of ${written.length} bytes are missing`
  if (same === written.length) return `more bytes came back than the ${written.length} that were written`
  return `byte ${same} of ${written.length} is another one than was written`
}
