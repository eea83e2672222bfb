/**
 * Syncing costs what is new; a storage that is not what it was is refused; a cache that is damaged costs downloads.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FileSystem from "@effect/platform/FileSystem"
import { describe, expect, it } from "@effect/vitest"
import * as CachedMetadata from "@holdfast/engine/CachedMetadata"
import * as FileNames from "@holdfast/engine/FileNames"
import * as LocalState from "@holdfast/engine/LocalState"
import * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataCache from "@holdfast/engine/MetadataCache"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as path from "node:path"
import { failure, type Hooks, makeStorage, type MemoryStorage } from "../support/memoryStorage.ts"

const encoder = new TextEncoder()

const epochEnding = (epoch: number, lastEpoch = epoch): Metadata.Entry => ({
  _tag: "EpochEndingBackup",
  value: {
    firstEpoch: epoch,
    lastEpoch,
    firstVersion: epoch * 10,
    lastVersion: lastEpoch * 10,
    manifest: `epoch_ending_${epoch}-.aaaa/epoch_ending.manifest`
  }
})

const snapshot = (epoch: number): Metadata.Entry => ({
  _tag: "StateSnapshotBackup",
  value: { epoch, version: epoch * 10, manifest: `state_epoch_${epoch}_ver_${epoch * 10}.aaaa/state.manifest` }
})

const transactions = (first: number, last: number): Metadata.Entry => ({
  _tag: "TransactionBackup",
  value: { firstVersion: first, lastVersion: last, manifest: `transaction_${first}-.aaaa/transaction.manifest` }
})

const identity = (digit: string): Metadata.Entry => ({ _tag: "Identity", value: { id: digit.repeat(64) } })

const textOf = (entries: ReadonlyArray<Metadata.Entry>): string =>
  entries.map((entry) => `${Metadata.printLine(entry)}\n`).join("")

/** Each entry in a file of its own. */
const filesOf = (...entries: ReadonlyArray<Metadata.Entry>): ReadonlyArray<readonly [string, Uint8Array]> =>
  entries.map((entry) => [`metadata/${FileNames.metadata(entry)}`, encoder.encode(textOf([entry]))])

const everyKind = (epochs: number): ReadonlyArray<Metadata.Entry> =>
  Array.from({ length: epochs }, (_, epoch) => [
    epochEnding(epoch),
    snapshot(epoch),
    transactions(epoch * 10, epoch * 10 + 9)
  ]).flat()

interface Counted extends MemoryStorage {
  readonly calls: { lists: number; reads: Array<string> }
}

const counted = (files: Iterable<readonly [string, Uint8Array]>, hooks: Hooks = {}): Counted => {
  const calls = { lists: 0, reads: new Array<string>() }
  const memory = makeStorage({
    ...hooks,
    list: (file) => Effect.suspend(() => (calls.lists += 1, hooks.list?.(file) ?? Effect.void)),
    read: (file) => Effect.suspend(() => (calls.reads.push(file), hooks.read?.(file) ?? Effect.void))
  }, files)
  return { ...memory, calls }
}

const sync = ({ storage }: MemoryStorage, options: Partial<CachedMetadata.RefreshOptions> = {}) =>
  CachedMetadata.refresh({ concurrency: 4, newStorage: false, ...options }).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )

/** What the storage had read and listed since the last time. */
const costs = ({ calls }: Counted) => {
  const { lists, reads } = calls
  calls.lists = 0
  calls.reads = []
  return { lists, reads: reads.length }
}

const uncached = ({ storage }: MemoryStorage) =>
  MetadataView.load({ concurrency: 4 }).pipe(Effect.provideService(BackupStorage.BackupStorage, storage))

