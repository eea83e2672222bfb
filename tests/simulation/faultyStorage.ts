/**
 * A storage in memory to which everything happens that happens to storages: operations that are slow, fail, or work and
 * fail to say so; files that a dying writer left torn; listings that lag behind, name a file twice, or say that there is
 * nothing.
 *
 * Each program reaches it through a session. One whose machine dies is cut off: what it was at goes no further.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import { chance } from "./chance.ts"

type Storage = BackupStorage.Service
type Operation = StorageError.StorageOperation
type Failing<A> = Effect.Effect<A, StorageError.StorageError>

export interface KeptFile {
  readonly bytes: Uint8Array
  /** Unix seconds. */
  readonly modified: number
  /** Otherwise its writer died in the middle. */
  readonly whole: boolean
  /** Milliseconds since 1970 from which on it is listed. */
  readonly listedFrom: number
}

export interface Session {
  readonly storage: Storage
  /** Its operations neither go on nor come back from now on. */
  readonly cut: Effect.Effect<void>
}

export interface FaultyStorage {
  readonly files: Map<string, KeptFile>
  readonly session: (name: string) => Session
  /** What happened, in order. */
  readonly log: Array<string>
  /** Do faults happen? At first they don't. */
  readonly setFaulty: (faulty: boolean) => Effect.Effect<void>
}

/** What makes one kind of storage differ from another. */
export interface Nature {
  /** Metadata of a name that is taken: is the earlier file kept, or replaced? */
  readonly keepsExisting: boolean
  /** Does a writer that dies leave what it has written by then? */
  readonly writesInPlace: boolean
}

const percent = {
  slow: 20,
  fails: 4,
  answerLost: 4,
  torn: 50,
  lags: 15,
  listedTwice: 10,
  readCut: 2,
  nothingListed: 0.5
}
const slowestMillis = 8_000
const longestLagMillis = 60_000

const reasons = ["CommandFailed", "Timeout", "NoSpace", "Io"] as const

const failure = (operation: Operation, reason: StorageError.StorageErrorReason, subject: string) =>
  new StorageError.StorageError({ operation, reason, subject, detail: "injected" })

const isMetadata = (file: string): boolean => file.startsWith("metadata/")

