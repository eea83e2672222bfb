/**
 * The first of the runs that `pnpm soak crash-devnet` kills.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { crashes } from "../support/crashes.ts"
import { growingDevnet } from "../support/growingDevnet.ts"

const seed = 1

describe("holdfast node devnet --db, killed at random moments,", () => {
  it.scopedLive(`S-5: goes on to the same ledger, 5 times, seed ${seed}`, () =>
    Effect.gen(function*() {
      const { killed, wrong } = yield* crashes(growingDevnet, { seed, count: 5 })
      expect(wrong).toEqual([])
      expect(killed).toBe(5)
    }))
})
