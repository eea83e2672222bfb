/**
 * The first of the runs of `pnpm soak simulate`, shorter; and what they are worth: they are the same again, and they find
 * a mistake.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { simulate } from "./simulation.ts"

describe("coordinators, compactors, clean-ups and verifiers, killed at random on a storage to which everything happens,", () => {
  for (const seed of [1, 2]) {
    it.live(
      `C-8, M-1, M-6: keep what must hold, and catch up when the faults stop, seed ${seed}`,
      () =>
        Effect.gen(function*() {
          const { faults, killed, started } = yield* simulate({ seed, steps: 50 })
          expect(started).toBeGreaterThan(15)
          expect(killed).toBeGreaterThan(3)
          expect(faults).toBeGreaterThan(20)
        }),
      60_000
    )
  }

  it.live("do the same again from the same seed", () =>
    Effect.gen(function*() {
      const first = yield* simulate({ seed: 5, steps: 25 })
      expect(first.log.length).toBeGreaterThan(100)
      expect(yield* simulate({ seed: 5, steps: 25 })).toEqual(first)
    }))

  it.live("are found out where clean-up takes what is young", () =>
    Effect.gen(function*() {
      // Without its report, which is too long to be printed where nothing is found.
      const broken = yield* Effect.flip(Effect.asVoid(simulate({ seed: 1, steps: 60, cleanupAgeSeconds: 0 })))
      expect(broken.message).toContain("--seed 1 --count 1")
      expect(broken.found.join()).toMatch(/is listed, but .* is not complete/)
    }))
})
