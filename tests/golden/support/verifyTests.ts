/**
 * Tests that the verifier accepts storages that the reference tool wrote, with the numbers that stand in their facts.
 */
import { it } from "@effect/vitest"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Verify from "@holdfast/engine/Verify"
import * as Golden from "@holdfast/testkit/Golden"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { expect } from "vitest"
import { factsOf, genesisWaypoint, type GoldenStorage } from "./facts.ts"
import { layerOf } from "./storages.ts"

export const isValid = ({ layout, ledger }: GoldenStorage) =>
  it.scopedLive(`${ledger}/${layout} is valid`, () =>
    Effect.gen(function*() {
      const facts = factsOf(ledger)
      const genesis = facts.epoch_endings[0]?.waypoint ?? ""
      const report = yield* Verify.verify({
        allSnapshots: true,
        strict: true,
        requireWaypoint: true,
        trustedWaypoints: [genesisWaypoint(ledger)]
      })
      expect(report.errors).toEqual([])
      expect(report.unverified).toEqual([])
      expect(report.ok).toBe(true)
      expect(report.trust).toBe(`waypoint ${genesis}`)
      const lastEnding = facts.epoch_endings.at(-1)
      expect(report.epochEndings).toEqual({
        firstEpoch: 0,
        lastEpoch: lastEnding?.epoch,
        lastVersion: lastEnding?.version,
        verified: facts.epoch_endings.length
      })
      for (const snapshot of report.stateSnapshots) {
        const ending = facts.epoch_endings[snapshot.epoch]
        expect(snapshot).toEqual({
          epoch: ending?.epoch,
          version: ending?.version,
          items: ending?.state_items,
          rootHash: ending?.state_root
        })
      }
      const view = yield* MetadataView.load({ concurrency: 4 })
      const state = MetadataView.storageState(view)
      expect(report.stateSnapshots.length).toBe(view.stateSnapshots.length)
      expect(report.stateSnapshot?.epoch).toBe(state.latestStateSnapshotEpoch)
      const lastVersion = state.latestTransactionVersion ?? -1
      expect(report.transactions).toEqual({ firstVersion: 0, lastVersion, count: lastVersion + 1 })
    }).pipe(Effect.provide(layerOf(layout, path.join(Golden.ledgerFolder(ledger), layout)))))
