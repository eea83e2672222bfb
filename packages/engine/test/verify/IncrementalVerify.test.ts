/**
 * An incremental verification skips what an earlier run verified, and nothing else.
 */
import { NodeContext } from "@effect/platform-node"
import { expect, layer } from "@effect/vitest"
import * as EarlierVerifications from "@holdfast/engine/EarlierVerifications"
import * as IncrementalVerify from "@holdfast/engine/IncrementalVerify"
import * as LocalState from "@holdfast/engine/LocalState"
import type * as VerifyRequest from "@holdfast/engine/VerifyRequest"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/TestClock"
import * as fs from "node:fs"
import * as path from "node:path"
import { failure, type Hooks, makeStorage, type MemoryStorage } from "../support/memoryStorage.ts"
import { everythingOf, type Files, layerStored, StoredBackups, withoutEntries } from "../support/storedBackups.ts"
import { everybodyElse } from "../support/turns.ts"

const never: IncrementalVerify.Sample = { share: 0, seed: 0 }

/** Verifies incrementally. */
const verifyWith = (
  { storage }: MemoryStorage,
  sample: IncrementalVerify.Sample = never,
  request: VerifyRequest.VerifyRequest = {}
) =>
  IncrementalVerify.verify({ strict: true, allSnapshots: true, ...request }, sample).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )

const readsOf = (files: Files, hooks: Hooks = {}) => {
  const reads: Array<string> = []
  const memory = makeStorage({ ...hooks, read: (file) => Effect.sync(() => void reads.push(file)) }, files)
  /** The chunks and proofs that were read since the last call. */
  const data = () => reads.splice(0).filter((file) => /^(state|transaction).*(chunk|proof)$/.test(file))
  return { memory, data }
}

const spoilt = (file: string, files: Map<string, Uint8Array>, length = 0) => {
  const bytes = Uint8Array.from(files.get(file) ?? [])
  bytes[40] = (bytes[40] ?? 0) ^ 1
  files.set(file, bytes.subarray(length))
}

