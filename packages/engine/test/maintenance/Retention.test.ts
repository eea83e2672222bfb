/**
 * Letting go of backups leaves whole backups, wherever it is cut short, and the next run finishes it.
 */
import { expect, layer } from "@effect/vitest"
import * as CachedMetadata from "@holdfast/engine/CachedMetadata"
import * as Compaction from "@holdfast/engine/Compaction"
import * as CompactionPlan from "@holdfast/engine/CompactionPlan"
import * as FileNames from "@holdfast/engine/FileNames"
import type * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataCache from "@holdfast/engine/MetadataCache"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Retention from "@holdfast/engine/Retention"
import type * as RetentionPlan from "@holdfast/engine/RetentionPlan"
import * as Retries from "@holdfast/engine/Retries"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { failure, type Hooks, makeStorage } from "../support/memoryStorage.ts"
import { snapshot } from "../support/metadataEntries.ts"
import { entryOf, type Files, layerStored, snapshotOf, StoredBackups, verifyIn } from "../support/storedBackups.ts"

const policyOf = (since: number | undefined): RetentionPlan.RetentionPolicy => ({
  keepSnapshots: 1,
  keepEvery: undefined,
  keepHistorySince: since
})

const retainIn = (
  storage: BackupStorage.Service,
  options: Partial<Retention.RetentionOptions>
) =>
  Retention.retain({ policy: policyOf(undefined), delete: true, concurrency: 2, retries: Retries.never, ...options })
    .pipe(Effect.provideService(BackupStorage.BackupStorage, storage))

const syncIn = (storage: BackupStorage.Service) =>
  CachedMetadata.refresh({ concurrency: 4, newStorage: false }).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )

/** Compacts twice, so that what the first run replaces is moved aside. */
const compactIn = (storage: BackupStorage.Service) =>
  Effect.repeatN(
    Compaction.compact({
      ...Compaction.defaultOptions,
      factors: { epochEndings: 9, stateSnapshots: 9, transactions: 9 },
      retentionSeconds: 0
    }),
    1
  ).pipe(Effect.provideService(BackupStorage.BackupStorage, storage))

