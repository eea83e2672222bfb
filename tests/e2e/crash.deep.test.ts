/**
 * The first of the runs that `pnpm soak crash-devnet`, `crash-restore` and `crash-bootstrap` kill.
 */
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { crashes } from "../support/crashes.ts"
import { growingDevnet } from "../support/growingDevnet.ts"
import { restoringBackup } from "../support/restoringBackup.ts"
import { packed } from "./cliProcess.ts"

const seed = 1
const count = 2

describe("holdfast node devnet --db, killed at random moments,", () => {
  it.scopedLive(`S-5: goes on to the same ledger, ${count} times, seed ${seed}`, () =>
    Effect.gen(function*() {
      const { killed, wrong } = yield* crashes(growingDevnet, { seed, count, program: packed })
      expect(wrong).toEqual([])
      expect(killed).toBe(count)
    }))
})

describe("holdfast restore bootstrap-db, killed at random moments,", () => {
  for (const history of ["whole", "newest state"] as const) {
    it.scopedLive(`R-2: comes to the same ledger, ${history}, ${count} times, seed ${seed}`, () =>
      Effect.gen(function*() {
        const program = yield* restoringBackup(yield* TempDirectory.make, history)
        const { killed, wrong } = yield* crashes(program, { seed, count, program: packed })
        expect(wrong).toEqual([])
        expect(killed).toBe(count)
      }))
  }
})