export const make = (nature: Nature): FaultyStorage => {
  const files = new Map<string, KeptFile>()
  /** Files that are gone, and until when they are listed. */
  const ghosts = new Map<string, { readonly file: KeptFile; readonly until: number }>()
  const log: Array<string> = []
  let faulty = false
  const happens = (fault: keyof typeof percent) => faulty ? chance(percent[fault]) : Effect.succeed(false)
  const later = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    return (yield* happens("lags")) ? now + (yield* Random.nextIntBetween(1, longestLagMillis)) : now
  })

  const put = (file: string, bytes: Uint8Array, whole: boolean) =>
    Effect.gen(function*() {
      const listedFrom = yield* later
      const modified = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      ghosts.delete(file)
      files.set(file, { bytes, modified, whole, listedFrom: files.get(file)?.listedFrom ?? listedFrom })
    })
  const drop = (file: string) =>
    Effect.gen(function*() {
      const kept = files.get(file)
      const until = yield* later
      if (kept !== undefined) ghosts.set(file, { file: kept, until })
      files.delete(file)
    })
  /** The files as a listing shows them now. */
  const shown = Effect.map(Clock.currentTimeMillis, (now) => [
    ...[...files].filter(([, { listedFrom }]) => !faulty || listedFrom <= now),
    ...[...ghosts].flatMap(([file, ghost]) => faulty && ghost.until > now ? [[file, ghost.file] as const] : [])
  ])

  const session = (name: string): Session => {
    let isCut = false
    const alive = Effect.suspend(() => isCut ? Effect.never : Effect.void)
    const slowly = Effect.gen(function*() {
      yield* alive
      if (yield* happens("slow")) yield* Effect.sleep(yield* Random.nextIntBetween(1, slowestMillis))
      yield* alive
    })
    const say = (what: string) => Effect.sync(() => void log.push(`${name}: ${what}`))
    const fails = (operation: Operation, subject: string, when: string) =>
      Effect.gen(function*() {
        const reason = yield* Effect.orDie(Random.choice(reasons))
        yield* say(`${operation} ${subject} fails ${when}: ${reason}`)
        return yield* failure(operation, reason, subject)
      })
    /** What may be slow, fail before it begins, and fail when it is done. */
    const perform = <A>(operation: Operation, subject: string, act: Failing<A>): Failing<A> =>
      Effect.gen(function*() {
        yield* slowly
        if (yield* happens("fails")) return yield* fails(operation, subject, "before")
        const done = yield* act
        yield* say(`${operation} ${subject}`)
        yield* slowly
        if (yield* happens("answerLost")) return yield* fails(operation, subject, "after")
        return done
      })
    /** A file that is written; if that does not come to its end, a part of it may stay. */
    const publish = <E, R>(
      operation: Operation,
      file: string,
      bytes: Stream.Stream<Uint8Array, E, R>,
      keepsExisting: boolean
    ): Effect.Effect<string, StorageError.StorageError | E, R> =>
      Effect.suspend(() => {
        const parts: Array<Uint8Array> = []
        let isPublished = false
        const write = Effect.gen(function*() {
          yield* Stream.runForEach(bytes, (part) => Effect.sync(() => void parts.push(part.slice())))
          yield* perform(
            operation,
            file,
            Effect.suspend(() => {
              isPublished = true
              return keepsExisting && files.has(file) ? Effect.void : put(file, Buffer.concat(parts), true)
            })
          )
          return file
        })
        const leaveTorn = Effect.gen(function*() {
          if (isPublished || !faulty || !nature.writesInPlace || files.has(file) || !(yield* chance(percent.torn))) {
            return
          }
          const all = Buffer.concat(parts)
          yield* put(file, all.subarray(0, yield* Random.nextIntBetween(0, Math.max(1, all.length))), false)
          yield* say(`${file} is left torn`)
        })
        return Effect.onExit(write, (exit) => exit._tag === "Failure" ? leaveTorn : Effect.void)
      })

    const storage = BackupStorage.BackupStorage.of({
      createBackup: (backup) => perform("create_backup", backup, Effect.succeed(backup)),
      write: (backup, file, bytes) =>
        files.has(`${backup}/${file}`)
          ? failure("create_for_write", "AlreadyExists", file)
          : publish("create_for_write", `${backup}/${file}`, bytes, false),
      read: (file) =>
        Stream.unwrap(Effect.gen(function*() {
          yield* slowly
          if (yield* happens("fails")) return yield* fails("open_for_read", file, "before")
          const kept = files.get(file)
          if (kept === undefined) return yield* failure("open_for_read", "NotFound", file)
          if (!(yield* happens("readCut"))) return Stream.make(kept.bytes)
          const part = kept.bytes.subarray(0, yield* Random.nextIntBetween(0, kept.bytes.length + 1))
          return Stream.concat(Stream.make(part), Stream.fromEffect(fails("open_for_read", file, "in the middle")))
        })),
      saveMetadataLines: (file, lines) =>
        publish(
          "save_metadata_line",
          `metadata/${file}`,
          Stream.make(new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))),
          nature.keepsExisting
        ),
      listMetadataFiles: perform(
        "list_metadata_files",
        "all",
        Effect.gen(function*() {
          const listed = (yield* shown).flatMap(([file]) => isMetadata(file) ? [file] : [])
          if (yield* happens("nothingListed")) return []
          return (yield* happens("listedTwice")) ? [...listed, ...listed.slice(0, 3)] : listed
        })
      ),
      backupMetadataFile: (file) =>
        perform(
          "backup_metadata_file",
          file,
          Effect.gen(function*() {
            const kept = files.get(file)
            if (kept === undefined) return yield* failure("backup_metadata_file", "NotFound", file)
            files.set(file.replace(/^metadata/, "metadata_backup"), kept)
            yield* slowly
            yield* drop(file)
          })
        ),
      capabilities: {
        listFiles: Option.some(Stream.unwrap(
          perform("list_files", "all", shown).pipe(
            Effect.map((listed) =>
              Stream.fromIterable(
                listed.map(([file, { bytes, modified }]) => ({ file, bytes: bytes.length, modified }))
              )
            )
          )
        )),
        deleteFile: Option.some((file) => perform("delete_file", file, drop(file)))
      },
      description: "the storage of the simulation"
    })
    return { storage, cut: Effect.sync(() => void (isCut = true)) }
  }
  return {
    files,
    session,
    log,
    setFaulty: (wanted) =>
      Effect.sync(() => {
        faulty = wanted
        if (!wanted) ghosts.clear()
      })
  }
}
