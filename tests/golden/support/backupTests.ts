/**
 * Tests that backups taken from a recorded node equal those that the reference tool took from it, file for file and byte
 * for byte, random suffixes aside.
 */
import { it } from "@effect/vitest"
import type * as Golden from "@holdfast/testkit/Golden"
import * as GoldenNode from "@holdfast/testkit/GoldenNode"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { expectGoldenBackups } from "./goldenBackups.ts"
import { serve } from "./serving.ts"

export const backupsEqual = (ledger: Golden.ServedLedger, layout: "local-folder" | "gzip-commands") =>
  it.scopedLive(`backups of ${ledger} equal ${layout}`, () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      // Not all proofs of this one were recorded.
      const address = ledger === "rich" ? yield* serve(ledger) : (yield* GoldenNode.make(ledger)).address
      yield* expectGoldenBackups(address, ledger, layout, folder)
    }))
