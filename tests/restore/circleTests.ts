/**
 * The circle from a development network in which items come, go and come again: network, backup, restore, the same
 * network; by its whole history, and from the newest state before chosen versions.
 */
import { expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { answersOf, objectionsToWhole } from "../support/answers.ts"
import { backedUpDevnet, folderStorage } from "../support/backedUpDevnet.ts"
import { factsOf, restoreInto, whole } from "../support/restoring.ts"
import { serve } from "../support/servedStore.ts"

const seed = 21
/** How many transactions a backup has. */
export const transactionsPerBackup = 150

export interface Circle {
  readonly epochs: number
  /** The epochs whose states are backed up, in ascending order. */
  readonly snapshots: ReadonlyArray<number>
  /** The versions to restore up to, by the versions that end epochs and by the newest version. */
  readonly targets: (ending: (epoch: number) => number, latest: number) => ReadonlyArray<number>
}

export const isTheSameAgain = ({ epochs, snapshots, targets }: Circle) =>
  it.scopedLive(`R-5: is the same again, ${epochs} epochs, seed ${seed}`, () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const storage = folderStorage(path.join(folder, "storage"))
      const { store, summary } = yield* backedUpDevnet(
        { seed, epochs, blocksPerEpoch: 3, transactionsPerBlock: 4, items: 120 },
        { snapshots, transactionsPerBackup, maxChunkBytes: 8_000 },
        path.join(folder, "storage")
      )
      const expected = yield* Effect.scoped(Effect.flatMap(serve(store), answersOf))
      yield* restoreInto(path.join(folder, "whole"), storage, whole, {}, (_, restored) =>
        Effect.gen(function*() {
          expect(objectionsToWhole(expected, yield* answersOf(yield* serve(restored)))).toEqual([])
        }))

      const endings = summary.epochEndings.map(({ version }) => version)
      for (const targetVersion of targets((epoch) => endings[epoch] ?? 0, summary.latestVersion)) {
        const at = (name: string) => path.join(folder, `${name} ${targetVersion}`)
        const facts = (name: string, goal: Parameters<typeof restoreInto>[2]) =>
          restoreInto(at(name), storage, goal, {}, (report) => Effect.succeed(factsOf(report)))
        const replayed = yield* facts("replayed", { targetVersion, historyStartVersion: 0 })
        const { transactions, ...newest } = yield* facts("newest", { targetVersion })
        expect(newest).toEqual({ ...newest, ...replayed, transactions: undefined })
        expect(replayed.transactions).toBe(targetVersion + 1)
        const base = snapshots.toReversed().map((epoch) => endings[epoch] ?? 0).find((version) =>
          version <= targetVersion
        ) ?? -1
        expect(transactions).toBe(targetVersion - base)
      }
    }))
