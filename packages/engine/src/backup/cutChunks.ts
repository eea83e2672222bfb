import * as Frames from "@holdfast/ledger/Frames"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { createHash, type Hash } from "node:crypto"
import { SourceMismatch } from "../base/EngineError.ts"
import type { BackupSettings } from "../base/Settings.ts"

/** What the records of a chunk are. */
export interface ChunkFacts {
  /** Index (epoch, version, item) of the last record. */
  readonly last: number
  /** Payload of the first and of the last record. */
  readonly firstRecord: Uint8Array
  readonly lastRecord: Uint8Array
  /** Bytes of the chunk. */
  readonly bytes: number
  /** SHA-256 of these bytes: to see that a node which is asked again says the same. */
  readonly checksum: string
}

/** What a chunk turned out to hold, and what its check made of it. */
export interface ChunkSummary<P> extends ChunkFacts {
  readonly proof: P
}

/** Looks at the records as they pass, in order. What it refuses is not confirmed. */
export interface ChunkCheck<P, E, R> {
  /** The records of a chunk come next, from this one on. */
  readonly begin: (first: number) => void
  /** The next records of the chunk. */
  readonly push: (batch: Frames.RecordBatch) => Effect.Effect<void, E, R>
  /** The chunk that began with `first` is cut. */
  readonly end: (first: number, facts: ChunkFacts) => Effect.Effect<P, E, R>
}

/** Where records come from: as they are first received, and a range of them once more. */
export interface ChunkSource<P, E, R> {
  readonly first: number
  readonly records: Stream.Stream<Frames.RecordBatch, E, R>
  readonly again: (first: number, count: number) => Stream.Stream<Frames.RecordBatch, E, R>
  readonly check: ChunkCheck<P, E, R>
}

/** A chunk that is being received: it can be written before its end is known. */
export interface IncomingChunk<P, E, R> {
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
  /** Known as soon as the chunk is cut and checked, which may be before all of it is written. */
  readonly summary: Effect.Effect<ChunkSummary<P>>
}

/** The records `from` … `until - 1` of a batch. */
const partOf = (batch: Frames.RecordBatch, from: number, until: number): Frames.RecordBatch =>
  from === 0 && until === batch.count ? batch : {
    bytes: batch.bytes,
    count: until - from,
    starts: batch.starts.subarray(from, until),
    ends: batch.ends.subarray(from, until)
  }

/** Pieces of one chunk that may wait; what bounds memory is the byte budget. */
const waitingPieces = 256

/** The sending end of an incoming chunk. */
interface OpenChunk<P> {
  readonly first: number
  readonly firstRecord: Uint8Array
  readonly pieces: Mailbox.Mailbox<Uint8Array>
  readonly summary: Deferred.Deferred<ChunkSummary<P>>
  readonly hash: Hash
  bytes: number
  lastRecord: Uint8Array
  /** What its pieces that nobody has read yet took from the budget. */
  held: number
}

