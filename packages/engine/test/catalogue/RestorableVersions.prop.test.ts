/**
 * What is said to be restorable is what a restore would accept as its target, version by version.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Ranges from "@holdfast/engine/Ranges"
import * as RestorableVersions from "@holdfast/engine/RestorableVersions"
import * as RestorePlan from "@holdfast/engine/RestorePlan"
import * as Status from "@holdfast/engine/Status"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { epochEnding, snapshot, transactions } from "../support/metadataEntries.ts"
import { someStorage, viewOf } from "../support/someStorage.ts"

const emptyStore = { nextEpoch: 0, state: Option.none(), firstVersion: 0, nextVersion: 0 }

describe("extent", () => {
  it.effect("M-1: agrees with the plans of a restore", () =>
    Effect.gen(function*() {
      let restorable = 0
      let not = 0
      for (let round = 0; round < 300; round++) {
        const { end, entries } = yield* someStorage(8)
        const view = viewOf(entries)
        const extent = RestorableVersions.of(view)
        for (let targetVersion = 0; targetVersion <= end + 50; targetVersion++) {
          const goal = { targetVersion, historyStartVersion: undefined, skipEpochEndings: false }
          const planned = Either.isRight(RestorePlan.make(view, goal, emptyStore))
          const said = Ranges.holding(extent.restorable, targetVersion) !== undefined
          // A plan does not know what is beyond a missing epoch ending before it comes to it.
          if (said || extent.missingEpochs === undefined) {
            expect(said, `round ${round}, version ${targetVersion}`).toBe(planned && extent.history !== undefined)
          }
          if (said) restorable += 1
          else not += 1
        }
        const highest = extent.restorable.at(-1)?.last
        expect(Status.limitsOf(extent).length > 0).toBe(highest !== extent.newestVersion)
        expect(Status.holesOf(extent).length).toBe(Math.max(0, extent.restorable.length - 1))
      }
      expect(Math.min(restorable, not)).toBeGreaterThan(1_000)
    }).pipe(Effect.withRandom(Random.make("extent 1"))))

  it.effect("joined ranges and gaps hold each number once", () =>
    Effect.gen(function*() {
      for (let round = 0; round < 500; round++) {
        const ranges = yield* Effect.replicateEffect(
          Effect.map(
            Effect.all([Random.nextIntBetween(0, 60), Random.nextIntBetween(0, 9)]),
            ([first, more]) => ({ first, last: first + more })
          ),
          yield* Random.nextIntBetween(0, 12)
        )
        const joined = Ranges.join(ranges)
        const gaps = Ranges.gaps(joined, 0)
        for (let number = 0; number <= (joined.at(-1)?.last ?? -1); number++) {
          const held = ranges.some(({ first, last }) => first <= number && number <= last)
          expect(joined.filter(({ first, last }) => first <= number && number <= last).length).toBe(held ? 1 : 0)
          expect(gaps.filter(({ first, last }) => first <= number && number <= last).length).toBe(held ? 0 : 1)
        }
      }
    }).pipe(Effect.withRandom(Random.make("ranges 1"))))

  const epochs = [0, 1, 2, 3].map((epoch) => epochEnding(epoch))
  const cases: ReadonlyArray<
    readonly [title: string, entries: Parameters<typeof viewOf>[0], limit: string | undefined]
  > = [
    ["nothing at all", [], "there is no backup"],
    ["all of it", [...epochs, snapshot(3), transactions(0, 30)], undefined],
    ["no epoch endings", [snapshot(0), transactions(0, 30)], "there are no epoch endings, so nothing can be proven"],
    [
      "neither snapshot nor beginning",
      [...epochs, transactions(5, 30)],
      "there is neither a state snapshot to start from nor transaction 0"
    ],
    [
      "a batch that is not full yet",
      [...epochs, snapshot(0), transactions(0, 20)],
      "no transactions after version 20 are backed up yet: a batch is when it is full"
    ],
    [
      "a gap in the transactions",
      [...epochs, snapshot(0), transactions(0, 20), transactions(25, 30)],
      "transactions 21 to 24 are in no backup"
    ],
    [
      "a gap in the epochs",
      [...epochs.filter((_, epoch) => epoch !== 1), snapshot(3), transactions(0, 30)],
      "the ending of epoch 1 is in no backup, so nothing after it can be proven"
    ],
    [
      "a snapshot ahead of the epochs",
      [...epochs.slice(0, 2), snapshot(3), transactions(0, 30)],
      "the ending of epochs 2 to 3 is in no backup, so nothing after it can be proven"
    ]
  ]
  for (const [title, entries, limit] of cases) {
    it(`why no more can be restored: ${title}`, () => {
      expect(Status.limitsOf(RestorableVersions.of(viewOf(entries)))).toEqual(limit === undefined ? [] : [limit])
    })
  }
})
