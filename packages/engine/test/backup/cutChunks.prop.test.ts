/**
 * Chunks are cut by the rule, whatever the sizes of records, the buffers they arrive in and the bounds.
 */
import { expect, it } from "@effect/vitest"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Frames from "@holdfast/ledger/Frames"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Stream from "effect/Stream"
import { defaultBackupSettings } from "../../src/base/Settings.ts"
import { pipelineOnce } from "../support/pipelines.ts"
import { batchesOf, recordOf } from "../support/recordBatches.ts"
import { aWhile } from "../support/turns.ts"

interface Case {
  readonly sizes: ReadonlyArray<number>
  readonly buffers: ReadonlyArray<number>
  readonly first: number
  readonly maxChunkBytes: number
  readonly concurrentWrites: number
  readonly bufferedChunks: number
  readonly bufferedBytes: number
  /** How long each writer dawdles before it reads and before it is done, in turns. */
  readonly delays: ReadonlyArray<number>
}

const cases: FastCheck.Arbitrary<Case> = FastCheck.record({
  sizes: FastCheck.array(
    FastCheck.oneof(
      { weight: 8, arbitrary: FastCheck.nat({ max: 20 }) },
      { weight: 1, arbitrary: FastCheck.nat({ max: 200 }) }
    ),
    { minLength: 1, maxLength: 60 }
  ),
  buffers: FastCheck.array(FastCheck.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 6 }),
  first: FastCheck.constantFrom(0, 1, 1_000_000),
  maxChunkBytes: FastCheck.integer({ min: 1, max: 90 }),
  concurrentWrites: FastCheck.integer({ min: 1, max: 4 }),
  bufferedChunks: FastCheck.integer({ min: 1, max: 8 }),
  bufferedBytes: FastCheck.integer({ min: 1, max: 150 }),
  delays: FastCheck.array(FastCheck.nat({ max: 12 }), { minLength: 1, maxLength: 5 })
})

interface Expected {
  readonly first: number
  readonly records: Array<Uint8Array>
}

const headerBytes = 4

/** The rule, one record at a time. */
const model = ({ first, maxChunkBytes, sizes }: Case): ReadonlyArray<Expected> => {
  const chunks: Array<Expected> = []
  let bytes = 0
  for (const [index, size] of sizes.entries()) {
    const open = chunks.at(-1)
    if (open === undefined || bytes + size + headerBytes > maxChunkBytes) {
      chunks.push({ first: first + index, records: [recordOf(index, size)] })
      bytes = size + headerBytes
    } else {
      open.records.push(recordOf(index, size))
      bytes += size + headerBytes
    }
  }
  return chunks
}

it.effect.prop(
  "O-6 O-10: chunks are those of the rule, complete, in order, within the bounds",
  [cases],
  ([input]) =>
    Effect.gen(function*() {
      const records = input.sizes.map((size, index) => recordOf(index, size))
      let writing = 0
      let mostWriting = 0
      let number = 0
      const written = yield* pipelineOnce(
        Stream.fromIterable(batchesOf(records, input.buffers)),
        input.first,
        { ...defaultBackupSettings, ...input },
        (chunk) =>
          Effect.gen(function*() {
            mostWriting = Math.max(mostWriting, ++writing)
            const delay = input.delays[number++ % input.delays.length] ?? 0
            yield* aWhile(delay)
            const pieces = yield* Stream.runCollect(chunk.bytes(0))
            const { firstRecord, last, lastRecord } = yield* chunk.summary
            yield* aWhile(delay)
            writing -= 1
            return { first: chunk.first, last, firstRecord, lastRecord, bytes: Bytes.concatBytes([...pieces]) }
          })
      )
      expect(written).toEqual(
        model(input).map((expected) => ({
          first: expected.first,
          last: expected.first + expected.records.length - 1,
          firstRecord: expected.records[0],
          lastRecord: expected.records.at(-1),
          bytes: Frames.frame(expected.records)
        }))
      )
      expect(mostWriting).toBeLessThanOrEqual(input.concurrentWrites)
    }),
  { fastCheck: { numRuns: 80, seed: 1 } }
)
