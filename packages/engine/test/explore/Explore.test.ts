import { expect, layer } from "@effect/vitest"
import * as Coverage from "@holdfast/engine/Coverage"
import type * as EngineError from "@holdfast/engine/EngineError"
import type * as Exploration from "@holdfast/engine/Exploration"
import * as ExploreState from "@holdfast/engine/ExploreState"
import * as ExploreTransaction from "@holdfast/engine/ExploreTransaction"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StateValue from "@holdfast/ledger/StateValue"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Golden from "@holdfast/testkit/Golden"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { makeStorage, plain } from "../support/memoryStorage.ts"
import {
  type Files,
  genesisOf,
  layerStored,
  type Stored,
  StoredBackups,
  waypointOf,
  withoutEntries
} from "../support/storedBackups.ts"

const stateRecord = Bcs.pair(StateKey.StateKey, StateValue.StateValue)

const reading: Exploration.StorageReading & Exploration.ProofRequest = {
  trustedWaypoints: [],
  prove: false,
  concurrentDownloads: 2,
  maxRecordBytes: 1_000_000
}

/** Explores a storage with these files, and lists the files that were read. */
const within = <A, E>(files: Files, look: Effect.Effect<A, E, BackupStorage.BackupStorage>) =>
  Effect.gen(function*() {
    const read: Array<string> = []
    const { storage } = makeStorage({ read: (file) => Effect.sync(() => void read.push(file)) }, files)
    const answer = yield* Effect.provideService(look, BackupStorage.BackupStorage, storage)
    return { answer, read: read.filter((file) => !file.startsWith("metadata/")) }
  })

const itemsOf = ({ store, summary }: Stored, epoch: number) =>
  Effect.map(
    Stream.runCollect(store.stateItems(waypointOf(summary.epochEndings[epoch]?.waypoint).version, 0, 10_000)),
    (batches) =>
      Golden.recordsOf(Bytes.concatBytes([...batches])).map((record) => Bcs.decodeUnsafe(stateRecord, record))
  )

const stateOf = (key: StateKey.StateKey, more: Partial<ExploreState.StateRequest> = {}) =>
  ExploreState.inStorage({ ...reading, key, version: undefined, exact: false, ...more })

const transactionOf = (version: number, more: Partial<Exploration.ProofRequest> = {}) =>
  ExploreTransaction.inStorage({ ...reading, version, ...more })

const nobody: StateKey.StateKey = { _tag: "Raw", value: new TextEncoder().encode("nobody") }

