import type { Frames } from "@holdfast/ledger"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { SourceMismatch } from "../EngineError.ts"
import type { BackupSettings } from "../Settings.ts"

/** What a chunk turned out to hold. */
export interface ChunkSummary {
  /** Index (epoch, version, item) of the last record. */
  readonly last: number
  /** Payload of the first and of the last record. */
  readonly firstRecord: Uint8Array
  readonly lastRecord: Uint8Array
  /** Bytes of the chunk. */
  readonly bytes: number
}

/** Where records come from: as they are first received, and a range of them once more. */
export interface ChunkSource<E, R> {
  readonly first: number
  readonly records: Stream.Stream<Frames.RecordBatch, E, R>
  readonly again: (first: number, count: number) => Stream.Stream<Frames.RecordBatch, E, R>
}

/** A chunk that is being received: it can be written before its end is known. */
export interface IncomingChunk<E, R> {
  /** Index of the first record. */
  readonly first: number
  /**
   * The framed records, for each attempt to write them. The first is fed as the records arrive; it never ends if the
   * source fails, its reader is interrupted instead. A further one lets go of the one before, and asks the source again.
   */
  readonly bytes: (attempt: number) => Stream.Stream<Uint8Array, E, R>
  /** Known as soon as the chunk is cut, which may be before all of it is written. */
  readonly summary: Effect.Effect<ChunkSummary>
}

const record = (batch: Frames.RecordBatch, index: number): Uint8Array =>
  batch.bytes.subarray(batch.starts[index], batch.ends[index])

/** Pieces of one chunk that may wait; what bounds memory is the byte budget. */
const waitingPieces = 256

/** The sending end of an incoming chunk. */
interface OpenChunk {
  readonly first: number
  readonly firstRecord: Uint8Array
  readonly pieces: Mailbox.Mailbox<Piece>
  readonly summary: Deferred.Deferred<ChunkSummary>
  bytes: number
  lastRecord: Uint8Array
}

interface Piece {
  readonly bytes: Uint8Array
  /** What it took from the budget. */
  readonly cost: number
}

/** What was received of a chunk; each piece gives back what it took from the budget as it is handed on. */
const receivedBytes = (pieces: Mailbox.Mailbox<Piece>, budget: Effect.Semaphore): Stream.Stream<Uint8Array> =>
  Stream.repeatEffectOption(
    Effect.uninterruptibleMask((restore) =>
      restore(pieces.take).pipe(
        Effect.flatMap(({ bytes, cost }) => Effect.as(budget.release(cost), bytes)),
        Effect.mapError(() => Option.none())
      )
    )
  )

/**
 * The bytes of a chunk once more. What still arrives of it is let go, since the source goes on behind it; then the chunk
 * is asked for again, and must be what it was.
 */
const receivedAgain = <E, R>(
  source: ChunkSource<E, R>,
  first: number,
  received: Stream.Stream<Uint8Array>,
  summary: Effect.Effect<ChunkSummary>
): Stream.Stream<Uint8Array, E | SourceMismatch, R> =>
  Stream.unwrap(Effect.gen(function*() {
    yield* Stream.runDrain(received)
    const { bytes: expected, last } = yield* summary
    let bytes = 0
    const unchanged = Effect.suspend(() =>
      bytes === expected ? Effect.void : new SourceMismatch({
        request: `records ${first} to ${last}`,
        reason: "Changed",
        detail: `${bytes} bytes came the second time, ${expected} the first`
      })
    )
    return source.again(first, last - first + 1).pipe(
      Stream.map((batch) => {
        bytes += batch.bytes.length
        return batch.bytes
      }),
      Stream.concat(Stream.execute(unchanged))
    )
  }))

/**
 * Cuts a stream of records into chunks and hands each to `write`, as many at a time as the settings say.
 *
 * A chunk is cut before a record when it is not empty and would exceed the largest size with it, so that a single
 * oversized record is a chunk of its own. Chunks are written while they are received; what waits for the storage counts
 * against the budget of bytes, and a slow storage slows the source down. The results are in order, one at least. A failure anywhere
 * interrupts everything else and waits for it.
 */
