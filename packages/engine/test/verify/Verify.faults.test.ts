/**
 * What verify finds if something is missing, damaged or out of reach.
 */
import { describe, expect, layer } from "@effect/vitest"
import type * as Metadata from "@holdfast/engine/Metadata"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { between, settings, transactions } from "../support/backups.ts"
import { clientOf } from "../support/memoryNode.ts"
import { failure, makeStorage } from "../support/memoryStorage.ts"
import {
  everythingOf,
  faults,
  genesisOf,
  layerStored,
  snapshotOf,
  StoredBackups,
  verifyFiles,
  verifyIn,
  withEntries,
  withoutEntries
} from "../support/storedBackups.ts"
import { everybodyElse } from "../support/turns.ts"

/** The stream; while `now` says so, with another last byte in its first buffer. */
const flippedOnce = <E>(stream: Stream.Stream<Uint8Array, E>, now: () => boolean): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    if (!now()) return stream
    let first = true
    return Stream.map(stream, (bytes) => {
      if (!first) return bytes
      first = false
      const changed = bytes.slice()
      const last = changed.length - 1
      changed[last] = (changed[last] ?? 0) ^ 1
      return changed
    })
  })

const isKind = (kind: Metadata.Entry["_tag"]) => (entry: Metadata.Entry): boolean => entry._tag === kind

