import { describe, expect, it } from "@effect/vitest"
import * as Bytes from "@holdfast/ledger/Bytes"
import type * as Frames from "@holdfast/ledger/Frames"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { cutChunks, type IncomingChunk } from "../../src/backup/cutChunks.ts"
import { type BackupSettings, defaultBackupSettings } from "../../src/base/Settings.ts"
import { pipelineOnce, unchecked } from "../support/pipelines.ts"
import { batchesOf, recordOf } from "../support/recordBatches.ts"
import { aWhile, everybodyElse } from "../support/turns.ts"

/** A framed record takes this many bytes here. */
const recordBytes = 10

/** Batches of one record each. */
const batches = (count: number): ReadonlyArray<Frames.RecordBatch> =>
  batchesOf(Array.from({ length: count }, (_, index) => recordOf(index, recordBytes - 4)), [recordBytes])

const settings: BackupSettings = {
  ...defaultBackupSettings,
  maxChunkBytes: recordBytes,
  concurrentWrites: 3,
  bufferedChunks: 5,
  bufferedBytes: 1_000
}

/** A source of batches that counts what was taken from it, and says when it is closed, which takes a while. */
const observed = (events: Array<string>) => {
  const seen = { taken: 0 }
  const closing = Effect.zipRight(aWhile(50), Effect.sync(() => events.push("source closed")))
  const of = <E>(stream: Stream.Stream<Frames.RecordBatch, E>) =>
    stream.pipe(
      Stream.rechunk(1),
      Stream.tap(() => Effect.sync(() => seen.taken++)),
      Stream.ensuring(closing)
    )
  return { seen, of }
}

describe("bounds", () => {
  it.effect("O-10: no more chunks are written at a time, and no more are open, than the settings say", () =>
    Effect.gen(function*() {
      const { of, seen } = observed([])
      const gate = yield* Effect.makeLatch(false)
      const writing = new Set<number>()
      let most = 0
      let confirmed = 0
      let mostOpen = 0
      const source = of(Stream.fromIterable(batches(40))).pipe(Stream.tap(() =>
        Effect.sync(() => {
          mostOpen = Math.max(mostOpen, seen.taken - 1 - confirmed)
        })
      ))
      const pipeline = yield* Effect.fork(pipelineOnce(source, 0, settings, (chunk) =>
        Effect.gen(function*() {
          writing.add(chunk.first)
          most = Math.max(most, writing.size)
          yield* gate.await
          yield* Stream.runDrain(chunk.bytes(0))
          yield* aWhile(chunk.first % 7)
          writing.delete(chunk.first)
          confirmed += 1
          return chunk.first
        })))
      yield* everybodyElse
      expect([...writing]).toEqual([0, 1, 2])
      // The one that has no place yet was received, so that it is known to be the next chunk's.
      expect(seen.taken).toBe(settings.bufferedChunks + 1)
      yield* gate.open
      expect(yield* Fiber.join(pipeline)).toEqual(Array.from({ length: 40 }, (_, index) => index))
      expect(most).toBe(settings.concurrentWrites)
      expect(mostOpen).toBeLessThanOrEqual(settings.bufferedChunks)
    }))

  it.effect("O-10: a slow writer slows the source down to the bytes that may wait", () =>
    Effect.gen(function*() {
      const { of, seen } = observed([])
      const permits = yield* Effect.makeSemaphore(40)
      yield* permits.take(40)
      let written = 0
      let mostWaiting = 0
      const pipeline = yield* Effect.fork(pipelineOnce(
        of(Stream.fromIterable(batches(40))),
        0,
        { ...settings, maxChunkBytes: 1_000_000, bufferedBytes: 35 },
        (chunk) =>
          Stream.runForEach(chunk.bytes(0), () =>
            Effect.gen(function*() {
              yield* permits.take(1)
              written += 1
              mostWaiting = Math.max(mostWaiting, seen.taken - written)
            }))
      ))
      yield* everybodyElse
      // Three pieces fit the budget, one is in the writer's hand, one in the source's.
      expect(seen.taken).toBe(5)
      yield* permits.release(1)
      yield* everybodyElse
      expect(seen.taken).toBe(6)
      yield* permits.release(39)
      yield* Fiber.join(pipeline)
      expect(written).toBe(40)
      expect(mostWaiting).toBeLessThanOrEqual(5)
    }))

  it.effect("O-10: a piece that is larger than the whole budget passes alone", () =>
    Effect.gen(function*() {
      const written = yield* pipelineOnce(
        Stream.fromIterable(batches(9)),
        0,
        { ...settings, bufferedBytes: 1 },
        (chunk) => Stream.runFold(chunk.bytes(0), 0, (size, piece) => size + piece.length)
      )
      expect(written).toEqual(Array.from({ length: 9 }, () => recordBytes))
    }))

  it.effect("a chunk of very many pieces is written", () =>
    Effect.gen(function*() {
      const written = yield* pipelineOnce(
        Stream.fromIterable(batches(2_000)),
        7,
        { ...settings, maxChunkBytes: 1_000_000, bufferedBytes: 1_000_000 },
        (chunk) =>
          // Begins late: the pieces have to wait for it.
          Effect.zipRight(aWhile(300), Stream.runFold(chunk.bytes(0), 0, (size, piece) => size + piece.length))
      )
      expect(written).toEqual([2_000 * recordBytes])
    }))
})

