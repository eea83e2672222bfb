import { expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as StderrTail from "../../src/internal/stderrTail.ts"

it("keeps the end of what was said, in whole characters, however it was cut", () => {
  FastCheck.assert(
    FastCheck.property(
      FastCheck.string({ unit: "grapheme", maxLength: 200 }),
      FastCheck.array(FastCheck.integer({ min: 0, max: 40 }), { maxLength: 40 }),
      FastCheck.integer({ min: 4, max: 100 }),
      (said, lengths, limit) => {
        const bytes = new TextEncoder().encode(said)
        const tail = StderrTail.make(limit)
        let offset = 0
        for (const length of [...lengths, bytes.length]) {
          tail.append(bytes.subarray(offset, offset + length))
          offset = Math.min(bytes.length, offset + length)
        }
        const { cut, text } = tail.text()
        expect(said.endsWith(text)).toBe(true)
        expect(cut).toBe(bytes.length > limit)
        expect(new TextEncoder().encode(text).length).toBeGreaterThan(Math.min(bytes.length, limit) - 4)
      }
    )
  )
})
