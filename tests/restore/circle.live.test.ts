/**
 * A development network of 50 epochs, in which items are created, deleted and created again, is backed up and restored: with
 * its whole history, and from the newest state before every kind of version. The restored network is the same.
 */
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { answersOf, objectionsToWhole } from "../support/answers.ts"
import { backedUpDevnet, folderStorage } from "../support/backedUpDevnet.ts"
import { factsOf, restoreInto, whole } from "../support/restoring.ts"
import { serve } from "../support/servedStore.ts"

const seed = 21
const transactionsPerBackup = 150

/** Two states, the epochs around them, both sides of a backup's end, the ends of the ledger, and somewhere within. */
const targetsOf = (endings: ReadonlyArray<number>, latest: number): ReadonlyArray<number> => {
  const ending = (epoch: number) => endings[epoch] ?? 0
  return [
    ending(20) - 1,
    ending(20),
    ending(20) + 1,
    ending(33),
    ending(40) + 2,
    4 * transactionsPerBackup - 1,
    4 * transactionsPerBackup,
    3,
    0,
    latest
  ]
}

describe("a network of 50 epochs, backed up and restored,", () => {
  it.scopedLive(`R-5: is the same network, seed ${seed}`, () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const storage = folderStorage(path.join(folder, "storage"))
      const { store, summary } = yield* backedUpDevnet(
        { seed, epochs: 50, blocksPerEpoch: 3, transactionsPerBlock: 4, items: 120 },
        { snapshots: [20, 40], transactionsPerBackup, maxChunkBytes: 8_000 },
        path.join(folder, "storage")
      )
      const expected = yield* Effect.scoped(Effect.flatMap(serve(store), answersOf))
      yield* restoreInto(path.join(folder, "whole"), storage, whole, {}, (_, restored) =>
        Effect.gen(function*() {
          expect(objectionsToWhole(expected, yield* answersOf(yield* serve(restored)))).toEqual([])
        }))

      const endings = summary.epochEndings.map(({ version }) => version)
      for (const targetVersion of targetsOf(endings, summary.latestVersion)) {
        const at = (name: string) => path.join(folder, `${name} ${targetVersion}`)
        const facts = (name: string, goal: Parameters<typeof restoreInto>[2]) =>
          restoreInto(at(name), storage, goal, {}, (report) => Effect.succeed(factsOf(report)))
        const replayed = yield* facts("replayed", { targetVersion, historyStartVersion: 0 })
        const { transactions, ...newest } = yield* facts("newest", { targetVersion })
        expect(newest).toEqual({ ...newest, ...replayed, transactions: undefined })
        expect(replayed.transactions).toBe(targetVersion + 1)
        const base = [40, 20].map((epoch) => endings[epoch] ?? 0).find((version) => version <= targetVersion) ?? -1
        expect(transactions).toBe(targetVersion - base)
      }
    }))
})