layer(layerStored)("exploring a storage", (it) => {
  it.effect("finds and proves the items of a snapshot, from one chunk or from all chunks that the proof takes", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const trustedWaypoints = [genesisOf(stored)]
      let unproven = 0
      for (const [index, [key, value]] of (yield* itemsOf(stored, 4)).entries()) {
        if (index % 8 !== 0) continue
        const quick = yield* within(stored.files, stateOf(key))
        expect(quick.answer.value).toEqual(value)
        expect(quick.answer.proof).toMatchObject({ proven: false, trust: null, ledgerInfo: { epoch: 4 } })
        expect(quick.read.filter((file) => file.startsWith("state_") && file.endsWith(".chunk")).length).toBe(1)
        expect(quick.read.length).toBeLessThanOrEqual(7)
        if (quick.answer.proof.notProven.length > 1) unproven += 1
        const proven = yield* within(stored.files, stateOf(key, { prove: true, trustedWaypoints }))
        expect(proven.answer).toMatchObject({
          value,
          proof: { proven: true, trust: expect.stringContaining("waypoint 0:"), notProven: [] }
        })
      }
      expect(unproven).toBeGreaterThan(3)
    }))

  it.effect("proves that the state has no such key", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const { answer } = yield* within(stored.files, stateOf(nobody, { prove: true }))
      expect(answer).toMatchObject({ value: undefined, proof: { proven: true, trust: "genesis" } })
      expect(answer.keyHash).toEqual(StateKey.hash(nobody))
      expect(answer.proof.checked[0]).toBe(
        `the key is absent in the state of root ${HashValue.format(answer.stateRoot)}`
      )
    }))

  it.effect("takes the newest snapshot at or before a version, or only that of the version itself", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const versions = stored.summary.epochEndings.map(({ waypoint }) => waypoint.version)
      const [second = 0, fourth = 0] = [versions[2], versions[4]]
      const versionAt = (version: number, exact = false) =>
        Effect.map(within(stored.files, stateOf(nobody, { version, exact })), ({ answer }) => answer.version)
      expect(yield* versionAt(second)).toBe(second)
      expect(yield* versionAt(fourth - 1)).toBe(second)
      expect(yield* versionAt(fourth, true)).toBe(fourth)
      expect(yield* versionAt(Number.MAX_SAFE_INTEGER)).toBe(fourth)
      expect((yield* Effect.flip(versionAt(fourth - 1, true))).message).toBe(
        `a state snapshot of version ${
          fourth - 1
        } is not in memory of a test: there are snapshots of versions ${second}, ${fourth}`
      )
      expect((yield* Effect.flip(versionAt(second - 1)))._tag).toBe("LedgerDataNotFound")
    }))

  it.effect("finds transactions and proves them by their chunks", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      for (let version = 0; version <= stored.summary.latestVersion; version += 4) {
        const { answer, read } = yield* within(stored.files, transactionOf(version))
        const [{ transactionInfo }] = yield* stored.store.stateRootProof(version)
        expect(Bcs.encode(TransactionInfo.TransactionInfo, answer.record.info))
          .toEqual(Bcs.encode(TransactionInfo.TransactionInfo, transactionInfo))
        expect(read.filter((file) => file.startsWith("transaction_")).length).toBe(3)
        expect(read.length).toBeLessThanOrEqual(5)
        expect(answer.proof.notProven.length).toBeLessThanOrEqual(1)
      }
      const { answer } = yield* within(stored.files, transactionOf(0))
      expect(answer.proof).toMatchObject({ proven: true, trust: "genesis", ledgerInfo: { version: 0 } })
      const beyond = yield* Effect.flip(within(stored.files, transactionOf(stored.summary.latestVersion + 1)))
      expect(beyond).toMatchObject({
        _tag: "LedgerDataNotFound",
        what: `transaction ${stored.summary.latestVersion + 1}`
      })
    }))

  it.effect("says what proves an answer", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const { latestVersion } = stored.summary
      const proofOf = (files: Files, version: number, more: Partial<Exploration.ProofRequest>) =>
        Effect.map(within(files, transactionOf(version, more)), ({ answer }) => answer.proof)
      const beforeLast = waypointOf(stored.summary.epochEndings.at(-1)?.waypoint)

      expect(yield* proofOf(stored.files, latestVersion, { trustedWaypoints: [beforeLast] }))
        .toMatchObject({ proven: true, trust: expect.stringContaining(`waypoint ${beforeLast.version}:`) })
      expect(yield* proofOf(stored.files, latestVersion, { prove: true }))
        .toMatchObject({ proven: true, trust: "genesis", notProven: [] })
      expect(
        yield* proofOf(stored.files, latestVersion, {
          prove: true,
          trustedWaypoints: [{ version: 1, value: HashValue.zero }]
        })
      )
        .toMatchObject({ proven: false, trust: null })

      const wrong = { ...beforeLast, value: HashValue.zero }
      for (const prove of [false, true]) {
        const error = yield* Effect.flip(proofOf(stored.files, latestVersion, { prove, trustedWaypoints: [wrong] }))
        expect(error).toMatchObject({ _tag: "InvalidBackup", reason: "ProofFailed" })
      }

      const without = withoutEntries(stored.files, ({ _tag, value }) =>
        _tag === "EpochEndingBackup" && "firstEpoch" in value && value.firstEpoch === 3)
      for (const prove of [false, true]) {
        const { notProven, proven } = yield* proofOf(without, latestVersion, { prove })
        expect(proven).toBe(false)
        expect(notProven[0]?.message).toMatch(/^the signature takes the ending/)
      }
    }))
})

const changed = (files: Files, name: RegExp, change: (bytes: Uint8Array) => Uint8Array): Files =>
  new Map([...files].map(([file, bytes]) => [file, name.test(plain(file)) ? change(bytes) : bytes]))

const flipLast = (bytes: Uint8Array): Uint8Array => bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)

const reasonOf = <A>(look: Effect.Effect<A, EngineError.InvalidBackup | EngineError.LedgerDataNotFound | object>) =>
  Effect.map(Effect.flip(look), (error) => "reason" in error ? error.reason : error)