layer(layerStored)("an incremental verification", (it) => {
  it.effect("reads what no earlier run verified, and reports the same as a full verification", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const older = withoutEntries(stored.files, (entry) =>
        entry._tag === "TransactionBackup"
          ? entry.value.firstVersion > 0
          : entry._tag === "StateSnapshotBackup" && entry.value.epoch === 4)
      const { data, memory } = readsOf(older)
      const first = yield* verifyWith(memory)
      expect(first).toMatchObject({ ok: true, stateSnapshots: [{ epoch: 2 }] })
      const all = data()
      expect(all.length).toBeGreaterThan(20)
      const second = yield* verifyWith(memory)
      expect(data()).toEqual([])
      expect(second).toEqual({ ...first, notes: second.notes, seconds: second.seconds })
      expect(second.notes.join()).toContain("1 state snapshot were passed over")

      for (const [file, bytes] of stored.files) {
        memory.files.set(file, bytes)
      }
      expect(yield* verifyWith(memory)).toMatchObject({
        ok: true,
        ...everythingOf(stored),
        stateSnapshots: [{ epoch: 2 }, { epoch: 4 }]
      })
      const later = data()
      expect(later.length).toBeGreaterThan(10)
      expect(later.filter((file) => all.includes(file))).toEqual([])
      expect(yield* verifyWith(memory)).toMatchObject({ ok: true, ...everythingOf(stored) })
      expect(data()).toEqual([])
      // A run that asks for less does not drop the rest from the record.
      expect(yield* verifyWith(memory, never, { startVersion: stored.middle + 5, allSnapshots: false })).toMatchObject({
        ok: true
      })
      expect(yield* verifyWith(memory)).toMatchObject({ ok: true, ...everythingOf(stored) })
      expect(data()).toEqual([])
    }).pipe(Effect.provide(EarlierVerifications.layerMemory)))

  it.effect("M-12: reads a file again if its size has changed, or if it is not listed", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const chunks = [...stored.files.keys()].filter((file) => /^(state_epoch_2|transaction_0).*chunk$/.test(file))
      for (const file of [chunks.at(0) ?? "", chunks.at(-1) ?? ""]) {
        const { memory } = readsOf(stored.files)
        yield* verifyWith(memory)
        spoilt(file, memory.files, 1)
        expect(yield* verifyWith(memory)).toMatchObject({ ok: false })
        memory.files.delete(file)
        expect(yield* verifyWith(memory)).toMatchObject({ ok: false, errors: [{ reason: "Unreadable", file }] })
      }
    }).pipe(Effect.provide(EarlierVerifications.layerMemory)))

  it.effect("M-12: finds a change of the same size by its sample, and does not skip that part again", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      for (const pattern of [/^state_epoch_2.*chunk$/, /^transaction_0.*chunk$/]) {
        const { memory } = readsOf(stored.files)
        yield* verifyWith(memory)
        spoilt([...memory.files.keys()].find((file) => pattern.test(file)) ?? "", memory.files)
        // Skipped parts are not read: samples find such changes.
        expect(yield* verifyWith(memory)).toMatchObject({ ok: true })
        let found = 0
        for (let seed = 1; seed <= 30 && found === 0; seed++) {
          if (!(yield* verifyWith(memory, { share: 0.5, seed })).ok) found = seed
        }
        expect(found).toBeGreaterThan(0)
        expect(yield* verifyWith(memory)).toMatchObject({ ok: false })
        expect(yield* verifyWith(memory)).toMatchObject({ ok: false })
      }
    }).pipe(Effect.provide(EarlierVerifications.layerMemory)))

  it.effect("draws the same sample for the same seed, of about the requested share", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const { data, memory } = readsOf(stored.files)
      yield* verifyWith(memory)
      const all = new Set(data())
      const drawn = new Set<string>()
      const rounds = 8
      let sum = 0
      for (let seed = 1; seed <= rounds; seed++) {
        yield* verifyWith(memory, { share: 0.25, seed })
        const once = data()
        if (seed === 1) {
          yield* verifyWith(memory, { share: 0.25, seed })
          expect(data()).toEqual(once)
        }
        for (const file of once) drawn.add(file)
        sum += once.length
      }
      expect(drawn.size).toBeGreaterThan(all.size / 2)
      expect(sum / rounds / all.size).toBeGreaterThan(0.1)
      expect(sum / rounds / all.size).toBeLessThan(0.45)
      yield* verifyWith(memory, { share: 1, seed: 1 })
      expect(data().length).toBe(all.size)
    }).pipe(Effect.provide(EarlierVerifications.layerMemory)))

  it.effect("M-12: skips nothing if the chain of trust is another one", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const { data, memory } = readsOf(stored.files)
      yield* verifyWith(memory)
      const all = data()
      const record = yield* EarlierVerifications.EarlierVerifications
      const remembered = yield* record.load
      const { anchor } = remembered
      expect(anchor?.epoch).toBe(4)
      yield* record.save({ ...remembered, anchor: { epoch: 4, waypoint: `1:${"0".repeat(64)}` } })
      const report = yield* verifyWith(memory)
      expect(report.notes.join()).toContain("the chain of trust is not the one")
      expect(data()).toEqual(all)
      expect(yield* verifyWith(memory, never, { skipEpochEndings: true, strict: false })).toMatchObject({
        transactions: null
      })
      expect(data().length).toBe(all.length)
      yield* verifyWith(memory)
      expect(data()).toEqual([])
    }).pipe(Effect.provide(EarlierVerifications.layerMemory)))

  it.effect("repeats with another sample each time, through outages, until something is wrong", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      let down = false
      const outage = yield* Deferred.make<void>()
      const memory = makeStorage({
        list: (what) =>
          down && what === "files"
            ? Effect.zipRight(Deferred.succeed(outage, undefined), failure("listFiles", "Timeout", what))
            : Effect.void
      }, stored.files)
      const told = yield* Queue.bounded<string>(1)
      const request = { strict: true, allSnapshots: true }
      const running = yield* Effect.fork(
        IncrementalVerify.every(
          "24 hours",
          request,
          { share: 0.9, seed: 7 },
          ({ notes }) => Queue.offer(told, notes.join())
        ).pipe(
          Effect.provideService(BackupStorage.BackupStorage, memory.storage)
        )
      )
      // The loop sleeps soon after each run.
      const nextDay = Effect.zipRight(everybodyElse, TestClock.adjust("24 hours"))
      expect(yield* Queue.take(told)).not.toContain("read again")
      yield* nextDay
      expect(yield* Queue.take(told)).toContain("with seed 8")
      down = true
      yield* nextDay
      yield* Deferred.await(outage)
      down = false
      yield* nextDay
      expect(yield* Queue.take(told)).toContain("with seed 10")
      // Every sample contains at least one of these.
      for (const file of memory.files.keys()) if (/^transaction.*chunk$/.test(file)) spoilt(file, memory.files)
      yield* nextDay
      expect(yield* Fiber.join(running)).toMatchObject({ ok: false, errors: [{ reason: "ProofFailed" }] })
      expect((yield* (yield* EarlierVerifications.EarlierVerifications).load).last).toMatchObject({
        ok: false,
        errors: 1
      })
    }).pipe(Effect.provide(EarlierVerifications.layerMemory)))

  it.scoped("keeps its record in a file, and treats an unreadable record as empty", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const directory = path.join(yield* TempDirectory.make, "made")
      const kept = EarlierVerifications.layer.pipe(
        Layer.provide(LocalState.layer({ directory })),
        Layer.provide(NodeContext.layer)
      )
      const { data, memory } = readsOf(stored.files)
      const run = Effect.provide(verifyWith(memory), kept)
      yield* run
      const all = data()
      yield* run
      expect(data()).toEqual([])
      expect(fs.readdirSync(directory)).toEqual(["verified"])
      const file = path.join(directory, "verified")
      expect(fs.statSync(file).mode & 0o777).toBe(0o600)
      const text = fs.readFileSync(file, "utf8")
      for (const torn of ["", "{", text.replace("verified", "something"), text.replace(/"waypoint":"./, "$&1")]) {
        fs.writeFileSync(file, torn)
        yield* run
        expect(data()).toEqual(all)
      }
      fs.writeFileSync(file, text.split("\n").slice(0, -2).join("\n"))
      yield* run
      expect(data().length).toBeLessThan(all.length)
    }))

  it.effect("needs a storage that lists its files", () =>
    Effect.gen(function*() {
      const { storage } = makeStorage({}, (yield* StoredBackups).files)
      const without = { ...storage, capabilities: Capabilities.none("it", "it cannot") }
      const error = yield* Effect.flip(
        IncrementalVerify.verify({}, never).pipe(
          Effect.provideService(BackupStorage.BackupStorage, without)
        )
      )
      expect(error).toMatchObject({ _tag: "StorageError", reason: "Unsupported", operation: "listFiles" })
    }).pipe(Effect.provide(EarlierVerifications.layerMemory)))
})
