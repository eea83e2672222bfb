import type { Frames } from "@holdfast/ledger"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { crc32 } from "node:zlib"
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
  /** CRC-32 of these bytes: not to prove anything, but to see that a node which is asked again says the same. */
  readonly checksum: number
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
   * source fails, its reader is interrupted instead. A further one asks the source again.
   */
  readonly bytes: (attempt: number) => Stream.Stream<Uint8Array, E, R>
  /**
   * Ends the first attempt: what it did not read is dropped as it arrives, so that the source can go on behind it. Due
   * after each attempt, before the next one waits for anything.
   */
  readonly letGo: Effect.Effect<void>
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
  readonly pieces: Mailbox.Mailbox<Uint8Array>
  readonly summary: Deferred.Deferred<ChunkSummary>
  bytes: number
  checksum: number
  lastRecord: Uint8Array
  /** What its pieces that nobody has read yet took from the budget. */
  held: number
}

/**
 * The bytes of a chunk once more, which must be what they were.
 */
const receivedAgain = <E, R>(
  source: ChunkSource<E, R>,
  first: number,
  summary: Effect.Effect<ChunkSummary>
): Stream.Stream<Uint8Array, E | SourceMismatch, R> =>
  Stream.unwrap(Effect.map(summary, (expected) => {
    let bytes = 0
    let checksum = 0
    const unchanged = Effect.suspend(() =>
      bytes === expected.bytes && checksum === expected.checksum ? Effect.void : new SourceMismatch({
        request: `records ${first} to ${expected.last}`,
        reason: "Changed",
        detail: bytes === expected.bytes
          ? `other bytes came the second time`
          : `${bytes} bytes came the second time, ${expected.bytes} the first`
      })
    )
    return source.again(first, expected.last - first + 1).pipe(
      Stream.map((batch) => {
        bytes += batch.bytes.length
        checksum = crc32(batch.bytes, checksum)
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
    const budget = yield* Effect.makeSemaphore(Math.max(1, settings.bufferedBytes))
    const unconfirmed = yield* Effect.makeSemaphore(Math.max(1, settings.bufferedChunks))
    const chunks = yield* Mailbox.make<IncomingChunk<E | SourceMismatch, R>>({ capacity: settings.bufferedChunks })

    let next = source.first
    let open: OpenChunk | undefined

    const costOf = (bytes: Uint8Array): number => Math.min(bytes.length, Math.max(1, settings.bufferedBytes))

    const send = (chunk: OpenChunk, bytes: Uint8Array): Effect.Effect<void> => {
      chunk.bytes += bytes.length
      chunk.checksum = crc32(bytes, chunk.checksum)
      return budget.take(costOf(bytes)).pipe(
        Effect.zipRight(Effect.suspend(() => {
          chunk.held += costOf(bytes)
          return chunk.pieces.offer(bytes)
        })),
        Effect.flatMap((wanted) => wanted ? Effect.void : giveBack(chunk, Infinity))
      )
    }

    const giveBack = (chunk: OpenChunk, cost: number): Effect.Effect<void> =>
      Effect.suspend(() => {
        const given = Math.min(cost, chunk.held)
        chunk.held -= given
        return budget.release(given)
      })

    /** What was received of a chunk; each piece gives back what it took from the budget as it is handed on. */
    const received = (chunk: OpenChunk): Stream.Stream<Uint8Array> =>
      Stream.repeatEffectOption(chunk.pieces.take.pipe(
        Effect.tap((bytes) => giveBack(chunk, costOf(bytes))),
        Effect.mapError(() => Option.none())
      ))

    /** A piece that was on its way to a reader when that was interrupted counts as held, too. */
    const letGo = (chunk: OpenChunk): Effect.Effect<void> =>
      Effect.zipRight(chunk.pieces.shutdown, giveBack(chunk, Infinity))

    const close = (chunk: OpenChunk): Effect.Effect<void> => {
      open = undefined
      return Effect.zipRight(
        Deferred.succeed(chunk.summary, {
          last: next - 1,
          firstRecord: chunk.firstRecord,
          lastRecord: chunk.lastRecord,
          bytes: chunk.bytes,
          checksum: chunk.checksum
        }),
        chunk.pieces.end
      )
    }

    const start = (firstRecord: Uint8Array): Effect.Effect<OpenChunk> =>
      Effect.gen(function*() {
        yield* unconfirmed.take(1)
        const chunk: OpenChunk = {
          first: next,
          firstRecord,
          pieces: yield* Mailbox.make<Uint8Array>({ capacity: waitingPieces }),
          summary: yield* Deferred.make<ChunkSummary>(),
          bytes: 0,
          checksum: 0,
          lastRecord: firstRecord,
          held: 0
        }
        open = chunk
        const summary = Deferred.await(chunk.summary)
        yield* chunks.offer({
          first: chunk.first,
          bytes: (attempt) => attempt === 0 ? received(chunk) : receivedAgain(source, chunk.first, summary),
          letGo: letGo(chunk),
          summary
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