export const chunkPipeline = <A, E, R, E2, R2>(
  source: ChunkSource<E, R>,
  settings: BackupSettings,
  write: (chunk: IncomingChunk<E | SourceMismatch, R>) => Effect.Effect<A, E2, R2>
): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E | E2, R | R2> =>
  Effect.gen(function*() {
    const budget = yield* Effect.makeSemaphore(settings.bufferedBytes)
    const unconfirmed = yield* Effect.makeSemaphore(settings.bufferedChunks)
    const chunks = yield* Mailbox.make<IncomingChunk<E | SourceMismatch, R>>({ capacity: settings.bufferedChunks })

    let next = source.first
    let open: OpenChunk | undefined

    const send = (chunk: OpenChunk, bytes: Uint8Array): Effect.Effect<void> => {
      const cost = Math.min(bytes.length, settings.bufferedBytes)
      chunk.bytes += bytes.length
      return Effect.zipRight(budget.take(cost), chunk.pieces.offer({ bytes, cost }))
    }

    const close = (chunk: OpenChunk): Effect.Effect<void> => {
      open = undefined
      return Effect.zipRight(
        Deferred.succeed(chunk.summary, {
          last: next - 1,
          firstRecord: chunk.firstRecord,
          lastRecord: chunk.lastRecord,
          bytes: chunk.bytes
        }),
        chunk.pieces.end
      )
    }

    const start = (firstRecord: Uint8Array): Effect.Effect<OpenChunk> =>
      Effect.gen(function*() {
        yield* unconfirmed.take(1)
        const pieces = yield* Mailbox.make<Piece>({ capacity: waitingPieces })
        const summary = yield* Deferred.make<ChunkSummary>()
        const chunk: OpenChunk = { first: next, firstRecord, pieces, summary, bytes: 0, lastRecord: firstRecord }
        open = chunk
        const received = receivedBytes(pieces, budget)
        yield* chunks.offer({
          first: chunk.first,
          bytes: (attempt) =>
            attempt === 0 ? received : receivedAgain(source, chunk.first, received, Deferred.await(summary)),
          summary: Deferred.await(summary)
        })
        return chunk
      })

    const receive = (batch: Frames.RecordBatch): Effect.Effect<void> =>
      Effect.gen(function*() {
        let from = 0
        let index = 0
        while (index < batch.count) {
          const chunk: OpenChunk = open ?? (yield* start(record(batch, index)))
          // As many records as the chunk has room for, and at least one if it is empty.
          const room = settings.maxChunkBytes - chunk.bytes
          let until = index
          while (
            until < batch.count &&
            ((batch.ends[until] ?? 0) - from <= room || (chunk.bytes === 0 && until === index))
          ) until++
          if (until > index) {
            chunk.lastRecord = record(batch, until - 1)
            next += until - index
            const end = batch.ends[until - 1] ?? 0
            yield* send(chunk, batch.bytes.subarray(from, end))
            from = end
            index = until
          }
          if (index < batch.count) yield* close(chunk)
        }
      })

    const producer = source.records.pipe(
      Stream.runForEach(receive),
      Effect.zipRight(Effect.suspend(() => open === undefined ? Effect.void : close(open))),
      Effect.zipRight(chunks.end)
    )
    const consumer = Mailbox.toStream(chunks).pipe(
      Stream.rechunk(1),
      Stream.mapEffect((chunk) => Effect.ensuring(write(chunk), unconfirmed.release(1)), {
        concurrency: settings.concurrentWrites
      }),
      Stream.runCollect
    )
    const [, written] = yield* Effect.all([producer, consumer], { concurrency: 2 })
    const entries = Chunk.toReadonlyArray(written)
    return Arr.isNonEmptyReadonlyArray(entries) ? entries : yield* Effect.dieMessage("a backup of no records")
  })
