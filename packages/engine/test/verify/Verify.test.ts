/**
 * What verify finds in a complete storage, by its options.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import { between, epochEndings, stateSnapshot, transactions } from "../support/backups.ts"
import { clientOf } from "../support/memoryNode.ts"
import { makeStorage } from "../support/memoryStorage.ts"
import {
  everythingOf,
  faults,
  genesisOf,
  layerStored,
  snapshotOf,
  StoredBackups,
  verifyFiles,
  verifyIn,
  waypointOf
} from "../support/storedBackups.ts"

layer(layerStored)("verify", (it) => {
  describe("a complete storage", () => {
    it.effect("is valid, with the numbers of the network", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const genesis = genesisOf(stored)
        const report = yield* verifyFiles(stored.files, {
          strict: true,
          requireWaypoint: true,
          allSnapshots: true,
          trustedWaypoints: [genesis]
        })
        expect(report).toMatchObject({
          ok: true,
          trust: `waypoint ${Waypoint.format(genesis)}`,
          ...everythingOf(stored),
          stateSnapshots: [snapshotOf(stored, 2), snapshotOf(stored, 4)],
          unverified: [],
          errors: [],
          notes: []
        })
      }))

    for (const concurrentDownloads of [1, 2, 5]) {
      it.effect(`O-11: reads no more than ${concurrentDownloads} files at a time, and closes them`, () =>
        Effect.gen(function*() {
          const stored = yield* StoredBackups
          const memory = makeStorage({}, stored.files)
          const report = yield* verifyIn(memory, { concurrentDownloads, allSnapshots: true })
          expect(report).toMatchObject({ ok: true, ...everythingOf(stored) })
          expect(memory.open).toMatchObject({ reads: 0, mostReads: concurrentDownloads })
        }))
    }
  })

  describe("trust", () => {
    it.effect("epoch 0 is taken as it stands, with a note, or is refused if a waypoint is required", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const report = yield* verifyFiles(stored.files)
        expect(report).toMatchObject({ ok: true, trust: "genesis", errors: [], unverified: [] })
        expect(report.notes).toContainEqual(expect.stringContaining(`waypoint ${Waypoint.format(genesisOf(stored))}`))
        const refused = yield* verifyFiles(stored.files, { requireWaypoint: true })
        expect(refused).toMatchObject({ ok: false, trust: "genesis", ...everythingOf(stored) })
        expect(faults(refused)).toEqual(["Unverifiable metadata"])
      }))

    it.effect("a later waypoint does not replace the genesis waypoint", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const waypoint = waypointOf(stored.summary.epochEndings[2]?.waypoint)
        const report = yield* verifyFiles(stored.files, { trustedWaypoints: [waypoint] })
        expect(report).toMatchObject({ ok: true, trust: `waypoint ${Waypoint.format(waypoint)}`, unverified: [] })
        const refused = yield* verifyFiles(stored.files, { trustedWaypoints: [waypoint], requireWaypoint: true })
        expect(faults(refused)).toEqual(["Unverifiable metadata"])
      }))

    for (const epoch of [0, 1, 4]) {
      it.effect(`a wrong waypoint of epoch ${epoch} is an error`, () =>
        Effect.gen(function*() {
          const stored = yield* StoredBackups
          const { version } = waypointOf(stored.summary.epochEndings[epoch]?.waypoint)
          const wrong = { version, value: new Uint8Array(32).fill(7) }
          const report = yield* verifyFiles(stored.files, { trustedWaypoints: [wrong] })
          expect(report.ok).toBe(false)
          expect(report.errors[0]).toMatchObject({
            reason: "ProofFailed",
            message: expect.stringContaining(Waypoint.format(wrong))
          })
          expect(report.epochEndings?.lastEpoch).toBe(epoch === 0 ? undefined : epoch - 1)
        }))
    }

    it.effect("a waypoint of a version that ends no epoch is unverified, and an error if strict", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const waypoint = { version: 1, value: new Uint8Array(32) }
        const request = { trustedWaypoints: [genesisOf(stored), waypoint] }
        const report = yield* verifyFiles(stored.files, request)
        expect(report).toMatchObject({
          ok: true,
          unverified: [{
            what: `trusted waypoint ${Waypoint.format(waypoint)}`,
            why: expect.stringContaining("version 1")
          }]
        })
        const strict = yield* verifyFiles(stored.files, { ...request, strict: true })
        expect(strict).toMatchObject({ ok: false, ...everythingOf(stored) })
        expect(strict.errors).toMatchObject([{
          reason: "Unverifiable",
          file: `trusted waypoint ${Waypoint.format(waypoint)}`
        }])
      }))

    it.effect("two waypoints for one version are refused, the same waypoint twice is not", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const genesis = genesisOf(stored)
        const memory = makeStorage({ list: () => Effect.dieMessage("nothing is to be read") }, stored.files)
        const other = { version: genesis.version, value: new Uint8Array(32) }
        expect(yield* Effect.flip(verifyIn(memory, { trustedWaypoints: [genesis, other] }))).toMatchObject({
          _tag: "ImpossibleRequest",
          detail: expect.stringContaining(Waypoint.format(other))
        })
        expect((yield* verifyFiles(stored.files, { trustedWaypoints: [genesis, genesis], strict: true })).ok).toBe(true)
      }))
  })

  describe("selections", () => {
    it.effect("versions that begin and end within chunks", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const { middle, summary } = stored
        for (
          const [startVersion, endVersion] of [
            [1, 1],
            [3, 11],
            [middle - 1, middle + 2],
            [middle, middle],
            [middle + 1, middle + 1],
            [summary.latestVersion, summary.latestVersion],
            [7, undefined]
          ] as const
        ) {
          const report = yield* verifyFiles(stored.files, { startVersion, endVersion })
          const lastVersion = endVersion ?? summary.latestVersion
          expect(report).toMatchObject({
            ok: true,
            transactions: { firstVersion: startVersion, lastVersion, count: lastVersion - startVersion + 1 },
            errors: []
          })
        }
      }))

    it.effect("a reversed range is refused", () =>
      Effect.gen(function*() {
        const { files } = yield* StoredBackups
        expect(yield* Effect.flip(verifyFiles(files, { startVersion: 5, endVersion: 4 }))).toMatchObject({
          _tag: "ImpossibleRequest"
        })
      }))

    it.effect("an end beyond the backups is a gap, and the backups are verified", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const { latestVersion } = stored.summary
        const report = yield* verifyFiles(stored.files, { startVersion: 2, endVersion: latestVersion + 5 })
        expect(report).toMatchObject({
          ok: false,
          transactions: { firstVersion: 2, lastVersion: latestVersion, count: latestVersion - 1 },
          errors: [{
            reason: "Gap",
            message: expect.stringContaining(`version ${latestVersion + 1} to ${latestVersion + 5}`)
          }]
        })
        const beyond = yield* verifyFiles(stored.files, { startVersion: latestVersion + 1 })
        expect(beyond).toMatchObject({ ok: false, transactions: null, errors: [{ reason: "Gap" }] })
      }))

    it.effect("the newest snapshot at or before a version is verified; if there is none, that is a gap", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const [older, newer] = [snapshotOf(stored, 2), snapshotOf(stored, 4)]
        for (
          const [stateSnapshotBeforeVersion, expected] of [
            [older.version, older],
            [newer.version - 1, older],
            [newer.version, newer],
            [undefined, newer]
          ] as const
        ) {
          const report = yield* verifyFiles(stored.files, { stateSnapshotBeforeVersion })
          expect(report).toMatchObject({ ok: true, stateSnapshot: expected, stateSnapshots: [expected] })
          expect(report.notes).toContainEqual(expect.stringMatching(/^1 other state snapshot was not asked for/))
        }
        const none = yield* verifyFiles(stored.files, { stateSnapshotBeforeVersion: older.version - 1 })
        expect(none).toMatchObject({
          ok: false,
          stateSnapshot: null,
          transactions: everythingOf(stored).transactions,
          errors: [{ reason: "Gap", message: expect.stringContaining(`at or before version ${older.version - 1}`) }]
        })
      }))

    it.effect("without epoch endings nothing is proven, and everything is listed as unverified", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const request = { skipEpochEndings: true, trustedWaypoints: [genesisOf(stored)] }
        const report = yield* verifyFiles(stored.files, request)
        expect(report).toMatchObject({
          ok: true,
          epochEndings: null,
          stateSnapshot: null,
          transactions: null,
          errors: []
        })
        expect(report.unverified.map(({ what }) => what)).toEqual([
          "epoch endings 0 to 4",
          `state snapshot of epoch 4, version ${snapshotOf(stored, 4).version}`,
          `transactions 0 to ${stored.summary.latestVersion}`
        ])
        const strict = yield* verifyFiles(stored.files, { ...request, strict: true })
        expect(strict.ok).toBe(false)
        expect(strict.errors.map(({ reason }) => reason)).toEqual(["Unverifiable", "Unverifiable", "Unverifiable"])
      }))
  })

  describe("redundant backups", () => {
    it.effect("overlapping and duplicate backups are valid, and notes name those that are not needed", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const { middle, store, summary } = stored
        const { files, storage } = makeStorage({}, stored.files)
        const again = Effect.all([
          epochEndings(1, 3),
          epochEndings(2, 4),
          stateSnapshot(4),
          transactions(5, middle + 3),
          transactions(2, 4)
        ])
        yield* between(clientOf(store), storage, again)
        const twice = [...files].flatMap(([file, bytes]) =>
          file.startsWith("metadata/transaction_0-") ? [[`${file.slice(0, -5)}.twin.meta`, bytes] as const] : []
        )
        const report = yield* verifyFiles(new Map([...files, ...twice]), {
          strict: true,
          trustedWaypoints: [genesisOf(stored)],
          allSnapshots: true
        })
        expect(report).toMatchObject({ ok: true, ...everythingOf(stored), errors: [] })
        expect(report.notes.filter((note) => note.includes("others hold the same range")).length).toBeGreaterThan(1)
        expect(report.transactions?.lastVersion).toBe(summary.latestVersion)
      }))

    it.effect("several metadata files for one manifest count once", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const copies = [...stored.files].flatMap(([file, bytes]) =>
          file.startsWith("metadata/") ? [[`${file}.copy`, bytes] as const] : []
        )
        const report = yield* verifyFiles(new Map([...stored.files, ...copies]), { allSnapshots: true })
        expect(report).toMatchObject({ ok: true, ...everythingOf(stored) })
        expect(report.stateSnapshots.length).toBe(2)
        expect(report.notes.filter((note) => note.includes("was not checked"))).toEqual([])
      }))
  })
})
