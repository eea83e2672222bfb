/**
 * A changed backup leaves no trace in a store: what the store took before the change was found is right, and a restore from
 * the unchanged backup continues to the same ledger.
 */
import { describe, expect, it } from "@effect/vitest"
import * as EngineError from "@holdfast/engine/EngineError"
import * as Restore from "@holdfast/engine/Restore"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { genesisWaypoint } from "../golden/support/facts.ts"
import { folderStorage } from "../support/backedUpDevnet.ts"
import { factsOf, restoreInto, whole } from "../support/restoring.ts"
import { leavesNoTrace } from "./corruptTests.ts"

describe.skipIf(!Golden.isPresent)("a backup with a change (skipped where ../shared/golden is absent)", () => {
  // The deep tests make more changes.
  leavesNoTrace("the whole history", 2, 1)

  it.scopedLive("R-4: a store takes neither the ledger of another network nor an earlier target", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const storageOf = (ledger: string) => folderStorage(path.join(Golden.ledgerFolder(ledger), "local-folder"))
      const directory = path.join(folder, "db")
      const at = (ledger: string, targetVersion: number | undefined) =>
        restoreInto(directory, storageOf(ledger), { targetVersion }, {}, (report) => Effect.succeed(factsOf(report)))
      const first = yield* at("small", 150)
      for (const [ledger, target] of [["rich", undefined], ["small", 149], ["testnet-genesis", 300]] as const) {
        const error = yield* Effect.flip(at(ledger, target))
        expect({ ledger, refused: error instanceof EngineError.RestoreRefused }).toEqual({ ledger, refused: true })
      }
      expect(yield* at("small", 150)).toEqual(first)
    }))

  it.scopedLive("R-4: a store for one network refuses another network", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const store = LmdbLedgerStore.layer({ directory, genesisWaypoint: genesisWaypoint("rich") })
      const error = yield* Effect.flip(
        Restore.restore(whole).pipe(
          Effect.provide([store, folderStorage(path.join(Golden.ledgerFolder("small"), "local-folder"))])
        )
      )
      expect({ tag: error._tag, reason: "reason" in error ? error.reason : undefined }).toEqual({
        tag: "LedgerStoreError",
        reason: "Refused"
      })
      const untouched = yield* Effect.provide(Effect.flatMap(LedgerStore.LedgerStore, ({ head }) => head), store)
      expect(untouched.nextVersion).toBe(0)
    }))
})
