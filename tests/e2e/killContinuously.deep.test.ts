/**
 * The first of the coordinators that `pnpm soak kill-continuously` kills.
 */
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { killedCoordinators } from "../support/killedCoordinators.ts"
import { packed } from "./cliProcess.ts"

it.live("C-8: a coordinator that is killed again and again leaves a storage that verifies, seed 1", () =>
  Effect.gen(function*() {
    const { killed, wrong } = yield* killedCoordinators({ count: 2, seed: 1, program: packed })
    expect(wrong).toEqual([])
    expect(killed).toBe(2)
  }))
