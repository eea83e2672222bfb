import { describe, expect, it } from "@effect/vitest"
import type { Metadata } from "@holdfast/engine"
import { HashValue, Waypoint } from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { between, epochEndings, stateSnapshot, transactions } from "./support/backups.ts"
import { clientOf } from "./support/memoryNode.ts"
import { failure, makeStorage } from "./support/memoryStorage.ts"
import {
  faults,
  layer,
  type Stored,
  StoredBackups,
  verifyFiles,
  verifyIn,
  withEntries,
  withoutEntries
} from "./support/storedBackups.ts"
import { everybodyElse } from "./support/turns.ts"

const genesisOf = ({ summary }: Stored): Waypoint.Waypoint => waypointOf(summary.epochEndings[0]?.waypoint)

const waypointOf = (waypoint: Waypoint.Waypoint | undefined): Waypoint.Waypoint => {
  if (waypoint === undefined) throw new Error("no such epoch")
  return waypoint
}

const snapshotOf = ({ summary }: Stored, epoch: number) => {
  const ending = summary.epochEndings[epoch]
  if (ending === undefined) throw new Error("no such epoch")
  return { epoch, version: ending.version, items: ending.stateItems, rootHash: HashValue.format(ending.stateRoot) }
}

/** What a whole verification finds. */
const everythingOf = (stored: Stored) => ({
  epochEndings: { firstEpoch: 0, lastEpoch: 4, lastVersion: snapshotOf(stored, 4).version, verified: 5 },
  stateSnapshot: snapshotOf(stored, 4),
  transactions: { firstVersion: 0, lastVersion: stored.summary.latestVersion, count: stored.summary.latestVersion + 1 }
})

/** The stream with the last byte of its first buffer changed, if so. */
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