layer(layerStored)("verify", (it) => {
  describe("missing files and ranges", () => {
    it.effect("an empty storage is no valid backup", () =>
      Effect.gen(function*() {
        const report = yield* verifyFiles(new Map())
        expect(report).toMatchObject({ ok: false, epochEndings: null, stateSnapshot: null, transactions: null })
        expect(report.errors).toMatchObject([{
          reason: "Gap",
          message: expect.stringContaining("memory of a test")
        }])
      }))

    it.effect("a gap in the transactions: the versions before the gap are verified", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const { middle, store, summary } = stored
        const { files, storage } = makeStorage(
          {},
          withoutEntries(stored.files, (entry) => entry._tag === "TransactionBackup" && entry.value.firstVersion > 0)
        )
        yield* between(clientOf(store), storage, transactions(middle + 4, summary.latestVersion))
        const report = yield* verifyFiles(files)
        expect(report).toMatchObject({
          ok: false,
          transactions: { firstVersion: 0, lastVersion: middle, count: middle + 1 },
          errors: [{ reason: "Gap", message: expect.stringContaining(`version ${middle + 1} to ${middle + 3}`) }]
        })
        expect((yield* verifyFiles(files, { endVersion: middle })).ok).toBe(true)
        expect((yield* verifyFiles(files, { startVersion: middle + 4 })).ok).toBe(true)
      }))

    it.effect("a gap in the epochs: what these epochs would prove is listed as unverified", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const files = withoutEntries(
          stored.files,
          (entry) => entry._tag === "EpochEndingBackup" && entry.value.firstEpoch === 0
        )
        const report = yield* verifyFiles(files)
        expect(report).toMatchObject({ ok: false, epochEndings: null, stateSnapshot: null, transactions: null })
        expect(report.errors).toMatchObject([{ reason: "Gap", message: expect.stringContaining("epoch 0 to 2") }])
        expect(report.unverified.map(({ what }) => what)).toEqual([
          `state snapshot of epoch 4, version ${snapshotOf(stored, 4).version}`,
          `transactions 0 to ${stored.summary.latestVersion}`
        ])
      }))

    it.effect("a snapshot and transactions beyond the known epochs are unverified, and errors if strict", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const files = withoutEntries(
          stored.files,
          (entry) => entry._tag === "EpochEndingBackup" && entry.value.firstEpoch === 3
        )
        const report = yield* verifyFiles(files, { trustedWaypoints: [genesisOf(stored)] })
        // The validators of epoch 3 are known: they sign the end of epoch 3, and nothing after it.
        const lastVersion = snapshotOf(stored, 3).version
        expect(report).toMatchObject({
          ok: true,
          epochEndings: { firstEpoch: 0, lastEpoch: 2, verified: 3 },
          stateSnapshot: null,
          transactions: { firstVersion: 0 },
          unverified: [
            {
              what: expect.stringMatching(/^state snapshot of epoch 4/),
              why: expect.stringContaining("the known epochs end with 2")
            },
            {
              what: expect.stringMatching(/^transactions \d+ to \d+$/),
              why: expect.stringContaining("the known epochs end with 2")
            }
          ]
        })
        expect(report.transactions?.lastVersion).toBeLessThanOrEqual(lastVersion)
        const strict = yield* verifyFiles(files, { strict: true })
        expect(strict.ok).toBe(false)
        expect(strict.errors.map(({ reason }) => reason)).toEqual(["Unverifiable", "Unverifiable"])
        expect(
          (yield* verifyFiles(files, {
            strict: true,
            stateSnapshotBeforeVersion: lastVersion,
            endVersion: report.transactions?.lastVersion
          })).ok
        )
          .toBe(true)
      }))

    it.effect("a note says that parts reach differently far", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const report = yield* verifyFiles(withoutEntries(stored.files, isKind("TransactionBackup")))
        expect(report).toMatchObject({ ok: true, transactions: null })
        expect(report.notes.filter((note) => note.includes("but there are no transactions")).length).toBe(2)
        const asked = yield* verifyFiles(withoutEntries(stored.files, isKind("TransactionBackup")), { endVersion: 3 })
        expect(asked).toMatchObject({ ok: false, errors: [{ reason: "Gap" }] })
      }))
  })

  describe("damage", () => {
    it.effect("O-12: each missing data file is named, and the other parts are verified", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        // One file of each kind, and the last files.
        const data = [...stored.files.keys()].filter((file) => !file.startsWith("metadata/"))
        const chosen = new Map(data.map((file) => [file.replaceAll(/\d+|\.[0-9a-f]{4}\//g, ""), file]))
        expect(chosen.size).toBe(9)
        for (const lost of chosen.values()) {
          const report = yield* verifyFiles(new Map([...stored.files].filter(([file]) => file !== lost)), {
            allSnapshots: true
          })
          expect(report.errors[0], lost).toMatchObject({ file: lost, reason: "Unreadable" })
          expect(report.ok).toBe(false)
          if (!lost.startsWith("epoch")) {
            expect(report.errors.length, lost).toBe(1)
            expect(report.epochEndings, lost).toEqual(everythingOf(stored).epochEndings)
          }
        }
      }))

    it.effect("a torn line of metadata is an error, and the rest is verified", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const torn = ["metadata/torn.meta", new TextEncoder().encode("{\"TransactionBackup\":{\"first_ver")] as const
        const notText = ["metadata/bytes.meta", Uint8Array.of(0xff, 0xfe)] as const
        const report = yield* verifyFiles(new Map([...stored.files, torn, notText]))
        expect(report).toMatchObject({ ok: false, ...everythingOf(stored) })
        expect(faults(report)).toEqual(["Malformed metadata/bytes.meta", "Malformed metadata/torn.meta"])
      }))

    it.effect("metadata that contradict their manifest are an error", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const { latestVersion } = stored.summary
        const manifest = [...stored.files.keys()].find((file) => /^transaction_0-.*manifest$/.test(file)) ?? ""
        const files = withEntries(withoutEntries(stored.files, isKind("TransactionBackup")), [
          { _tag: "TransactionBackup", value: { firstVersion: 0, lastVersion: latestVersion, manifest } }
        ])
        const report = yield* verifyFiles(files)
        expect(faults(report)).toEqual(["Inconsistent metadata/added-0.meta"])
      }))

    it.effect("a state item that the node made up is found by the proof of its chunk", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const node = clientOf(stored.store)
        const { files, storage } = makeStorage({}, withoutEntries(stored.files, isKind("StateSnapshotBackup")))
        let turns = 0
        const liar = {
          ...node,
          stateItems: (...range: Parameters<typeof node.stateItems>) =>
            flippedOnce(node.stateItems(...range), () => turns++ === 1)
        }
        const unchecked = { ...settings, verifyWrites: false }
        yield* between(liar, storage, StateSnapshotBackup.take({ epoch: 4, settings: unchecked }))
        const report = yield* verifyFiles(files)
        expect(report).toMatchObject({ ok: false, stateSnapshot: null, errors: [{ reason: "ProofFailed" }] })
        expect(report.errors[0]?.file).toMatch(/^state_epoch_4_.*\.chunk$/)
      }))
  })

  describe("a storage that fails", () => {
    for (const reason of ["PermissionDenied", "Timeout", "CannotSpawn", "Io", "CommandNotFound"] as const) {
      for (
        const [what, pattern] of [["a chunk", /\.chunk$/], ["a manifest", /\.manifest$/], ["a proof", /\.proof$/], [
          "metadata",
          /\.meta$/
        ]] as const
      ) {
        it.effect(`O-14: ${reason} for ${what} says nothing about the backup`, () =>
          Effect.gen(function*() {
            const { files } = yield* StoredBackups
            const memory = makeStorage({
              read: (file) => pattern.test(file) ? failure("read", reason, file) : Effect.void
            }, files)
            expect(yield* Effect.flip(verifyIn(memory))).toMatchObject({ _tag: "StorageError", reason })
            expect(memory.open.reads).toBe(0)
          }))
      }
    }

    it.effect("O-14: a storage that cannot be listed does not count as empty", () =>
      Effect.gen(function*() {
        const { files } = yield* StoredBackups
        const memory = makeStorage({ list: (file) => failure("listMetadataFiles", "PermissionDenied", file) }, files)
        expect(yield* Effect.flip(verifyIn(memory))).toMatchObject({
          _tag: "StorageError",
          operation: "listMetadataFiles"
        })
      }))

    it.effect("O-13: metadata that cannot be read are an error, and the rest is verified", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const torn = "metadata/state_snapshot_ver_0.meta"
        const memory = makeStorage(
          { read: (file) => file === torn ? failure("read", "CommandFailed", file) : Effect.void },
          new Map([...stored.files, [torn, new Uint8Array()]])
        )
        const report = yield* verifyIn(memory)
        expect(report).toMatchObject({ ok: false, ...everythingOf(stored) })
        expect(faults(report)).toEqual([`Unreadable ${torn}`])
      }))

    it.effect("O-13: metadata that were moved after the listing are no error", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const moved = "metadata/moved.meta"
        const memory = makeStorage(
          {
            read: (file) => {
              if (file !== moved) return Effect.void
              memory.files.delete(moved)
              return failure("read", "NotFound", file)
            }
          },
          new Map([...stored.files, [moved, new Uint8Array()]])
        )
        const report = yield* verifyIn(memory)
        expect(report).toMatchObject({ ok: true, ...everythingOf(stored), errors: [] })
      }))

    for (
      const [what, pattern] of [["metadata", /\.meta$/], ["a chunk of epoch endings", /epoch_ending.*\.chunk$/], [
        "a chunk of state",
        /state.*\.chunk$/
      ], ["a proof of transactions", /transaction.*\.proof$/]] as const
    ) {
      it.effect(`O-8: a storage that hangs at ${what} does not hold up an interruption`, () =>
        Effect.gen(function*() {
          const { files } = yield* StoredBackups
          const memory = makeStorage({ read: (file) => pattern.test(file) ? Effect.never : Effect.void }, files)
          const verifying = yield* Effect.fork(verifyIn(memory, { concurrentDownloads: 3 }))
          yield* everybodyElse
          expect(verifying.unsafePoll()).toBe(null)
          expect(memory.open.reads).toBeGreaterThan(0)
          expect(Exit.isInterrupted(yield* Fiber.interrupt(verifying))).toBe(true)
          expect(memory.open.reads).toBe(0)
        }))
    }
  })
})
