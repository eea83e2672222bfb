/**
 * One more of the runs of `pnpm soak simulate`; and runs are the same again.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { simulate } from "./simulation.ts"
import { keepWhatMustHold } from "./simulationTests.ts"

describe("coordinators, compactors, clean-ups and verifiers, killed at random on a storage to which everything happens,", () => {
  keepWhatMustHold(2)

  it.live("do the same again from the same seed", () =>
    Effect.gen(function*() {
      const first = yield* simulate({ seed: 5, steps: 25 })
      expect(first.log.length).toBeGreaterThan(100)
      expect(yield* simulate({ seed: 5, steps: 25 })).toEqual(first)
    }))
})