describe("order and ends", () => {
  it.effect("O-6: results are in the order of the records, whichever chunk is done first", () =>
    Effect.gen(function*() {
      const done: Array<number> = []
      const written = yield* pipelineOnce(
        Stream.fromIterable(batches(12)),
        100,
        settings,
        (chunk) =>
          Effect.gen(function*() {
            yield* Stream.runDrain(chunk.bytes(0))
            yield* aWhile(chunk.first % 3 === 1 ? 200 : 1)
            done.push(chunk.first)
            return chunk.first
          })
      )
      expect(written).toEqual(Array.from({ length: 12 }, (_, index) => 100 + index))
      expect(done).not.toEqual(written)
    }))

  it.effect("a source without records is a defect: a backup has a chunk", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(pipelineOnce(Stream.empty, 0, settings, () => Effect.void))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
    }))

  it.effect("a chunk is written before its end is known", () =>
    Effect.gen(function*() {
      const arrived = yield* Deferred.make<void>()
      const source = Stream.concat(
        Stream.fromIterable(batches(1)),
        Stream.unwrap(Effect.as(Deferred.await(arrived), Stream.fromIterable(batches(1))))
      )
      const written = yield* pipelineOnce(source, 0, { ...settings, maxChunkBytes: 1_000 }, (chunk) =>
        Effect.gen(function*() {
          yield* Stream.runForEach(chunk.bytes(0), () =>
            Deferred.succeed(arrived, undefined))
          return (yield* chunk.summary).last
        }))
      expect(written).toEqual([1])
    }))
})

/** A writer that never finishes by itself, and whose interruption takes a while. */
const held = <E, R>(events: Array<string>, chunk: IncomingChunk<void, E, R>): Effect.Effect<void, never, R> =>
  Stream.runDrain(chunk.bytes(0)).pipe(
    Effect.orDie,
    Effect.zipRight(Effect.sync(() => events.push(`chunk ${chunk.first} ended`))),
    Effect.zipRight(Effect.never),
    Effect.onInterrupt(() =>
      Effect.zipRight(aWhile(50), Effect.sync(() => events.push(`chunk ${chunk.first} interrupted`)))
    )
  )

describe("failures", () => {
  it.effect("O-8: a writer's failure interrupts the source and its siblings, and waits for both", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const { of } = observed(events)
      const source = of(Stream.concat(Stream.fromIterable(batches(3)), Stream.never))
      const exit = yield* Effect.exit(pipelineOnce(source, 0, settings, (chunk) =>
        chunk.first === 1
          ? Effect.zipRight(aWhile(100), Effect.fail("no space"))
          : held(events, chunk)))
      expect(Exit.isFailure(exit) && Cause.failureOrCause(exit.cause)).toMatchObject({ _tag: "Left", left: "no space" })
      // Chunk 2 was never cut: its bytes had no end.
      expect(events.sort()).toEqual(["chunk 0 ended", "chunk 0 interrupted", "chunk 2 interrupted", "source closed"])
    }))

  it.effect("O-8: the source's failure interrupts the writers, and no unfinished chunk ends cleanly", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const { of } = observed(events)
      const cut = Stream.fromEffect(Effect.zipRight(aWhile(100), Effect.fail("connection cut")))
      const exit = yield* Effect.exit(
        pipelineOnce(
          of(Stream.concat(Stream.fromIterable(batches(3)), cut)),
          0,
          settings,
          (chunk) => held(events, chunk)
        )
      )
      expect(Exit.isFailure(exit) && Cause.failureOrCause(exit.cause)).toMatchObject({
        _tag: "Left",
        left: "connection cut"
      })
      expect(events.sort()).toEqual([
        "chunk 0 ended",
        "chunk 0 interrupted",
        "chunk 1 ended",
        "chunk 1 interrupted",
        "chunk 2 interrupted",
        "source closed"
      ])
    }))

  it.effect("a source that fails at once is a failure, not an empty backup", () =>
    Effect.gen(function*() {
      const failed = yield* Effect.flip(pipelineOnce(Stream.fail("refused"), 0, settings, () => Effect.void))
      expect(failed).toBe("refused")
    }))

  it.effect("a defect of a writer ends the pipeline as a defect", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const { of } = observed(events)
      const source = of(Stream.concat(Stream.fromIterable(batches(2)), Stream.never))
      const exit = yield* Effect.exit(
        pipelineOnce(
          source,
          0,
          settings,
          (chunk) => chunk.first === 0 ? Effect.dieMessage("a bug") : held(events, chunk)
        )
      )
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      expect(events).toContain("source closed")
    }))

  it.effect("O-8: an interruption from outside closes the source and all writers", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const { of } = observed(events)
      const source = of(Stream.concat(Stream.fromIterable(batches(3)), Stream.never))
      const pipeline = yield* Effect.fork(pipelineOnce(source, 0, settings, (chunk) => held(events, chunk)))
      yield* everybodyElse
      const exit = yield* Fiber.interrupt(pipeline)
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(events.sort()).toEqual([
        "chunk 0 ended",
        "chunk 0 interrupted",
        "chunk 1 ended",
        "chunk 1 interrupted",
        "chunk 2 interrupted",
        "source closed"
      ])
    }))

  it.effect("O-8: an interruption while the source waits for the storage closes everything", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const { of, seen } = observed(events)
      const pipeline = yield* Effect.fork(
        pipelineOnce(
          of(Stream.fromIterable(batches(40))),
          0,
          settings,
          (chunk) =>
            Effect.never.pipe(
              Effect.onInterrupt(() => Effect.sync(() => events.push(`chunk ${chunk.first} interrupted`)))
            )
        )
      )
      yield* everybodyElse
      expect(seen.taken).toBe(settings.bufferedChunks + 1)
      yield* Fiber.interrupt(pipeline)
      expect(events.sort()).toEqual([
        "chunk 0 interrupted",
        "chunk 1 interrupted",
        "chunk 2 interrupted",
        "source closed"
      ])
    }))
})

