/**
 * Tests that a backup in which something is changed leaves no trace in a store: whatever came in before the change was
 * found is right, and a restore from the unchanged backup goes on from there to the same ledger.
 */
import { expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { changed } from "../golden/support/checkMutations.ts"
import { genesisWaypoint } from "../golden/support/facts.ts"
import { mutationsOf } from "../golden/support/mutations.ts"
import { folderStorage } from "../support/backedUpDevnet.ts"
import { factsOf, restoreInto, whole } from "../support/restoring.ts"

const seed = 5

/** The second restore reads fewer files. */
const goals = { "the whole history": whole, "the newest state on": {} } as const

/** Restores of backups with a change: how many changes, and how many of them must be noticed at least. */
export const leavesNoTrace = (name: keyof typeof goals, changes: number, noticed: number) =>
  it.scopedLive(`R-1: restored from ${name}, leaves no trace, ${changes} times, seed ${seed}`, () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const storageFolder = path.join(folder, "storage")
      fs.cpSync(path.join(Golden.ledgerFolder("small"), "local-folder"), storageFolder, { recursive: true })
      const settings = { trustedWaypoints: [genesisWaypoint("small")], requireWaypoint: true }
      const restoreTo = (directory: string) =>
        restoreInto(
          directory,
          folderStorage(storageFolder),
          goals[name],
          settings,
          (report) => Effect.succeed(factsOf(report))
        )
      const expected = yield* restoreTo(path.join(folder, "expected"))

      let refused = 0
      for (const [index, mutation] of mutationsOf(storageFolder, seed, changes).entries()) {
        const directory = path.join(folder, `store ${index}`)
        const outcome = yield* Effect.scoped(
          Effect.zipRight(changed(storageFolder, mutation), Effect.either(restoreTo(directory)))
        )
        if (outcome._tag === "Left") refused += 1
        // What it holds now must be part of the ledger: from there on the true backup leads to the same.
        const mended = yield* restoreTo(directory)
        expect({ file: mutation.file, what: mutation.what, ...mended }).toEqual({
          file: mutation.file,
          what: mutation.what,
          ...expected,
          // A change that hides a newer state lets the history begin with an older one.
          transactions: expect.any(Number)
        })
      }
      expect(refused).toBeGreaterThanOrEqual(noticed)
    }))
