/** Tests of the simulation. */
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { simulate } from "./simulation.ts"

export const keepWhatMustHold = (seed: number) =>
  it.live(`C-8, M-1, M-6: keep what must hold, and catch up when the faults stop, seed ${seed}`, () =>
    Effect.gen(function*() {
      const { faults, killed, started } = yield* simulate({ seed, steps: 50 })
      expect(started).toBeGreaterThan(15)
      expect(killed).toBeGreaterThan(3)
      expect(faults).toBeGreaterThan(20)
    }))