layer(layerStored)("exploring a damaged storage", (it) => {
  it.effect("never shows what contradicts its proof", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const { latestVersion } = stored.summary
      const damages: ReadonlyArray<
        readonly [RegExp, string, Effect.Effect<unknown, object, BackupStorage.BackupStorage>]
      > = [
        [/^transaction_.*\.chunk$/, "Malformed|ProofFailed", transactionOf(latestVersion)],
        [/^transaction_.*\.proof$/, "ProofFailed", transactionOf(latestVersion)],
        [/^state.*\/state\.proof$/, "ProofFailed", stateOf(nobody)],
        [/^state.*-\d+\.proof$/, "ProofFailed|Inconsistent", stateOf(nobody)],
        [/^epoch.*\.chunk$/, "Malformed|ProofFailed|Inconsistent", transactionOf(latestVersion, { prove: true })],
        [/\.manifest$/, "Malformed", stateOf(nobody)],
        [/\.manifest$/, "Malformed", transactionOf(latestVersion)]
      ]
      for (const [name, reasons, look] of damages) {
        const damaged = changed(stored.files, name, flipLast)
        expect(yield* reasonOf(within(damaged, look)), String(name)).toMatch(new RegExp(`^(${reasons})$`))
        const lost = new Map([...stored.files].filter(([file]) => !name.test(plain(file))))
        expect(yield* reasonOf(within(lost, look)), String(name)).toBe("Unreadable")
        const cutShort = changed(stored.files, name, (bytes) => bytes.subarray(0, -1))
        expect(yield* reasonOf(within(cutShort, look)), String(name)).toMatch(/^(Malformed|Unreadable)$/)
      }
    }))

  it.effect("notices a changed item in the chunk that it reads, with or without a full proof", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      for (const [key] of (yield* itemsOf(stored, 4)).filter((_, index) => index % 20 === 0)) {
        const { answer } = yield* within(stored.files, stateOf(key))
        const bytes = Bcs.encode(StateKey.StateKey, key)
        const damaged = new Map([...stored.files].map(([file, content]) => {
          const at = Buffer.from(content).indexOf(bytes)
          // The value comes after key, variant and length.
          return [
            file,
            file === answer.chunk
              ? content.with(at + bytes.length + 2, 255 - (content[at + bytes.length + 2] ?? 0))
              : content
          ]
        }))
        for (const prove of [false, true]) {
          expect(yield* reasonOf(within(damaged, stateOf(key, { prove })))).toMatch(
            /^(ProofFailed|Inconsistent|Malformed)$/
          )
        }
      }
    }))
})

layer(layerStored)("exploring a store", (it) => {
  const inStore = <A, E>({ store }: Stored, look: Effect.Effect<A, E, LedgerStore.LedgerStore>) =>
    Effect.provideService(look, LedgerStore.LedgerStore, store)

  it.effect("finds and proves the items of every state, and absent keys", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const trustedWaypoints = [genesisOf(stored)]
      for (const epoch of [0, 2, 4]) {
        const { version } = waypointOf(stored.summary.epochEndings[epoch]?.waypoint)
        const request = { trustedWaypoints, prove: true, version, exact: true }
        for (const [key, value] of (yield* itemsOf(stored, epoch)).filter((_, index) => index % 30 === 0)) {
          const answer = yield* inStore(stored, ExploreState.inStore({ ...request, key }))
          expect(answer).toMatchObject({ value, version, chunk: undefined, proof: { proven: true } })
        }
        const answer = yield* inStore(stored, ExploreState.inStore({ ...request, key: nobody }))
        expect(answer).toMatchObject({ value: undefined, proof: { proven: true } })
      }
    }))

  it.effect("gives the same answers as a storage of the same ledger", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      for (let version = 0; version <= stored.summary.latestVersion; version += 9) {
        const own = yield* inStore(stored, ExploreTransaction.inStore({ ...reading, version }))
        const { answer } = yield* within(stored.files, transactionOf(version))
        expect(own.record).toEqual(answer.record)
      }
    }))

  it.effect("takes the newest state at or before a version", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const { epochEndings, latestVersion } = stored.summary
      const versionAt = (version: number | undefined, exact = false) =>
        Effect.map(
          inStore(stored, ExploreState.inStore({ ...reading, key: nobody, version, exact })),
          (answer) => answer.version
        )
      const versions = epochEndings.map(({ waypoint }) => waypoint.version)
      expect(yield* versionAt(undefined)).toBe(latestVersion)
      expect(yield* versionAt(latestVersion + 5)).toBe(latestVersion)
      expect(yield* versionAt((versions[3] ?? 0) + 1)).toBe(versions[3])
      expect(yield* versionAt(versions[3])).toBe(versions[3])
      expect(yield* versionAt((versions[1] ?? 0) - 1)).toBe(versions[0])
      expect((yield* Effect.flip(versionAt((versions[1] ?? 0) - 1, true)))._tag).toBe("LedgerDataNotFound")
      const beyond = ExploreTransaction.inStore({ ...reading, version: latestVersion + 1 })
      expect((yield* Effect.flip(inStore(stored, beyond)))._tag).toBe("LedgerDataNotFound")
    }))
})