it.layer(layer)("verify", (it) => {
  describe("what is whole", () => {
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
      it.effect(`reads no more than ${concurrentDownloads} files at a time if so asked, and closes them`, () =>
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
    it.effect("epoch 0 is taken as it stands with a note, or not at all", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const report = yield* verifyFiles(stored.files)
        expect(report).toMatchObject({ ok: true, trust: "genesis", errors: [], unverified: [] })
        expect(report.notes).toContainEqual(expect.stringContaining(`waypoint ${Waypoint.format(genesisOf(stored))}`))
        const refused = yield* verifyFiles(stored.files, { requireWaypoint: true })
        expect(refused).toMatchObject({ ok: false, trust: "genesis", ...everythingOf(stored) })
        expect(faults(refused)).toEqual(["Unverifiable metadata"])
      }))

    it.effect("a later waypoint does not make up for the genesis", () =>
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

    it.effect("a waypoint of a version that ends no epoch is not verified, and an error if strict", () =>
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

    it.effect("two waypoints for one version are a mistake of the request, the same one twice is none", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const genesis = genesisOf(stored)
        const memory = makeStorage({ list: () => Effect.dieMessage("nothing is to be read") }, stored.files)
        const other = { version: genesis.version, value: new Uint8Array(32) }
        expect(yield* Effect.flip(verifyIn(memory, { trustedWaypoints: [genesis, other] }))).toMatchObject({
          _tag: "InvalidRequest",
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

    it.effect("a reversed range is a mistake of the request", () =>
      Effect.gen(function*() {
        const { files } = yield* StoredBackups
        expect(yield* Effect.flip(verifyFiles(files, { startVersion: 5, endVersion: 4 }))).toMatchObject({
          _tag: "InvalidRequest"
        })
      }))

    it.effect("an end beyond what is there is a gap; what is there is verified", () =>
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

    it.effect("the newest snapshot before a version; none is a gap", () =>
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

    it.effect("without epoch endings nothing is proven, and all of it is listed", () =>
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

  describe("what is there more than once", () => {
    it.effect("overlapping and duplicate backups verify, and are named where they are not needed", () =>
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

    it.effect("the metadata of one manifest under other names count once", () =>
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

  describe("what is missing", () => {
    it.effect("an empty storage is no valid backup", () =>
      Effect.gen(function*() {
        const report = yield* verifyFiles(new Map())
        expect(report).toMatchObject({ ok: false, epochEndings: null, stateSnapshot: null, transactions: null })
        expect(report.errors).toMatchObject([{
          reason: "Gap",
          message: expect.stringContaining("the memory of a test")
        }])
      }))

    it.effect("a gap in the transactions: verified up to it", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const { middle, store, summary } = stored
        const { files, storage } = makeStorage(
          {},
          withoutEntries(stored.files, (entry) => entry._tag === "TransactionBackup" && entry.value.first_version > 0)
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

    it.effect("a gap in the epochs: what they would prove is listed", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const files = withoutEntries(stored.files, (entry) =>
          entry._tag === "EpochEndingBackup" && entry.value.first_epoch === 0)
        const report = yield* verifyFiles(files)
        expect(report).toMatchObject({ ok: false, epochEndings: null, stateSnapshot: null, transactions: null })
        expect(report.errors).toMatchObject([{ reason: "Gap", message: expect.stringContaining("epoch 0 to 2") }])
        expect(report.unverified.map(({ what }) =>
          what
        )).toEqual([
          `state snapshot of epoch 4, version ${snapshotOf(stored, 4).version}`,
          `transactions 0 to ${stored.summary.latestVersion}`
        ])
      }))

    it.effect("a snapshot and transactions beyond the epochs are not verified, and an error if strict", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const files = withoutEntries(
          stored.files,
          (entry) => entry._tag === "EpochEndingBackup" && entry.value.first_epoch === 3
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

    it.effect("parts that reach differently far are noted", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const report = yield* verifyFiles(withoutEntries(stored.files, isKind("TransactionBackup")))
        expect(report).toMatchObject({ ok: true, transactions: null })
        expect(report.notes.filter((note) => note.includes("but there are no transactions")).length).toBe(2)
        const asked = yield* verifyFiles(withoutEntries(stored.files, isKind("TransactionBackup")), { endVersion: 3 })
        expect(asked).toMatchObject({ ok: false, errors: [{ reason: "Gap" }] })
      }))
  })

  describe("what is damaged", () => {
    it.effect("each data file that is missing is named, and the other parts are verified", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        // One of each kind of file, and the last ones.
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

    it.effect("a line of metadata that is torn is an error, and does not stop the rest", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const torn = ["metadata/torn.meta", new TextEncoder().encode("{\"TransactionBackup\":{\"first_ver")] as const
        const notText = ["metadata/bytes.meta", Uint8Array.of(0xff, 0xfe)] as const
        const report = yield* verifyFiles(new Map([...stored.files, torn, notText]))
        expect(report).toMatchObject({ ok: false, ...everythingOf(stored) })
        expect(faults(report)).toEqual(["Malformed metadata/bytes.meta", "Malformed metadata/torn.meta"])
      }))

    it.effect("metadata that say something else than their manifest", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const { latestVersion } = stored.summary
        const manifest = [...stored.files.keys()].find((file) => /^transaction_0-.*manifest$/.test(file)) ?? ""
        const files = withEntries(withoutEntries(stored.files, isKind("TransactionBackup")), [
          { _tag: "TransactionBackup", value: { first_version: 0, last_version: latestVersion, manifest } }
        ])
        const report = yield* verifyFiles(files)
        expect(faults(report)).toEqual(["Inconsistent metadata/added-0.meta"])
      }))

    it.effect("a state item that the node made up, within a chunk, is found by its proof", () =>
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
        yield* between(liar, storage, stateSnapshot(4))
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
        it.effect(`${reason} for ${what} says nothing about the backup`, () =>
          Effect.gen(function*() {
            const { files } = yield* StoredBackups
            const memory = makeStorage({
              read: (file) => pattern.test(file) ? failure("open_for_read", reason, file) : Effect.void
            }, files)
            expect(yield* Effect.flip(verifyIn(memory))).toMatchObject({ _tag: "StorageError", reason })
            expect(memory.open.reads).toBe(0)
          }))
      }
    }

    it.effect("a storage that cannot be listed is no empty one", () =>
      Effect.gen(function*() {
        const { files } = yield* StoredBackups
        const memory = makeStorage({ list: (file) => failure("list_metadata_files", "PermissionDenied", file) }, files)
        expect(yield* Effect.flip(verifyIn(memory))).toMatchObject({
          _tag: "StorageError",
          operation: "list_metadata_files"
        })
      }))

    it.effect("metadata that cannot be delivered are an error, and do not stop the rest", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const torn = "metadata/state_snapshot_ver_0.meta"
        const memory = makeStorage(
          { read: (file) => file === torn ? failure("open_for_read", "CommandFailed", file) : Effect.void },
          new Map([...stored.files, [torn, new Uint8Array()]])
        )
        const report = yield* verifyIn(memory)
        expect(report).toMatchObject({ ok: false, ...everythingOf(stored) })
        expect(faults(report)).toEqual([`Unreadable ${torn}`])
      }))

    it.effect("metadata that were moved since they were listed are no error", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const moved = "metadata/moved.meta"
        const memory = makeStorage(
          {
            read: (file) => {
              if (file !== moved) return Effect.void
              memory.files.delete(moved)
              return failure("open_for_read", "NotFound", file)
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
      it.effect(`a storage that hangs at ${what} is let go of when the verification is interrupted`, () =>
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
