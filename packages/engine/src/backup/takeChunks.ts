import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Progress from "../base/Progress.ts"
import type { BackupPlan, Failure, Services, WrittenChunk } from "./backupPlan.ts"
import type { ReusedChunks } from "./BackupResult.ts"
import type { BackupWriter } from "./backupWriter.ts"
import { cutChunks } from "./cutChunks.ts"
import type { EarlierAttempts } from "./earlierAttempts.ts"

type Chunked = Pick<WrittenChunk, "first" | "last">

/** A part of a backup: a confirmed chunk, or missing records behind the confirmed chunk `after`. */
export type Segment<C> =
  | { readonly _tag: "Confirmed"; readonly chunk: C }
  | { readonly _tag: "Missing"; readonly first: number; readonly last: number; readonly after: C | undefined }

/** The parts of the records `first` … `last`, in order, given the confirmed chunks. Chunks that overlap are not used. */
export const segments = <C extends Chunked>(
  first: number,
  last: number,
  confirmed: ReadonlyArray<C>
): ReadonlyArray<Segment<C>> => {
  const parts: Array<Segment<C>> = []
  let next = first
  let after: C | undefined
  for (const chunk of confirmed) {
    if (chunk.first < next || chunk.last < chunk.first || chunk.last > last) continue
    if (chunk.first > next) parts.push({ _tag: "Missing", first: next, last: chunk.first - 1, after })
    parts.push({ _tag: "Confirmed", chunk })
    after = chunk
    next = chunk.last + 1
  }
  if (next <= last) parts.push({ _tag: "Missing", first: next, last, after })
  return parts
}

export interface TakenChunks<C> {
  readonly chunks: Arr.NonEmptyReadonlyArray<C>
  readonly reused: ReusedChunks
}

/**
 * All chunks of a backup, in order: those that the journal knows, as far as they are still there; between them those that
 * are adopted; and what is cut from the records that the node sends for the rest. Each is in the journal as soon as the
 * storage confirmed it.
 */
export const takeChunks = <C extends WrittenChunk, P>(
  { check, first, last, records, settings, write }: BackupPlan<C, P>,
  { adoption, isChained, isUsable, journal }: EarlierAttempts<C>,
  writer: BackupWriter,
  tracker: Progress.Tracker
): Effect.Effect<TakenChunks<C>, Failure, Services> =>
  Effect.gen(function*() {
    const usable = yield* Progress.forEach(
      "what an earlier attempt wrote",
      "chunks",
      journal.confirmed,
      isUsable,
      settings.concurrentWrites
    )
    const confirmed = journal.confirmed.filter((_, index) => usable[index] === true)
    const known = new Set(confirmed)
    yield* journal.discard((chunk) => !known.has(chunk))
    const parts = segments(first, last, confirmed)
    const resumed = parts.filter(({ _tag }) => _tag === "Confirmed").length
    if (resumed > 0) yield* Effect.logInfo(`going on with ${resumed} chunks that an earlier attempt wrote`)

    const oneAtATime = yield* Effect.makeSemaphore(1)
    const received = (from: number, to: number, after: C | undefined) =>
      cutChunks(
        {
          first: from,
          records: Stream.map(records(from, to - from + 1), (batch) => {
            tracker.done += batch.count
            tracker.bytes += batch.bytes.length
            return batch
          }),
          again: records,
          check: check(after)
        },
        settings,
        (chunk) => Effect.tap(write(writer, chunk), (written) => oneAtATime.withPermits(1)(journal.add(written)))
      )
    const count = (chunk: C): void => {
      tracker.done += chunk.last - chunk.first + 1
      tracker.bytes += chunk.bytes
    }
    let adopted = 0
    const chunksOf = (part: Segment<C>): Effect.Effect<ReadonlyArray<C>, Failure, Services> =>
      Effect.gen(function*() {
        if (part._tag === "Confirmed") {
          count(part.chunk)
          return [part.chunk]
        }
        const chunks: Array<C> = []
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
  }).pipe(
    Effect.tapErrorTag("SourceMismatch", () => isChained ? journal.discard(() => true) : Effect.void)
  )
