/**
 * The first of the runs of `pnpm soak simulate`, shorter; and what the runs are worth: they find a mistake.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { simulate } from "./simulation.ts"
import { keepWhatMustHold } from "./simulationTests.ts"

describe("coordinators, compactors, clean-ups and verifiers, killed at random on a storage to which everything happens,", () => {
  keepWhatMustHold(1)

  it.live("are found out where clean-up takes what is young", () =>
    Effect.gen(function*() {
      // Without its report, which is too long to be printed where nothing is found.
      const broken = yield* Effect.flip(Effect.asVoid(simulate({ seed: 1, steps: 60, cleanupAgeSeconds: 0 })))
      expect(broken.message).toContain("--seed 1 --count 1")
      expect(broken.found.join()).toMatch(/is listed, but .* is not complete/)
    }))
})
