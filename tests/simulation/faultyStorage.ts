/**
 * A storage in memory to which everything happens that happens to storages: operations that are slow, fail, or work and
 * fail to say so; files that a dying writer left torn; moves that show a file twice for a while; listings that lag
 * behind, name a file twice, or say that there is nothing.
 *
 * Each program reaches it through a session. One whose machine dies is cut off: what it was at goes no further.
 */
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as MemoryStorage from "@holdfast/storage/MemoryStorage"
import * as StorageDecorator from "@holdfast/storage/StorageDecorator"
import * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as StorageNames from "@holdfast/storage/StorageNames"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import { chance } from "./chance.ts"

type Operation = StorageError.StorageOperation

export interface Session {
  readonly storage: BackupStorage.Service
  /** Its operations neither go on nor come back from now on. */
  readonly cut: Effect.Effect<void>
}

export interface FaultyStorage {
  readonly files: Map<string, Uint8Array>
  /** The files whose writers died in the middle. */
  readonly torn: ReadonlySet<string>
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
  const memory = MemoryStorage.make({ name: "of the simulation" })
  const { files, times } = memory
  const torn = new Set<string>()
  /** From when on a file is listed, in milliseconds since 1970. */
  const listedFrom = new Map<string, number>()
  /** Files that are gone, and until when they are listed. */
  const ghosts = new Map<string, { readonly stored: StorageFiles.StoredFile; readonly until: number }>()
  const log: Array<string> = []
  let faulty = false
  const happens = (fault: keyof typeof percent) => faulty ? chance(percent[fault]) : Effect.succeed(false)
  const later = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    return (yield* happens("lags")) ? now + (yield* Random.nextIntBetween(1, longestLagMillis)) : now
  })

  const storedOf = (file: string): StorageFiles.StoredFile | undefined => {
    const bytes = files.get(file)
    return bytes === undefined ? undefined : { file, bytes: bytes.length, modified: times.get(file) ?? 0 }
  }
  /** A file was written: from when on is it listed? */
  const appear = (file: string) =>
    Effect.map(later, (from) => {
      ghosts.delete(file)
      listedFrom.set(file, listedFrom.get(file) ?? from)
    })
  /** Removes a file, which may be listed for a while. */
  const vanish = <A, E, R>(file: string, remove: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const stored = storedOf(file)
      const until = yield* later
      if (stored !== undefined) ghosts.set(file, { stored, until })
      const done = yield* remove
      listedFrom.delete(file)
      return done
    })
  /** The files as a listing shows them now. */
  const shown = Effect.map(Clock.currentTimeMillis, (now): ReadonlyArray<StorageFiles.StoredFile> => [
    ...[...files.keys()].flatMap((file) => {
      const stored = storedOf(file)
      return stored !== undefined && (!faulty || (listedFrom.get(file) ?? 0) <= now) ? [stored] : []
    }),
    ...[...ghosts.values()].flatMap(({ stored, until }) => faulty && until > now ? [stored] : [])
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
    /** What is slow, or fails, before it has done anything. */
    const before = (operation: Operation, subject: string) =>
      Effect.gen(function*() {
        yield* slowly
        if (yield* happens("fails")) return yield* fails(operation, subject, "before")
      })
    /** What is slow, or fails, although it is done. */
    const after = (operation: Operation, subject: string) =>
      Effect.gen(function*() {
        yield* say(`${operation} ${subject}`)
        yield* slowly
        if (yield* happens("answerLost")) return yield* fails(operation, subject, "after")
      })
    const perform = <A, E, R>(operation: Operation, subject: string, run: Effect.Effect<A, E, R>) =>
      before(operation, subject).pipe(Effect.zipRight(run), Effect.zipLeft(after(operation, subject)))

    /** Where a write ends before the file is published, a part of what came in may stay. */
    const tearing = <A, E, R>(
      file: string,
      parts: () => Uint8Array,
      write: (published: Effect.Effect<void>) => Effect.Effect<A, E, R>
    ): Effect.Effect<A, E, R> =>
      Effect.suspend(() => {
        let isPublished = false
        const published = Effect.suspend(() => {
          isPublished = true
          torn.delete(file)
          return appear(file)
        })
        const leaveTorn = Effect.gen(function*() {
          if (isPublished || !faulty || !nature.writesInPlace || files.has(file) || !(yield* chance(percent.torn))) {
            return
          }
          const all = parts()
          files.set(file, all.subarray(0, yield* Random.nextIntBetween(0, Math.max(1, all.length))))
          times.set(file, Math.floor((yield* Clock.currentTimeMillis) / 1000))
          torn.add(file)
          yield* appear(file)
          yield* say(`${file} is left torn`)
        })
        return Effect.onExit(write(published), (exit) => exit._tag === "Failure" ? leaveTorn : Effect.void)
      })

    const received = new WeakMap<StorageDecorator.Call, Array<Uint8Array>>()

    const decorated = StorageDecorator.decorate(memory.storage, {
      written: (call, bytes) => {
        const parts: Array<Uint8Array> = []
        received.set(call, parts)
        return bytes.pipe(
          Stream.tap((part) => Effect.sync(() => parts.push(part.slice()))),
          Stream.concat(Stream.execute(before(call.operation, call.subject)))
        )
      },
      effect: (call, run) => {
        const { operation, subject } = call
        switch (operation) {
          case "write":
          case "writeNew":
            return files.has(subject)
              ? failure(operation, "AlreadyExists", subject)
              : tearing(
                subject,
                () => Buffer.concat(received.get(call) ?? []),
                (published) => run.pipe(Effect.zipLeft(published), Effect.zipLeft(after(operation, subject)))
              )
          case "backupMetadataFile":
            return perform(
              operation,
              subject,
              Effect.gen(function*() {
                const bytes = files.get(subject)
                const done = yield* run
                // Where a move is a copy and a removal, both files are there for a while.
                if (bytes !== undefined) files.set(subject, bytes)
                yield* slowly
                yield* vanish(subject, Effect.sync(() => files.delete(subject)))
                return done
              })
            )
          case "deleteFile":
            return perform(operation, subject, vanish(subject, run))
          default:
            return perform(operation, subject, run)
        }
      },
      read: ({ operation, subject }, all) =>
        Stream.unwrap(Effect.gen(function*() {
          yield* before(operation, subject)
          const bytes = files.get(subject)
          if (bytes === undefined || !(yield* happens("readCut"))) return all
          const part = bytes.subarray(0, yield* Random.nextIntBetween(0, bytes.length + 1))
          return Stream.concat(Stream.make(part), Stream.fromEffect(fails(operation, subject, "in the middle")))
        })),
      listed: ({ operation, subject }) =>
        Stream.unwrap(Effect.map(perform(operation, subject, shown), Stream.fromIterable))
    })
    const storage: BackupStorage.Service = {
      ...decorated,
      saveMetadataLines: (file, lines) => {
        const handle = `metadata/${file}`
        const write = Effect.suspend(() => {
          if (!nature.keepsExisting) files.delete(handle)
          return memory.storage.saveMetadataLines(file, lines)
        })
        return tearing(handle, () => StorageNames.metadataText(lines), (published) =>
          perform(
            "saveMetadataLines",
            handle,
            Effect.suspend(() => nature.keepsExisting && files.has(handle) ? write : Effect.zipLeft(write, published))
          ))
      },
      listMetadataFiles: perform(
        "listMetadataFiles",
        "all",
        Effect.gen(function*() {
          const listed = (yield* shown).flatMap(({ file }) => isMetadata(file) ? [file] : [])
          if (yield* happens("nothingListed")) return []
          return (yield* happens("listedTwice")) ? [...listed, ...listed.slice(0, 3)] : listed
        })
      )
    }
    return { storage, cut: Effect.sync(() => void (isCut = true)) }
  }
  return {
    files,
    torn,
    session,
    log,
    setFaulty: (wanted) =>
      Effect.sync(() => {
        faulty = wanted
        if (!wanted) ghosts.clear()
      })
  }
}