describe("sync", () => {
  it.effect("downloads each file once, so many at a time; after that it costs one listing", () =>
    Effect.gen(function*() {
      const memory = counted(filesOf(identity("a"), ...everyKind(500)))
      const first = yield* sync(memory)
      expect(costs(memory)).toEqual({ lists: 1, reads: 1501 })
      expect(memory.open.mostReads).toBe(4)
      const second = yield* sync(memory)
      expect(costs(memory)).toEqual({ lists: 1, reads: 0 })
      expect(first).toEqual(second)
      expect(MetadataView.size(first)).toBe(1500)
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("gives the view that there is without a cache", () =>
    Effect.gen(function*() {
      const memory = counted(filesOf(identity("a"), ...everyKind(20)))
      for (const _ of ["not cached", "cached"]) expect(yield* sync(memory)).toEqual(yield* uncached(memory))
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("downloads what is new, and drops what compaction replaced", () =>
    Effect.gen(function*() {
      const memory = counted(filesOf(...everyKind(4)))
      yield* sync(memory)
      costs(memory)
      for (const [file, bytes] of filesOf(...everyKind(5).slice(-3))) memory.files.set(file, bytes)
      expect(MetadataView.size(yield* sync(memory))).toBe(15)
      expect(costs(memory)).toEqual({ lists: 1, reads: 3 })

      for (const [file] of filesOf(...everyKind(5))) if (!file.includes("snapshot")) memory.files.delete(file)
      memory.files.set(
        "metadata/epoch_ending_compacted_0-4.meta",
        encoder.encode(textOf([0, 1, 2, 3, 4].map((each) => epochEnding(each))))
      )
      // Others that hold the same versions will do as well.
      memory.files.set(
        "metadata/transaction_0-80.meta",
        encoder.encode(textOf([transactions(0, 30), transactions(25, 80)]))
      )
      const view = yield* sync(memory)
      expect([view.epochEndings.length, view.stateSnapshots.length, view.transactions.length]).toEqual([5, 5, 2])
      expect(costs(memory)).toEqual({ lists: 1, reads: 2 })
      expect(view).toEqual(yield* sync(memory))
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("takes a file that the storage says was replaced as replaced", () =>
    Effect.gen(function*() {
      const memory = counted(filesOf(...everyKind(2)))
      yield* sync(memory)
      memory.files.delete("metadata/state_snapshot_ver_0.meta")
      const timestamps: Metadata.Entry = {
        _tag: "CompactionTimestamps",
        value: { fileCompactedAt: 7, compactionTimestamps: { "metadata/state_snapshot_ver_0.meta": 7 } }
      }
      for (const [file, bytes] of filesOf(timestamps)) memory.files.set(file, bytes)
      expect((yield* sync(memory)).stateSnapshots.length).toBe(1)
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("a file that is moved between the listing and the reading is no problem", () =>
    Effect.gen(function*() {
      let moved = false
      const memory: Counted = counted(filesOf(...everyKind(3)), {
        read: (file) =>
          Effect.suspend(() => {
            if (moved || file !== "metadata/epoch_ending_0-0.meta") return Effect.void
            moved = true
            for (const epoch of [0, 1, 2]) memory.files.delete(`metadata/epoch_ending_${epoch}-${epoch}.meta`)
            memory.files.set(
              "metadata/epoch_ending_compacted_0-2.meta",
              encoder.encode(textOf([0, 1, 2].map((each) => epochEnding(each))))
            )
            return Effect.void
          })
      })
      const view = yield* sync(memory, { concurrency: 1 })
      expect(view.problems).toEqual([])
      expect(view.epochEndings.length).toBe(3)
      // What was downloaded before is not downloaded again.
      expect(new Set(memory.calls.reads).size).toBe(memory.calls.reads.length)
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("tells of torn and foreign lines by file, reads the rest, and reads the file anew the next time", () =>
    Effect.gen(function*() {
      const line = Metadata.printLine(transactions(0, 9))
      const memory = counted([
        ...filesOf(...everyKind(2)),
        ["metadata/torn.meta", encoder.encode(line.slice(0, -5))],
        ["metadata/foreign.meta", encoder.encode(`${line}\n{"NewKind":{}}\n`)],
        ["metadata/begun.meta", new Uint8Array()]
      ])
      const view = yield* sync(memory)
      expect(view.problems.map(({ file, reason }) => [file, reason])).toEqual([
        ["metadata/foreign.meta", "UnknownFormat"],
        ["metadata/torn.meta", "Malformed"]
      ])
      expect(MetadataView.size(view)).toBe(6)
      memory.files.set("metadata/torn.meta", encoder.encode(textOf([transactions(20, 29)])))
      memory.files.set("metadata/begun.meta", encoder.encode(textOf([transactions(30, 39)])))
      const later = yield* sync(memory)
      expect(later.problems.map(({ file }) => file)).toEqual(["metadata/foreign.meta"])
      expect(later.transactions.length).toBe(4)
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("hands on what the storage cannot answer, and keeps the cache", () =>
    Effect.gen(function*() {
      let denied: StorageError.StorageError | undefined
      const memory = counted(filesOf(...everyKind(2)), { list: () => denied === undefined ? Effect.void : denied })
      yield* sync(memory)
      denied = failure("listMetadataFiles", "PermissionDenied", "metadata")
      expect(yield* Effect.flip(sync(memory))).toMatchObject({ _tag: "StorageError", reason: "PermissionDenied" })
      denied = undefined
      costs(memory)
      yield* sync(memory)
      expect(costs(memory)).toEqual({ lists: 1, reads: 0 })
    }).pipe(Effect.provide(MetadataCache.layerMemory)))
})

describe("C-4: a storage that is not what it was", () => {
  it.effect("that lists nothing any more is refused, again and again, until a new storage is accepted", () =>
    Effect.gen(function*() {
      const memory = counted(filesOf(identity("a"), ...everyKind(2)))
      yield* sync(memory)
      memory.files.clear()
      for (const _ of [1, 2]) {
        expect(yield* Effect.flip(sync(memory))).toMatchObject({ _tag: "StorageChanged", reason: "Shrunken" })
      }
      expect(MetadataView.size(yield* sync(memory, { newStorage: true }))).toBe(0)
      expect(MetadataView.size(yield* sync(memory))).toBe(0)
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  for (
    const [what, gone] of [
      ["an epoch ending", "metadata/epoch_ending_1-1.meta"],
      ["a snapshot", "metadata/state_snapshot_ver_10.meta"],
      ["transactions", "metadata/transaction_10-19.meta"]
    ] as const
  ) {
    it.effect(`that lacks ${what} is refused, and taken once it is back`, () =>
      Effect.gen(function*() {
        const memory = counted(filesOf(identity("a"), ...everyKind(3)))
        yield* sync(memory)
        const bytes = memory.files.get(gone)
        memory.files.delete(gone)
        const error = yield* Effect.flip(sync(memory))
        expect(error).toMatchObject({ _tag: "StorageChanged", reason: "Shrunken", hint: "AcceptNewStorage" })
        expect(error.message).toContain(gone)
        if (bytes !== undefined) memory.files.set(gone, bytes)
        expect(MetadataView.size(yield* sync(memory))).toBe(9)
      }).pipe(Effect.provide(MetadataCache.layerMemory)))
  }

  it.effect("with another identity is refused", () =>
    Effect.gen(function*() {
      yield* sync(counted(filesOf(identity("a"), ...everyKind(1))))
      // Everything that was there is there, but not by the same names.
      const other = counted(
        filesOf(identity("b"), ...everyKind(1)).map(([file, bytes]) =>
          [file.replace("metadata/epoch", "metadata/other_epoch"), bytes] as const
        )
      )
      const error = yield* Effect.flip(sync(other))
      expect(error).toMatchObject({ _tag: "StorageChanged", reason: "OtherIdentity" })
      expect((yield* sync(other, { newStorage: true })).identities).toEqual(["b".repeat(64)])
      expect((yield* sync(other)).identities).toEqual(["b".repeat(64)])
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("may lose its identity, as compaction by today's tool has it", () =>
    Effect.gen(function*() {
      const memory = counted(filesOf(identity("a"), ...everyKind(1)))
      yield* sync(memory)
      memory.files.delete("metadata/identity.meta")
      expect((yield* sync(memory)).identities).toEqual([])
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("a file that was cached while it was written is read again before anything is refused", () =>
    Effect.gen(function*() {
      const memory = counted(filesOf(epochEnding(0), epochEnding(1)))
      const compacted = "metadata/epoch_ending_compacted_0-1.meta"
      memory.files.set(compacted, encoder.encode(textOf([epochEnding(0)])))
      yield* sync(memory)
      memory.files.set(compacted, encoder.encode(textOf([epochEnding(0), epochEnding(1)])))
      memory.files.delete("metadata/epoch_ending_0-0.meta")
      memory.files.delete("metadata/epoch_ending_1-1.meta")
      expect((yield* sync(memory)).epochEndings.length).toBe(2)
    }).pipe(Effect.provide(MetadataCache.layerMemory)))
})

describe("the cache in a folder", () => {
  const inFolder = Effect.map(TempDirectory.make, (directory) => path.join(directory, "deep", "cache"))
  const file = (directory: string) => path.join(directory, "metadata.cache")
  const cacheIn = (directory: string) => Layer.provide(MetadataCache.layer, LocalState.layer({ directory }))

  it.scoped("is for this user alone, and serves the next start", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* inFolder
      const memory = counted(filesOf(identity("a"), ...everyKind(3)))
      const first = yield* Effect.provide(sync(memory), cacheIn(directory))
      costs(memory)
      expect(yield* Effect.provide(sync(memory), cacheIn(directory))).toEqual(first)
      expect(costs(memory)).toEqual({ lists: 1, reads: 0 })
      expect((yield* fs.stat(directory)).mode & 0o777).toBe(0o700)
      expect((yield* fs.stat(file(directory))).mode & 0o777).toBe(0o600)
      expect(yield* fs.readDirectory(directory)).toEqual(["metadata.cache"])
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("costs downloads where it is cut off or spoilt anywhere, and nothing else", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* inFolder
      const memory = counted(filesOf(identity("a"), ...everyKind(2)))
      const cache = cacheIn(directory)
      const view = yield* Effect.provide(sync(memory), cache)
      const whole = yield* fs.readFile(file(directory))
      for (let cut = 0; cut < whole.length; cut += 61) {
        yield* fs.writeFile(file(directory), whole.subarray(0, cut))
        expect(yield* Effect.provide(sync(memory), cache), `cut after ${cut} bytes`).toEqual(view)
        expect(yield* fs.readFile(file(directory))).toEqual(whole)
        const spoilt = Uint8Array.from(whole)
        spoilt[cut] = (spoilt[cut] ?? 0) ^ 0x80
        yield* fs.writeFile(file(directory), spoilt)
        expect(yield* Effect.provide(sync(memory), cache), `byte ${cut} spoilt`).toEqual(view)
      }
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("is whole whichever of two processes writes it last", () =>
    Effect.gen(function*() {
      const directory = yield* inFolder
      const cache = cacheIn(directory)
      const memory = counted(filesOf(identity("a"), ...everyKind(20)))
      const views = yield* Effect.all(
        Array.from({ length: 4 }, () => Effect.provide(sync(memory), cache)),
        { concurrency: 4 }
      )
      for (const view of views) expect(MetadataView.size(view)).toBe(60)
      costs(memory)
      yield* Effect.provide(sync(memory), cache)
      expect(costs(memory)).toEqual({ lists: 1, reads: 0 })
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("that cannot be written is named", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* TempDirectory.make
      const directory = path.join(folder, "file", "cache")
      yield* fs.writeFileString(path.join(folder, "file"), "in the way")
      const error = yield* Effect.flip(
        Effect.provide(sync(counted(filesOf(...everyKind(1)))), cacheIn(directory))
      )
      expect(error).toMatchObject({ _tag: "LocalStateError" })
      expect(error.message).toContain(directory)
    }).pipe(Effect.provide(NodeContext.layer)))
})
