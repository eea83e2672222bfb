/**
 * Backups taken from a recorded node equal those that the reference tool took from it, file for file and byte for byte,
 * random suffixes aside.
 */
import { describe, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as GoldenNode from "@holdfast/testkit/GoldenNode"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { expectGoldenBackups } from "./support/goldenBackups.ts"
import { serve } from "./support/serving.ts"

describe.skipIf(!Golden.isPresent)("golden node (skipped where ../shared/golden is absent)", () => {
  for (const ledger of ["small", "testnet-genesis", "rich"] as const) {
    for (const layout of ["local-folder", "gzip-commands"] as const) {
      it.scopedLive(`backups of ${ledger} equal ${layout}`, () =>
        Effect.gen(function*() {
          const folder = yield* TempDirectory.make
          // Not all proofs of this one were recorded.
          const address = ledger === "rich" ? yield* serve(ledger) : (yield* GoldenNode.make(ledger)).address
          yield* expectGoldenBackups(address, ledger, layout, folder)
        }))
    }
  }
})
