/**
 * Tests that the circle closes: a storage that the reference tool wrote is restored into a store, whose service answers
 * what the node answered, byte for byte, and whose backups are those that were restored.
 */
import { it } from "@effect/vitest"
import type * as Restore from "@holdfast/engine/Restore"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { expect } from "vitest"
import { restoreInto } from "../../support/restoring.ts"
import { serve } from "../../support/servedStore.ts"
import { factsOf, genesisWaypoint, type GoldenStorage } from "./facts.ts"
import { expectGoldenBackups } from "./goldenBackups.ts"
import { expectRecordedAnswers } from "./recordedAnswers.ts"
import { layerOf } from "./storages.ts"

/** Where the transactions of `small/continuous` end. */
const continuousVersion = 200

/** Restores with these bounds into a store of its own, and looks at it. */
const restored = <A, E, R>(
  { layout, ledger }: GoldenStorage,
  goal: Parameters<typeof restoreInto>[2],
  look: (report: Restore.RestoreReport, store: LedgerStore.Service) => Effect.Effect<A, E, R>
) =>
  Effect.flatMap(TempDirectory.make, (directory) =>
    restoreInto(
      path.join(directory, "db"),
      layerOf(layout, path.join(Golden.ledgerFolder(ledger), layout)),
      goal,
      { requireWaypoint: true, trustedWaypoints: [genesisWaypoint(ledger)] },
      look
    ))

const isServed = (ledger: string): ledger is Golden.ServedLedger => Golden.servedLedgers.some((each) => each === ledger)

export const comesBackWhole = (storage: GoldenStorage) => {
  const { layout, ledger } = storage
  it.scopedLive(`${ledger}/${layout} comes back whole`, () =>
    restored(storage, { historyStartVersion: 0 }, (report, store) =>
      Effect.gen(function*() {
        const facts = factsOf(ledger)
        if (layout === "continuous") {
          // Its last batch of transactions is not full.
          expect(report).toMatchObject({ version: continuousVersion, transactions: continuousVersion + 1 })
          return
        }
        expect(report).toMatchObject({
          version: facts.latest_version,
          epoch: facts.latest_epoch,
          accumulatorRoot: facts.latest_accumulator_root,
          transactions: facts.latest_version + 1
        })
        for (const { state_items: items, state_root: root, version } of facts.epoch_endings) {
          expect(yield* store.stateItemCount(version)).toBe(items)
          const [{ transactionInfo }] = yield* store.stateRootProof(version)
          expect(HashValue.format(transactionInfo.value.stateCheckpointHash ?? HashValue.zero)).toBe(root)
        }
        if (!isServed(ledger)) return
        const address = yield* serve(store)
        yield* expectRecordedAnswers(address, ledger)
        yield* expectGoldenBackups(address, ledger, layout, yield* TempDirectory.make)
      })))
}

export const comesBackFromItsNewestSnapshot = (storage: GoldenStorage) => {
  const { layout, ledger } = storage
  // Through commands nothing else is restored, only slower.
  if (layout === "gzip-commands") return
  it.scopedLive(`${ledger}/${layout} comes back from its newest snapshot, at every kind of boundary`, () =>
    Effect.gen(function*() {
      const facts = factsOf(ledger)
      const ending = facts.epoch_endings.at(-1)
      const before = facts.epoch_endings.at(-2)
      if (ending === undefined || before === undefined) return yield* Effect.dieMessage("no epochs")
      const inOpenEpoch = layout === "continuous" ? [] : [ending.version + 1]
      const targets = [undefined, ending.version, ...inOpenEpoch, before.version + 1, before.version, 7, 0]
      for (const targetVersion of targets) {
        yield* restored(
          storage,
          targetVersion === undefined ? {} : { targetVersion },
          (report, store) =>
            Effect.gen(function*() {
              const version = targetVersion ?? (layout === "continuous" ? ending.version : facts.latest_version)
              expect(report.version).toBe(version)
              const known = facts.epoch_endings.find((each) => each.version === version)
              if (known !== undefined) {
                expect(report).toMatchObject({ stateRoot: known.state_root, items: known.state_items })
              }
              const { nextVersion } = yield* store.head
              expect(nextVersion).toBe(version + 1)
            })
        )
      }
    }))
}
