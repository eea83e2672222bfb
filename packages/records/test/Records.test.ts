/**
 * A stream of framed records that is cut anywhere comes as the same records; what is no run of records fails.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Frames from "@holdfast/ledger/Frames"
import * as Records from "@holdfast/records/Records"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const payloads = ["one", "", "three"].map((text) => new TextEncoder().encode(text))
const framed = Frames.frame(payloads)

const batches = (bytes: Uint8Array, size: number) =>
  Records.batches(
    Stream.fromIterable(
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
    ),
    { maxRecordBytes: 5, refused: ({ reason }) => reason }
  )

describe("batches", () => {
  it.effect("hold the records of the stream, wherever its elements end", () =>
    Effect.gen(function*() {
      for (let size = 1; size <= framed.length; size++) {
        const found = yield* Stream.runCollect(batches(framed, size))
        expect([...found].flatMap(Frames.recordsOf)).toEqual(payloads)
      }
    }))

  const bad: ReadonlyArray<readonly [string, Uint8Array, string]> = [
    ["a part of a record", framed.subarray(0, framed.length - 1), "Truncated"],
    ["a record over the limit", Frames.frame([new Uint8Array(6)]), "RecordTooLarge"]
  ]
  it.effect.each(bad)("fail at %s", ([, bytes, reason]) =>
    Effect.gen(function*() {
      for (let size = 1; size <= bytes.length; size++) {
        expect(yield* Effect.flip(Stream.runDrain(batches(bytes, size)))).toBe(reason)
      }
    }))
})
