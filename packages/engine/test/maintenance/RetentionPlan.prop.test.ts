/**
 * Whatever the storage and the policy: what stays can be restored as before.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Ranges from "@holdfast/engine/Ranges"
import * as RestorableVersions from "@holdfast/engine/RestorableVersions"
import * as RetentionPlan from "@holdfast/engine/RetentionPlan"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { epochEnding, snapshot, transactions } from "../support/metadataEntries.ts"
import { chance, someStorage, viewOf } from "../support/someStorage.ts"

const optional = (number: Effect.Effect<number>) =>
  Effect.flatMap(chance(50), (is) => is ? number : Effect.succeed(undefined))

describe("what a policy keeps", () => {
  it.effect("M-10: can be restored as before, with all epoch endings", () =>
    Effect.gen(function*() {
      let went = 0
      for (let round = 0; round < 400; round++) {
        const { end, entries } = yield* someStorage(40)
        const policy: RetentionPlan.RetentionPolicy = {
          keepSnapshots: yield* Random.nextIntBetween(1, 6),
          keepEvery: yield* optional(Random.nextIntBetween(1, 12)),
          keepHistorySince: yield* optional(Random.nextIntBetween(0, end + 20))
        }
        const view = viewOf(entries)
        const plan = RetentionPlan.make(view, policy)
        const before = RestorableVersions.of(view)
        const after = RestorableVersions.of(viewOf(plan.verdicts.filter(({ kept }) => kept).map(({ entry }) => entry)))
        const of = `round ${round} ${JSON.stringify(policy)}`
        expect(plan.verdicts.length, of).toBe(
          view.epochEndings.length + view.stateSnapshots.length + view.transactions.length
        )
        expect(after.epochs, of).toEqual(before.epochs)

        const usable = before.snapshots.filter(({ missing }) => missing === undefined)
        const stays = new Set(after.snapshots.map(({ version }) => version))
        // The newest stay, and whatever stays and could be restored can be restored.
        for (const { version } of usable.slice(-policy.keepSnapshots)) expect(stays, of).toContain(version)
        expect(after.snapshots.filter(({ missing }) => missing === undefined).map(({ version }) => version), of)
          .toEqual(usable.filter(({ version }) => stays.has(version)).map(({ version }) => version))
        if (policy.keepEvery !== undefined) {
          const buckets = (snapshots: ReadonlyArray<{ readonly epoch: number }>) =>
            new Set(snapshots.map(({ epoch }) => Math.floor(epoch / (policy.keepEvery ?? 1))))
          expect(buckets(after.snapshots.filter(({ missing }) => missing === undefined)), of).toEqual(buckets(usable))
        }
        // Every version from the bound on, and from the newest snapshots on, that could be restored still can be.
        const from = policy.keepHistorySince ?? usable.at(-policy.keepSnapshots)?.version ?? usable[0]?.version ?? 0
        for (const { first, last } of before.restorable) {
          for (const version of [Math.max(first, from), last]) {
            if (version < from || version < first || version > last) continue
            expect(Ranges.holding(after.restorable, version), `${of} version ${version}`).toBeDefined()
          }
        }
        if (policy.keepHistorySince === undefined) expect(after.transactions, of).toEqual(before.transactions)
        expect(plan.verdicts.every(({ why }) => why !== ""), of).toBe(true)
        went += plan.verdicts.filter(({ kept }) => !kept).length
      }
      expect(went).toBeGreaterThan(500)
    }).pipe(Effect.withRandom(Random.make("retention 1"))))

  it("is explained", () => {
    const entries = [
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((epoch) => epochEnding(epoch)),
      ...[0, 2, 4, 5, 7].map((epoch) => snapshot(epoch)),
      transactions(0, 15),
      transactions(16, 30),
      transactions(31, 45),
      transactions(46, 60)
    ]
    const told = (policy: RetentionPlan.RetentionPolicy) =>
      RetentionPlan.make(viewOf(entries), policy).verdicts
        .filter(({ entry }) => entry._tag !== "EpochEndingBackup")
        .map(({ entry, kept, why }) => `${kept ? "+" : "-"} ${entry.value.manifest.replace(/\..*/, "")}: ${why}`)
    expect(told({ keepSnapshots: 1, keepEvery: 4, keepHistorySince: 55 })).toEqual([
      "+ state_epoch_0_ver_0: the first of the 4 epochs from 0 on",
      "- state_epoch_2_ver_20: newer ones are kept",
      "+ state_epoch_4_ver_40: the first of the 4 epochs from 4 on",
      "+ state_epoch_5_ver_50: history since 55 starts from it",
      "+ state_epoch_7_ver_70: the newest that can be restored",
      "+ transaction_0-: it holds version 0, of the snapshot of epoch 0",
      "- transaction_16-: before version 50, and no snapshot that is kept needs it",
      "+ transaction_31-: it holds version 40, of the snapshot of epoch 4",
      "+ transaction_46-: it holds versions from 50 on"
    ])
    const nothing = RetentionPlan.make(viewOf(entries.slice(1)), {
      keepSnapshots: 1,
      keepEvery: undefined,
      keepHistorySince: 0
    })
    expect(nothing.verdicts.every(({ kept }) => kept)).toBe(true)
    expect(nothing.notes).toEqual(["no snapshot can be restored, so nothing goes"])
  })
})
