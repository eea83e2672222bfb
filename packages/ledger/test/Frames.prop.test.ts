import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { concatBytes } from "../src/Bytes.ts"
import { frame, FrameError, FrameSplitter, type RecordBatch } from "../src/Frames.ts"
import { payloads } from "./batches.ts"

const seed = 20_240_919

const records = FastCheck.array(FastCheck.uint8Array({ maxLength: 60 }), { maxLength: 20 })

/** A stream in pieces, some of them empty. */
const pieces = (stream: Uint8Array, cuts: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const ends = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b)
  return ends.map((end, index) => stream.slice(ends[index - 1] ?? 0, end))
}

const errorOf = (run: () => void): Pick<FrameError, "reason" | "offset" | "recordIndex"> | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof FrameError) {
      const { offset, reason, recordIndex } = error
      return { reason, offset, recordIndex }
    }
    throw error
  }
}

describe(`FrameSplitter (seed ${seed})`, () => {
  it("finds the same records for any cuts of the stream", () => {
    FastCheck.assert(
      FastCheck.property(
        records,
        FastCheck.array(FastCheck.nat(), { maxLength: 12 }),
        FastCheck.integer({ min: 1, max: 100 }),
        (given, cuts, maxBatchBytes) => {
          const stream = frame(given)
          const split = new FrameSplitter({ maxRecordBytes: 60, maxBatchBytes })
          const batches: Array<RecordBatch> = []
          for (const piece of pieces(stream, cuts)) batches.push(...split.push(piece))
          split.finish()
          expect(batches.flatMap(payloads)).toEqual(given)
          expect(concatBytes(batches.map(({ bytes }) => bytes))).toEqual(stream)
          expect(split.recordCount).toBe(given.length)
        }
      ),
      { seed, numRuns: 500 }
    )
  })

  it("returns at most two batches for a buffer", () => {
    FastCheck.assert(
      FastCheck.property(records, FastCheck.array(FastCheck.nat(), { maxLength: 12 }), (given, cuts) => {
        const split = new FrameSplitter({ maxRecordBytes: 60 })
        for (const piece of pieces(frame(given), cuts)) {
          const batches = split.push(piece)
          expect(batches.length).toBeLessThanOrEqual(2)
          // Only the first may be of bytes that came earlier.
          expect(batches.slice(1).every(({ bytes }) => bytes.buffer === piece.buffer)).toBe(true)
        }
      }),
      { seed, numRuns: 500 }
    )
  })

  it("refuses a stream that ends within a record, after the whole records before", () => {
    FastCheck.assert(
      FastCheck.property(records, FastCheck.nat(), (given, cut) => {
        const stream = frame(given)
        const part = stream.subarray(0, cut % (stream.length + 1))
        const split = new FrameSplitter({ maxRecordBytes: 60 })
        const found = split.push(part).flatMap(payloads)
        expect(found).toEqual(given.slice(0, found.length))
        const used = frame(found).length
        const truncated = { reason: "Truncated", offset: used, recordIndex: found.length }
        expect(errorOf(() => split.finish())).toEqual(used === part.length ? undefined : truncated)
      }),
      { seed, numRuns: 500 }
    )
  })
})