/** The bytes of a chunk once more, which must be what they were. */
const receivedAgain = <P, E, R>(
  source: ChunkSource<P, E, R>,
  first: number,
  summary: Effect.Effect<ChunkFacts>
): Stream.Stream<Uint8Array, E | SourceMismatch, R> =>
  Stream.unwrap(Effect.map(summary, (expected) => {
    let bytes = 0
    const hash = createHash("sha256")
    const unchanged = Effect.suspend(() =>
      bytes === expected.bytes && hash.digest("hex") === expected.checksum ? Effect.void : new SourceMismatch({
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
        hash.update(batch.bytes)
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
 * against the budget of bytes, and a slow storage slows the source down. What a check refuses fails the pipeline. The results are in order, one at least. A failure anywhere
 * interrupts everything else and waits for it.
 */
export const cutChunks = <A, P, E, R, E2, R2>(
  source: ChunkSource<P, E, R>,
  settings: BackupSettings,
  write: (chunk: IncomingChunk<P, E | SourceMismatch, R>) => Effect.Effect<A, E2, R2>
): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E | E2, R | R2> =>
  Effect.gen(function*() {
    const budget = yield* Effect.makeSemaphore(Math.max(1, settings.bufferedBytes))
    const unconfirmed = yield* Effect.makeSemaphore(Math.max(1, settings.bufferedChunks))
    const chunks = yield* Mailbox.make<IncomingChunk<P, E | SourceMismatch, R>>({ capacity: settings.bufferedChunks })

    let next = source.first
    let open: OpenChunk<P> | undefined

    const costOf = (bytes: Uint8Array): number => Math.min(bytes.length, Math.max(1, settings.bufferedBytes))

    const send = (chunk: OpenChunk<P>, bytes: Uint8Array): Effect.Effect<void> => {
      chunk.bytes += bytes.length
      chunk.hash.update(bytes)
      return budget.take(costOf(bytes)).pipe(
        Effect.zipRight(Effect.suspend(() => {
          chunk.held += costOf(bytes)
          return chunk.pieces.offer(bytes)
        })),
        Effect.flatMap((wanted) => wanted ? Effect.void : giveBack(chunk, Infinity))
      )
    }

    const giveBack = (chunk: OpenChunk<P>, cost: number): Effect.Effect<void> =>
      Effect.suspend(() => {
        const given = Math.min(cost, chunk.held)
        chunk.held -= given
        return budget.release(given)
      })

    /** What was received of a chunk; each piece gives back what it took from the budget as it is handed on. */
    const received = (chunk: OpenChunk<P>): Stream.Stream<Uint8Array> =>
      Stream.repeatEffectOption(chunk.pieces.take.pipe(
        Effect.tap((bytes) => giveBack(chunk, costOf(bytes))),
        Effect.mapError(() => Option.none())
      ))

    /** A piece that was on its way to a reader when that was interrupted counts as held, too. */
    const letGo = (chunk: OpenChunk<P>): Effect.Effect<void> =>
      Effect.zipRight(chunk.pieces.shutdown, giveBack(chunk, Infinity))

    const close = (chunk: OpenChunk<P>): Effect.Effect<void, E, R> => {
      open = undefined
      const facts = {
        last: next - 1,
        firstRecord: chunk.firstRecord,
        lastRecord: chunk.lastRecord,
        bytes: chunk.bytes,
        checksum: chunk.hash.digest("hex")
      }
      return source.check.end(chunk.first, facts).pipe(
        Effect.flatMap((proof) => Deferred.succeed(chunk.summary, { ...facts, proof })),
        Effect.zipRight(chunk.pieces.end)
      )
    }

    const start = (firstRecord: Uint8Array): Effect.Effect<OpenChunk<P>> =>
      Effect.gen(function*() {
        yield* unconfirmed.take(1)
        const chunk: OpenChunk<P> = {
          first: next,
          firstRecord,
          pieces: yield* Mailbox.make<Uint8Array>({ capacity: waitingPieces }),
          summary: yield* Deferred.make<ChunkSummary<P>>(),
          hash: createHash("sha256"),
          bytes: 0,
          lastRecord: firstRecord,
          held: 0
        }
        open = chunk
        source.check.begin(chunk.first)
        const summary = Deferred.await(chunk.summary)
        yield* chunks.offer({
          first: chunk.first,
          bytes: (attempt) => attempt === 0 ? received(chunk) : receivedAgain(source, chunk.first, summary),
          letGo: letGo(chunk),
          summary
        })
        return chunk
      })

    const receive = (batch: Frames.RecordBatch): Effect.Effect<void, E, R> =>
      Effect.gen(function*() {
        let from = 0
        let index = 0
        while (index < batch.count) {
          const chunk: OpenChunk<P> = open ?? (yield* start(Frames.recordAt(batch, index)))
          // As many records as the chunk has room for, and at least one if it is empty.
          const room = settings.maxChunkBytes - chunk.bytes
          let until = index
          while (
            until < batch.count &&
            ((batch.ends[until] ?? 0) - from <= room || (chunk.bytes === 0 && until === index))
          ) until++
          if (until > index) {
            chunk.lastRecord = Frames.recordAt(batch, until - 1)
            yield* source.check.push(partOf(batch, index, until))
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