describe("further attempts", () => {
  /** A source that can be asked again, and what it was asked. */
  const repeatable = (all: ReadonlyArray<Frames.RecordBatch>) => {
    const asked: Array<readonly [number, number]> = []
    return {
      asked,
      source: {
        first: 0,
        records: Stream.rechunk(Stream.fromIterable(all), 1),
        check: unchecked,
        again: (first: number, count: number) => {
          asked.push([first, count])
          return Stream.fromIterable(all.slice(first, first + count))
        }
      }
    }
  }

  /** Reads one piece, gives up, and writes the whole chunk at the second attempt. */
  const secondAttempt = <E, R>(chunk: IncomingChunk<void, E, R>) =>
    Effect.gen(function*() {
      yield* Effect.ensuring(Stream.runHead(chunk.bytes(0)), chunk.letGo)
      yield* aWhile(20)
      const pieces = yield* Effect.ensuring(Stream.runCollect(chunk.bytes(1)), chunk.letGo)
      return [...Bytes.concatBytes([...pieces])]
    })

  it.effect("O-9: a chunk is written whole at the second attempt, while the source goes on", () =>
    Effect.gen(function*() {
      const all = batches(30)
      const { asked, source } = repeatable(all)
      // Each chunk is larger than what may wait: a writer that gave up must not hold the source back.
      const bounds = { ...settings, maxChunkBytes: 10 * recordBytes, bufferedBytes: 2 * recordBytes }
      const written = yield* cutChunks(source, bounds, secondAttempt)
      expect(written).toEqual(
        [0, 10, 20].map((first) => all.slice(first, first + 10).flatMap(({ bytes }) => [...bytes]))
      )
      expect(asked.toSorted(([a], [b]) => a - b)).toEqual([[0, 10], [10, 10], [20, 10]])
    }))

  it.effect("a writer that succeeds without reading its chunk holds nobody back", () =>
    Effect.gen(function*() {
      const { source } = repeatable(batches(30))
      const bounds = { ...settings, maxChunkBytes: 10 * recordBytes, bufferedBytes: 2 * recordBytes }
      const written = yield* cutChunks(
        source,
        bounds,
        (chunk) => Effect.zipRight(chunk.letGo, Effect.map(chunk.summary, ({ last }) => last))
      )
      expect(written).toEqual([9, 19, 29])
    }))

  for (
    const [what, change, detail] of [
      ["fewer bytes", (bytes: Uint8Array) => bytes.subarray(0, -1), "9 bytes came the second time, 10 the first"],
      ["other bytes", (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1), "other bytes came the second time"]
    ] as const
  ) {
    it.effect(`O-9: ${what} at the second attempt are refused`, () =>
      Effect.gen(function*() {
        const { source } = repeatable(batches(1))
        const changing = {
          ...source,
          again: (first: number, count: number) =>
            Stream.map(source.again(first, count), (batch) => ({ ...batch, bytes: change(batch.bytes) }))
        }
        const error = yield* Effect.flip(cutChunks(changing, settings, secondAttempt))
        expect(error).toMatchObject({ _tag: "SourceMismatch", reason: "Changed", request: "records 0 to 0", detail })
      }))
  }
})
