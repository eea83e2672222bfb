import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { LocalStateError, SourceMismatch } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import type { Tracker } from "../base/Progress.ts"
import type { BackupSettings } from "../base/Settings.ts"
import { unreadable } from "../reading/backupFiles.ts"
import type { Adoption } from "./adoption.ts"
import type { ConfirmedChunk, Journal } from "./BackupJournal.ts"
import type { ReusedChunks } from "./BackupResult.ts"
import { type ChunkSource, cutChunks, type IncomingChunk } from "./cutChunks.ts"

/** A part of a backup: a chunk that is there already, or records that are missing, behind one that is there. */
export type Segment =
  | { readonly _tag: "Kept"; readonly chunk: ConfirmedChunk }
  | {
    readonly _tag: "Missing"
    readonly first: number
    readonly last: number
    readonly after: ConfirmedChunk | undefined
  }

/** The parts of the records `first` … `last`, in order, when these chunks are there; what overlaps is not used. */
export const segments = (
  first: number,
  last: number,
  confirmed: ReadonlyArray<ConfirmedChunk>
): ReadonlyArray<Segment> => {
  const parts: Array<Segment> = []
  let next = first
  let after: ConfirmedChunk | undefined
  for (const chunk of confirmed) {
    if (chunk.first < next || chunk.last < chunk.first || chunk.last > last) continue
    if (chunk.first > next) parts.push({ _tag: "Missing", first: next, last: chunk.first - 1, after })
    parts.push({ _tag: "Kept", chunk })
    after = chunk
    next = chunk.last + 1
  }
  if (next <= last) parts.push({ _tag: "Missing", first: next, last, after })
  return parts
}

export interface ResumeOptions<P, E, R, E2, R2, R3> {
  readonly first: number
  readonly last: number
  readonly journal: Journal
  readonly settings: BackupSettings
  readonly tracker: Tracker
  /** What to take of attempts that the journal does not know. */
  readonly adoption: Adoption<R3>
  /** Can a check go on behind the chunk? */
  readonly usable: (chunk: ConfirmedChunk) => boolean
  /** The records `first` … `last`, behind a chunk that is there. */
  readonly source: (first: number, last: number, after: ConfirmedChunk | undefined) => ChunkSource<P, E, R>
  readonly write: (chunk: IncomingChunk<P, E | SourceMismatch, R>) => Effect.Effect<ConfirmedChunk, E2, R2>
}

export interface ResumedChunks {
  readonly chunks: Arr.NonEmptyReadonlyArray<ConfirmedChunk>
  readonly reused: ReusedChunks
}

/**
 * All chunks of a backup, in order: those that the journal knows, as far as they are still there; between them those that
 * are adopted; and what the pipeline makes of the rest. Each is in the journal as soon as it is confirmed.
 */
export const takeChunks = <P, E, R, E2, R2, R3>(
  { adoption, first, journal, last, settings, source, tracker, usable, write }: ResumeOptions<P, E, R, E2, R2, R3>
): Effect.Effect<
  ResumedChunks,
  E | E2 | LocalStateError | SourceMismatch | StorageError.StorageError,
  R | R2 | R3 | BackupStorage.BackupStorage
> =>
  Effect.gen(function*() {
    const there = yield* Progress.forEach(
      "what an earlier attempt wrote",
      "chunks",
      journal.confirmed,
      (chunk) => usable(chunk) ? isThere(chunk) : Effect.succeed(false),
      settings.concurrentWrites
    )
    const kept = journal.confirmed.filter((_, index) => there[index] === true)
    const keep = new Set(kept)
    yield* journal.discard((chunk) => !keep.has(chunk))
    const parts = segments(first, last, kept)
    const resumed = parts.filter(({ _tag }) => _tag === "Kept").length
    if (resumed > 0) yield* Effect.logInfo(`going on with ${resumed} chunks that an earlier attempt wrote`)
    const one = yield* Effect.makeSemaphore(1)
    const count = (chunk: ConfirmedChunk): void => {
      tracker.done += chunk.last - chunk.first + 1
      tracker.bytes += chunk.bytes
    }
    const received = (from: number, to: number, after: ConfirmedChunk | undefined) =>
      cutChunks(
        source(from, to, after),
        settings,
        (chunk) => Effect.tap(write(chunk), (written) => one.withPermits(1)(journal.add(written)))
      )
    let adopted = 0
    const chunksOf = (part: Segment): Effect.Effect<
      ReadonlyArray<ConfirmedChunk>,
      E | E2 | SourceMismatch | LocalStateError,
      R | R2 | R3
    > =>
      Effect.gen(function*() {
        if (part._tag === "Kept") {
          count(part.chunk)
          return [part.chunk]
        }
        const chunks: Array<ConfirmedChunk> = []
        for (let next = part.first; next <= part.last; next = (chunks.at(-1)?.last ?? part.last) + 1) {
          const after = chunks.at(-1) ?? part.after
          const leftover = yield* adoption.at(next, part.last, after)
          if (leftover === undefined) {
            chunks.push(...yield* received(next, adoption.next(next, part.last) - 1, after))
          } else {
            yield* journal.add(leftover)
            count(leftover)
            adopted += 1
            chunks.push(leftover)
          }
        }
        return chunks
      })
    const chunks = (yield* Effect.forEach(parts, chunksOf)).flat()
    if (adopted > 0) yield* Effect.logInfo(`adopted ${adopted} chunks that earlier attempts left`)
    return Arr.isNonEmptyReadonlyArray(chunks)
      ? { chunks, reused: { resumed, adopted } }
      : yield* Effect.dieMessage("a backup of no records")
  })

/** Are the files of the chunk to be had? The storage confirmed them once, and somebody may have cleaned up since. */
const isThere = ({ data, proof }: ConfirmedChunk) =>
  Effect.map(Effect.all([isReadable(data), isReadable(proof)]), (both) => both.every((readable) => readable))

const isReadable = (file: string): Effect.Effect<boolean, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.flatMap(BackupStorage.BackupStorage, (storage) => Stream.runHead(storage.read(file))).pipe(
    Effect.as(true),
    Effect.catchAll((error) => {
      const fault = unreadable(file)(error)
      return fault._tag === "InvalidBackup" ? Effect.succeed(false) : Effect.fail(fault)
    })
  )
