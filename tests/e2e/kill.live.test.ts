/**
 * The first two of the backups that kill.deep.test.ts kills: one in the middle, one while a command hangs.
 */
import { expect, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { killedBackups } from "../pipelines/support/killedBackups.ts"
import { layerNode } from "../pipelines/support/node.ts"
import { packed } from "./cliProcess.ts"

const seed = 1

layer(layerNode, { excludeTestServices: true })(
  "holdfast, killed at random moments of a backup through commands,",
  (it) => {
    it.effect(`leaves no process behind and a storage that verifies, twice, seed ${seed}`, () =>
      Effect.gen(function*() {
        const { killed, reclaimed, wrong } = yield* killedBackups({ seed, count: 2, program: packed })
        expect(wrong).toEqual([])
        expect(killed).toBeGreaterThan(0)
        expect(reclaimed).toBeGreaterThan(0)
      }))
  }
)