layer(layerStored)("coverage of a storage", (it) => {
  const find = (files: Files, place: Coverage.Place) =>
    Effect.map(within(files, Coverage.find(place, { concurrency: 2 })), ({ answer, read }) => ({ ...answer, read }))

  it.effect("every version from the first snapshot on is covered by the files that hold it", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const versions = stored.summary.epochEndings.map(({ waypoint }) => waypoint.version)
      for (let version = 0; version <= stored.summary.latestVersion; version += 5) {
        const found = yield* find(stored.files, { _tag: "Version", version })
        const epoch = versions.findIndex((end) => end >= version)
        expect(found.epoch).toBe(epoch < 0 ? 5 : epoch)
        expect(found.lastVersion).toBe(versions[epoch] ?? null)
        expect(found.ok).toBe(version >= (versions[2] ?? 0))
        expect(found.transactions.length).toBe(1)
        const [file = ""] = found.transactions[0]?.chunks ?? []
        const { answer } = yield* within(stored.files, transactionOf(version))
        expect(file).toBe(answer.chunk)
        expect(found.read.every((each) => each.endsWith(".manifest"))).toBe(true)
      }
    }))

  it.effect("the versions of every epoch are known", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const versions = stored.summary.epochEndings.map(({ waypoint }) => waypoint.version)
      for (const [epoch, lastVersion] of versions.entries()) {
        const found = yield* find(stored.files, { _tag: "Epoch", epoch })
        expect(found).toMatchObject({
          epoch,
          firstVersion: (versions[epoch - 1] ?? -1) + 1,
          lastVersion,
          ok: epoch >= 2
        })
        expect(found.epochEndings.flatMap(({ chunks }) => chunks).length).toBe(1)
      }
      expect(yield* find(stored.files, { _tag: "Epoch", epoch: 5 })).toMatchObject({
        ok: false,
        lastVersion: null,
        missing: [{ what: "the endings of epochs 0 to 5", why: "no backup holds epoch 5" }]
      })
      expect(yield* find(stored.files, { _tag: "Epoch", epoch: 9 })).toMatchObject({ ok: false, firstVersion: null })
    }))

  it.effect("what is missing is named", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const { middle } = stored
      const last = stored.summary.latestVersion
      const without = withoutEntries(stored.files, ({ _tag, value }) =>
        (_tag === "TransactionBackup" && "lastVersion" in value && value.lastVersion === middle)
        || (_tag === "EpochEndingBackup" && "firstEpoch" in value && value.firstEpoch === 0)
        || (_tag === "StateSnapshotBackup" && "epoch" in value && value.epoch === 4))
      const { missing } = yield* find(without, { _tag: "Version", version: last })
      const snapshot = waypointOf(stored.summary.epochEndings[2]?.waypoint).version
      expect(missing).toEqual([
        { what: "the endings of epochs 0 to 4", why: "no backup holds epoch 0 to 2" },
        {
          what: `the state of version ${last}`,
          why: `of the transactions after the snapshot of version ${snapshot}, no backup holds version ${
            snapshot + 1
          } to ${middle}`
        }
      ])
      expect((yield* find(without, { _tag: "Version", version: 0 })).missing.map(({ what }) =>
        what
      )).toEqual([
        "the epoch of the version",
        "the transactions of version 0",
        "the state of version 0"
      ])
      const empty = yield* find(new Map(), { _tag: "Version", version: 0 })
      expect(empty).toMatchObject({ ok: false, epoch: null, stateSnapshot: null, transactions: [] })
      const torn = yield* find(changed(stored.files, /^state.*\.manifest$/, flipLast), { _tag: "Epoch", epoch: 4 })
      expect(torn.errors.map(({ reason }) => reason)).toEqual(["Malformed"])
      expect(torn.ok).toBe(false)
    }))
})
