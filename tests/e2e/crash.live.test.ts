/**
 * One of the crashes of crash.deep.test.ts.
 */
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { crashes } from "../support/crashes.ts"
import { restoringBackup } from "../support/restoringBackup.ts"
import { packed } from "./cliProcess.ts"

describe("holdfast restore bootstrap-db, killed at a random moment,", () => {
  it.scopedLive("R-2: comes to the same ledger, newest state, seed 1", () =>
    Effect.gen(function*() {
      const restore = yield* restoringBackup(yield* TempDirectory.make, "newest state")
      const { killed, wrong } = yield* crashes(restore, { seed: 1, count: 1, program: packed })
      expect(wrong).toEqual([])
      expect(killed).toBe(1)
    }))
})
