import { describe, expect, it } from "@effect/vitest"
import { concatBytes } from "../src/Bytes.ts"
import { frame, FrameError, FrameSplitter, type RecordBatch } from "../src/Frames.ts"
import { payloads } from "./batches.ts"

const record = (size: number, fill = size): Uint8Array => new Uint8Array(size).fill(fill)

const splitter = (maxRecordBytes = 1000): FrameSplitter => new FrameSplitter({ maxRecordBytes })

const frameError = (run: () => unknown): FrameError => {
  try {
    run()
  } catch (error) {
    if (error instanceof FrameError) return error
    throw error
  }
  return expect.fail("accepted")
}

const all = (batches: ReadonlyArray<RecordBatch>): ReadonlyArray<Uint8Array> => batches.flatMap(payloads)

describe("frame", () => {
  it("precedes each payload by its big-endian length", () => {
    expect(frame([Uint8Array.of(7, 8), new Uint8Array(0), record(300, 1)])).toEqual(
      concatBytes([
        Uint8Array.of(0, 0, 0, 2, 7, 8),
        Uint8Array.of(0, 0, 0, 0),
        Uint8Array.of(0, 0, 1, 44),
        record(300, 1)
      ])
    )
    expect(frame([])).toEqual(new Uint8Array(0))
  })
})

describe("FrameSplitter", () => {
  it("returns views of a buffer of whole records", () => {
    const stream = frame([record(3), record(0), record(5)])
    const [batch, ...rest] = splitter().push(stream)
    expect(rest).toEqual([])
    expect(batch?.bytes.buffer).toBe(stream.buffer)
    expect(batch).toMatchObject({ count: 3, starts: Uint32Array.of(4, 11, 15), ends: Uint32Array.of(7, 11, 20) })
    expect(batch?.bytes).toEqual(stream)
  })

  it("returns offsets within the batch, at any place of the batch in the received buffer", () => {
    const received = concatBytes([record(9), frame([record(3)])]).subarray(9)
    const [batch] = splitter().push(received)
    expect(batch).toMatchObject({ count: 1, starts: Uint32Array.of(4), ends: Uint32Array.of(7) })
    expect(batch?.bytes).toEqual(received)
  })

  it("copies only the record that lies across two buffers", () => {
    const stream = frame([record(3), record(6), record(2)])
    const first = stream.slice(0, 14)
    const second = stream.slice(14)
    const split = splitter()
    const before = split.push(first)
    expect(before.map(({ bytes, count }) => [bytes.buffer === first.buffer, count])).toEqual([[true, 1]])
    const after = split.push(second)
    expect(after.map(({ bytes, count }) => [bytes.buffer === second.buffer, count])).toEqual([[false, 1], [true, 1]])
    split.finish()
    expect(all([...before, ...after])).toEqual([record(3), record(6), record(2)])
    expect(concatBytes([...before, ...after].map(({ bytes }) => bytes))).toEqual(stream)
    expect(split.recordCount).toBe(3)
  })

  it("accepts empty streams, empty buffers and empty records", () => {
    const empty = splitter()
    expect(empty.push(new Uint8Array(0))).toEqual([])
    empty.finish()
    const split = splitter(0)
    expect(split.push(Uint8Array.of(0, 0))).toEqual([])
    expect(split.push(new Uint8Array(0))).toEqual([])
    expect(all(split.push(Uint8Array.of(0, 0, 0, 0, 0, 0)))).toEqual([record(0), record(0)])
    split.finish()
  })

  it("assembles a record from single bytes", () => {
    const stream = frame([record(300, 9), record(1, 1)])
    const split = splitter()
    const batches = Array.from(stream).flatMap((byte) => split.push(Uint8Array.of(byte)))
    split.finish()
    expect(all(batches)).toEqual([record(300, 9), record(1, 1)])
  })

  it("leaves earlier batches unchanged when more bytes arrive", () => {
    const split = splitter()
    const stream = frame([record(6, 1), record(6, 2)])
    split.push(stream.slice(0, 8))
    const [batch] = split.push(stream.slice(8, 14))
    split.push(stream.slice(14))
    expect(all(batch === undefined ? [] : [batch])).toEqual([record(6, 1)])
  })

  it("names the truncated record, and the byte where the record begins", () => {
    const stream = frame([record(3), record(6)])
    const truncated = (size: number) => {
      const split = splitter()
      split.push(stream.subarray(0, size))
      return frameError(() => split.finish())
    }
    expect(truncated(9)).toMatchObject({ reason: "Truncated", offset: 7, recordIndex: 1 })
    expect(truncated(9).message).toContain("record 1 at byte 7: 2 of the 4 bytes of its length arrived")
    expect(truncated(15)).toMatchObject({ reason: "Truncated", offset: 7, recordIndex: 1 })
    expect(truncated(15).message).toContain("record 1 at byte 7: 4 of its 6 bytes arrived")
    expect(truncated(11).message).toContain("0 of its 6 bytes arrived")
  })

  it("refuses a record above the limit, at any place of its length", () => {
    const stream = frame([record(3), record(10), record(11)])
    for (const cut of [0, 7, 9, 21, 22, 24, stream.length]) {
      const split = splitter(10)
      const error = frameError(() => {
        split.push(stream.subarray(0, cut))
        split.push(stream.subarray(cut))
      })
      expect(error).toMatchObject({ reason: "RecordTooLarge", offset: 21, recordIndex: 2 })
      expect(error.message).toContain("11 bytes, over the limit of 10")
    }
  })

  it("reads a length as an unsigned number", () => {
    expect(frameError(() => splitter().push(Uint8Array.of(0xff, 0xff, 0xff, 0xff))))
      .toMatchObject({ reason: "RecordTooLarge", detail: "4294967295 bytes, over the limit of 1000" })
  })

  it("allocates no more than has arrived, for any claimed length", () => {
    const split = splitter(2 ** 31)
    const before = process.memoryUsage().arrayBuffers
    split.push(Uint8Array.of(0x7f, 0xff, 0xff, 0xf0))
    for (let index = 0; index < 100; index++) split.push(record(1000))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000)
    expect(frameError(() => split.finish()).detail).toBe("100000 of its 2147483632 bytes arrived")
  })

  it("splits a large buffer into several batches", () => {
    const stream = frame([record(3), record(5), record(20), record(1), record(1)])
    const split = new FrameSplitter({ maxRecordBytes: 100, maxBatchBytes: 10 })
    const batches = split.push(stream)
    split.finish()
    expect(all(batches)).toEqual([record(3), record(5), record(20), record(1), record(1)])
    expect(batches.map(({ count }) => count)).toEqual([1, 1, 1, 2])
    expect(concatBytes(batches.map(({ bytes }) => bytes))).toEqual(stream)
  })
})
