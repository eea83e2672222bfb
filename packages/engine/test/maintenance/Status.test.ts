import { expect, layer } from "@effect/vitest"
import * as Status from "@holdfast/engine/Status"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { gzipSync } from "node:zlib"
import { makeStorage } from "../support/memoryStorage.ts"
import { layerStored, snapshotOf, StoredBackups, withoutEntries } from "../support/storedBackups.ts"

const lookAt = (storage: BackupStorage.Service, node?: Status.NodeState) =>
  Status.look({ concurrency: 2, node, verification: undefined }).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )

layer(layerStored)("status", (it) => {
  it.effect("tells what can be restored, in versions, epochs and times, how much there is, and how old", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const { latestVersion } = stored.summary
      const records = yield* Stream.runCollect(stored.store.epochEndingLedgerInfos(4, 5))
      const last = Buffer.concat([...records])
      const { timestampUsecs } =
        Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, last.subarray(4)).value.ledgerInfo
          .commitInfo
      const memory = makeStorage({}, [...stored.files, ["transaction_0-.f00d/0-.chunk", new Uint8Array(10)]])
      for (const file of memory.files.keys()) memory.times.set(file, /^transaction_\d.*manifest$/.test(file) ? 7 : 3)
      const status = yield* lookAt(memory.storage, { epoch: 7, version: latestVersion + 100 })
      expect(status).toMatchObject({
        restorable: [{
          firstVersion: 0,
          lastVersion: latestVersion,
          firstEpoch: 0,
          lastEpoch: 5,
          firstTime: null,
          lastTime: Math.floor(timestampUsecs / 1_000_000),
          snapshotEpochs: [2, 4]
        }],
        highestRestorable: latestVersion,
        newestVersion: latestVersion,
        limits: [],
        holes: [],
        gaps: [],
        epochs: [{ first: 0, last: 4 }],
        epochVersions: [{ first: 0, last: snapshotOf(stored, 4).version }],
        transactions: [{ first: 0, last: latestVersion }],
        holdings: {
          metadata: { files: 6 },
          other: { files: 0, bytes: 0 },
          unnamed: { files: 1, bytes: 10, folders: 1 },
          newest: { epochEndings: 3, stateSnapshots: 3, transactions: 7 }
        },
        node: { epochsBehind: 2, versionsBehind: 100 },
        problems: []
      })
      const { epochEndings, metadata, stateSnapshots, transactions } = status.holdings ?? {}
      const sum = [epochEndings, metadata, stateSnapshots, transactions].reduce(
        (all, each) => all + (each?.bytes ?? 0),
        0
      )
      expect(sum).toBe([...memory.files.values()].reduce((all, bytes) => all + bytes.length, 0))
    }))

  it.effect("reads no more than the metadata and the epoch endings at the ends", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const read: Array<string> = []
      const memory = makeStorage({ read: (file) => Effect.sync(() => void read.push(file)) }, stored.files)
      yield* lookAt(memory.storage)
      const data = read.filter((file) => !file.startsWith("metadata/"))
      expect(data.every((file) => file.startsWith("epoch_ending_"))).toBe(true)
      expect(data.length).toBeLessThanOrEqual(5)
    }))

  it.effect("names a manifest that is gone, of whatever backup", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      for (const gone of [/^state_epoch_2.*manifest$/, /^transaction_0.*manifest$/]) {
        const files = new Map([...stored.files].filter(([file]) => !gone.test(file)))
        const { problems } = yield* lookAt(makeStorage({}, files).storage)
        expect(problems.map(({ detail, file, reason }) => ({ detail, file, reason }))).toEqual([
          { detail: expect.not.stringContaining("others"), file: expect.stringMatching(gone), reason: "Inconsistent" }
        ])
      }
    }))

  it.effect("knows files that commands have compressed from others that are no text", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const zipped = new Map([...stored.files].map(([file, bytes]) => [file, new Uint8Array(gzipSync(bytes))] as const))
      zipped.set("metadata/noise.meta", new Uint8Array([0xff]))
      const { problems } = yield* lookAt(makeStorage({}, zipped).storage)
      const wordsOf = (isNoise: boolean) =>
        new Set(problems.filter(({ file }) => file.includes("noise") === isNoise).map(({ detail }) => detail))
      expect(wordsOf(false)).toEqual(new Set(["compressed by gzip: read this storage by the commands that wrote it"]))
      expect(wordsOf(true)).toEqual(new Set(["not UTF-8 text"]))
    }))

  it.effect("names what is missing, and does without sizes and times where they cannot be had", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const files = withoutEntries(
        stored.files,
        (entry) => entry._tag === "TransactionBackup" && entry.value.firstVersion === 0
      )
      const broken = new Map([...files].filter(([file]) => !/^epoch_ending.*chunk$/.test(file)))
      const { storage } = makeStorage({}, broken)
      const capabilities = Capabilities.none("it", "it cannot")
      const status = yield* lookAt({ ...storage, capabilities })
      const second = snapshotOf(stored, 2).version
      expect(status).toMatchObject({
        restorable: [
          { firstVersion: second, lastVersion: second, firstEpoch: 2, firstTime: null, lastTime: null },
          { lastVersion: stored.summary.latestVersion, firstEpoch: 4 }
        ],
        holes: [{ first: second + 1, why: `transactions ${second + 1} to ${stored.middle} are in no backup` }],
        gaps: [],
        holdings: null,
        node: null
      })
      expect(status.problems.length).toBeGreaterThan(0)
      expect(status.problems.every(({ reason }) => reason === "Unreadable")).toBe(true)
    }))
})
