import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Stream from "effect/Stream"
import { blockBytes, runForEachBlock } from "../src/ByteBlocks.ts"

const sizes = FastCheck.array(
  FastCheck.oneof(
    FastCheck.integer({ min: 0, max: 100 }),
    FastCheck.integer({ min: 0, max: blockBytes }),
    FastCheck.integer({ min: 0, max: 3 * blockBytes })
  ),
  { maxLength: 30 }
)

it("writes every byte once, in order, in blocks that are neither too large nor needlessly small", () => {
  FastCheck.assert(
    FastCheck.property(sizes, FastCheck.integer({ min: 1, max: 10 }), (lengths, chunk) => {
      const arrays = lengths.map((length, index) => new Uint8Array(length).fill(index + 1))
      const blocks: Array<Uint8Array> = []
      // The memory of a block is used again, so it is copied here.
      Effect.runSync(runForEachBlock(
        Stream.rechunk(Stream.fromIterable(arrays), chunk),
        (block) => Effect.sync(() => blocks.push(block.slice()))
      ))
      expect(Buffer.concat(blocks).equals(Buffer.concat(arrays))).toBe(true)
      expect(blocks.every((block) => block.length <= blockBytes)).toBe(true)
      const total = lengths.reduce((sum, length) => sum + length, 0)
      const large = lengths.filter((length) => length >= blockBytes / 4).length
      expect(blocks.length).toBeLessThanOrEqual(2 * (large + Math.ceil(total / blockBytes)) + 1)
    }),
    { numRuns: 50 }
  )
})
