/**
 * The first seeds of `pnpm soak simulate`.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { simulate } from "./simulation.ts"

describe("coordinators, compactors, clean-ups and verifiers on a storage to which everything happens", () => {
  for (let seed = 1; seed <= 4; seed++) {
    it.live(`C-1 to C-8, M-1 to M-9: keep what must hold, and catch up when the faults stop, seed ${seed}`, () =>
      Effect.gen(function*() {
        const report = yield* simulate({ seed, steps: 150 })
        expect(report.killed).toBeGreaterThan(10)
        expect(report.faults).toBeGreaterThan(50)
        console.log({ ...report, log: report.log.length })
      }))
  }
})