/** Files that a backup which is named needs and that are not there. */
const torn = (files: Files): ReadonlyArray<string> => {
  const text = (file: string) => new TextDecoder().decode(files.get(file))
  const manifests = [...files.keys()].filter((file) => file.startsWith("metadata/"))
    .flatMap((file) => [...text(file).matchAll(/"manifest":"([^"]+)"/g)].map(([, manifest = ""]) => manifest))
  return manifests.flatMap((manifest) => {
    if (!files.has(manifest)) return [manifest]
    return [...text(manifest).matchAll(/"(?:blobs|ledger_infos|proof|transactions)":"([^"]+)"/g)]
      .flatMap(([, file = ""]) => files.has(file) ? [] : [file])
  })
}

const filesOf = (...named: ReadonlyArray<readonly [string, ReadonlyArray<Metadata.Entry>]>) =>
  named.map(([name, entries]) => ({ file: `metadata/${name}`, entries, lines: [], problems: [] }))
const recordOf = (at: number, since: Record<string, number | null>): Metadata.Entry => ({
  _tag: "CompactionTimestamps",
  value: { fileCompactedAt: at, compactionTimestamps: since }
})

layer(layerStored)("retention", (it) => {
  it.effect("lets go of what the policy does not keep, and the rest verifies", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const memory = makeStorage({}, stored.files)
      const since = snapshotOf(stored, 4).version
      const dry = yield* retainIn(memory.storage, { policy: policyOf(since), delete: false })
      expect(memory.log).toEqual([])
      const going = dry.plan.verdicts.filter(({ kept }) => !kept).map(({ entry }) => FileNames.metadata(entry))
      expect(going).toEqual([
        `state_snapshot_ver_${snapshotOf(stored, 2).version}.meta`,
        `transaction_0-${stored.middle}.meta`
      ])
      const done = yield* retainIn(memory.storage, { policy: policyOf(since) })
      expect(done).toMatchObject({ files: dry.files, bytes: dry.bytes, deleted: dry.files })
      const gone = [...stored.files.keys()].filter((file) => !memory.files.has(file))
      expect(gone.filter((file) => !file.startsWith("metadata/"))).toHaveLength(dry.files)
      const report = yield* verifyIn(memory, { strict: true, allSnapshots: true, startVersion: stored.middle + 1 })
      expect(report).toMatchObject({ ok: true, stateSnapshot: snapshotOf(stored, 4), stateSnapshots: [{ epoch: 4 }] })
      expect(yield* retainIn(memory.storage, { policy: policyOf(since) })).toMatchObject({
        files: 0,
        deleted: 0,
        unfinished: 0
      })
    }))

  it.effect("M-11: an entry that stays in a compacted file with one that goes is saved on its own first", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const memory = makeStorage({}, stored.files)
      yield* compactIn(memory.storage)
      expect(memory.files.has("metadata/transaction_0-45.meta")).toBe(false)
      yield* retainIn(memory.storage, { policy: policyOf(snapshotOf(stored, 4).version) })
      const entries = [...memory.files].filter(([file]) => /^metadata\/(state|trans)/.test(file))
      expect(entries.map(([file, bytes]) => `metadata/${FileNames.metadata(entryOf(file, bytes))}`)).toEqual(
        entries.map(([file]) => file)
      )
      const report = yield* verifyIn(memory, { strict: true, allSnapshots: true, startVersion: stored.middle + 1 })
      expect(report.errors).toEqual([])
    }))

  for (const when of ["fails", "is interrupted"] as const) {
    it.effect(`M-11: wherever it ${when}, no backup that is named is torn, and the next run finishes`, () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const policy = policyOf(snapshotOf(stored, 4).version)
        const whole = makeStorage({}, stored.files)
        yield* retainIn(whole.storage, { policy })
        let faulted = true
        for (let number = 0; faulted; number += number < 12 ? 1 : 9) {
          faulted = false
          let turns = 0
          const hook = (file: string) =>
            Effect.suspend(() => {
              expect(torn(memory.files)).toEqual([])
              if (turns++ !== number) return Effect.void
              faulted = true
              return when === "fails" ? failure("deleteFile", "PermissionDenied", file) : Effect.interrupt
            })
          const hooks: Hooks = { list: hook, move: hook, remove: hook, confirm: hook }
          const memory = makeStorage(hooks, stored.files)
          const seen = yield* Effect.scoped(Layer.build(MetadataCache.layerMemory))
          yield* Effect.provide(syncIn(makeStorage({}, stored.files).storage), seen)
          yield* Effect.exit(retainIn(memory.storage, { policy }))
          turns = Number.POSITIVE_INFINITY
          // M-13: whoever saw the storage before accepts it as it was left.
          yield* Effect.provide(syncIn(memory.storage), seen)
          const last = yield* Effect.either(retainIn(memory.storage, { policy }))
          expect(Either.isRight(last)).toBe(true)
          const data = (files: Files) => [...files.keys()].filter((file) => !file.startsWith("metadata_backup/")).sort()
          // Chunks of a backup whose manifest is gone already are left for the clean-up.
          const left = data(memory.files).filter((file) => !whole.files.has(file))
          expect(left.filter((file) => /manifest|metadata\//.test(file))).toEqual([])
          expect(data(whole.files).filter((file) => !memory.files.has(file))).toEqual([])
          expect(torn(memory.files)).toEqual([])
          expect(number).toBeLessThan(300)
        }
      }))
  }

  it.effect("M-13: a cache that saw what is let go of accepts the storage, also compactions later", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const memory = makeStorage({}, stored.files)
      const caches = yield* Effect.replicateEffect(Effect.scoped(Layer.build(MetadataCache.layerMemory)), 4)
      for (const cache of caches) yield* Effect.provide(syncIn(memory.storage), cache)
      const accepted = Effect.gen(function*() {
        const [cache] = caches.splice(0, 1)
        if (cache === undefined) throw new Error("a cache for each time")
        const view = yield* Effect.provide(syncIn(memory.storage), cache)
        expect(MetadataView.size(view)).toBe(4)
        expect(yield* Effect.provide(syncIn(memory.storage), cache)).toEqual(view)
      })
      yield* retainIn(memory.storage, { policy: policyOf(snapshotOf(stored, 4).version) })
      expect(memory.files.has("metadata/compaction_timestamps_0.meta")).toBe(true)
      yield* accepted
      for (let round = 0; round < 3; round++) {
        yield* compactIn(memory.storage)
        yield* accepted
        yield* TestClock.adjust("2 days")
      }
      // The first record is long gone: the newest one names what was let go of.
      const names = [...memory.files.keys()].filter((file) => file.startsWith("metadata/compaction_timestamps"))
      expect(names).not.toContain("metadata/compaction_timestamps_0.meta")
      // Something else that is gone is still missed.
      const cache = yield* Effect.scoped(Layer.build(MetadataCache.layerMemory))
      yield* Effect.provide(syncIn(memory.storage), cache)
      for (const file of memory.files.keys()) {
        if (file.startsWith("metadata/transaction")) memory.files.delete(file)
      }
      expect(yield* Effect.flip(Effect.provide(syncIn(memory.storage), cache))).toMatchObject({ reason: "Shrunken" })
    }))

  it.effect("M-13: what was saved just now and is let go of is not taken for a listing that lags", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const memory = makeStorage({}, stored.files)
      yield* syncIn(memory.storage)
      const { add } = yield* MetadataCache.MetadataCache
      const [file, bytes] = [...stored.files].find(([name]) => name.startsWith("metadata/transaction_0-")) ?? []
      if (file === undefined) throw new Error("it was stored")
      yield* add(file, { text: new TextDecoder().decode(bytes), savedAt: 0 })
      yield* retainIn(memory.storage, { policy: policyOf(snapshotOf(stored, 4).version) })
      expect((yield* syncIn(memory.storage)).transactions.length).toBe(1)
    }).pipe(Effect.provide(MetadataCache.layerMemory)))

  it.effect("M-13: others keep their times, no compaction may move what has none, and nothing is said twice", () =>
    Effect.sync(() => {
      const before = filesOf(
        ["compaction_timestamps_50.meta", [recordOf(50, { "metadata/a.meta": 50, "metadata/gone.meta": 40 })]],
        ["a.meta", [snapshot(1)]],
        ["b.meta", [snapshot(1), snapshot(2)]]
      )
      const said = CompactionPlan.lettingGo(before, ["metadata/b.meta"], 20)
      expect(said).toEqual(recordOf(51, {
        "metadata/a.meta": 50,
        "metadata/compaction_timestamps_50.meta": 20,
        "metadata/b.meta": null
      }))
      if (said === undefined) return
      const after = [...before, ...filesOf(["compaction_timestamps_51.meta", [said]])]
      expect(CompactionPlan.lettingGo(after, ["metadata/b.meta"], 99)).toBeUndefined()
      // The only unmarked file that names it is to be moved: so neither is.
      expect(CompactionPlan.movable(after, 1_000, 0)).toEqual(["metadata/compaction_timestamps_50.meta"])
      const later = after.filter(({ file }) => file !== "metadata/b.meta" && !file.endsWith("_50.meta"))
      const next = CompactionPlan.nextTimestamps(
        [...later, ...filesOf(["c.meta", [snapshot(1)]])],
        new Map([["metadata/c.meta", [CompactionPlan.keyOf(snapshot(1))]]]),
        99
      )
      expect(next).toEqual(undefined)
    }))

  it.effect("whatever cannot be read stops it before anything is changed", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const policy = policyOf(snapshotOf(stored, 4).version)
      const cut = (pattern: RegExp) =>
        [...stored.files].map(([file, bytes]) => [file, pattern.test(file) ? bytes.subarray(1) : bytes] as const)
      const lost = (pattern: RegExp) => [...stored.files].filter(([file]) => !pattern.test(file))
      for (
        const [files, reason] of [
          [cut(/metadata\/transaction_0/), "Malformed"],
          [cut(/^transaction_0.*manifest/), "Malformed"],
          [cut(/^epoch_ending_0.*manifest/), "Malformed"],
          [lost(/^epoch_ending_0.*chunk/), "Inconsistent"],
          [lost(/^state_epoch_4.*manifest/), "Unreadable"]
        ] as const
      ) {
        const memory = makeStorage({}, files)
        expect(yield* Effect.flip(retainIn(memory.storage, { policy }))).toMatchObject({
          _tag: "InvalidBackup",
          reason
        })
        expect(memory.log).toEqual([])
      }
    }))
})
