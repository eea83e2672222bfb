/**
 * The first of the writes that `pnpm soak commands` makes.
 */
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { faultedWrites, objections } from "./support/faultedWrites.ts"

const seed = 1

it.live(`250 writes of which every second one goes wrong leave nothing, seed ${seed}`, () =>
  Effect.gen(function*() {
    const report = yield* faultedWrites({ seed, count: 250 })
    expect(objections(report)).toEqual([])
    expect(report.faults.size).toBeGreaterThan(20)
  }))
