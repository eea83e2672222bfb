/**
 * Letting go of backups leaves whole backups, wherever it is cut short, and the next run finishes it.
 */
import { expect, layer } from "@effect/vitest"
import { Compaction, Metadata, Retention, type RetentionPlan, Retries } from "@holdfast/engine"
import { BackupStorage } from "@holdfast/storage"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { failure, type Hooks, makeStorage } from "./support/memoryStorage.ts"
import { entryOf, type Files, layerStored, snapshotOf, StoredBackups, verifyIn } from "./support/storedBackups.ts"

const policyOf = (since: number | undefined): RetentionPlan.RetentionPolicy => ({
  keepSnapshots: 1,
  keepEvery: undefined,
  keepHistorySince: since
})

const retainIn = (
  storage: BackupStorage.BackupStorage["Type"],
  options: Partial<Retention.RetentionOptions>
) =>
  Retention.retain({ policy: policyOf(undefined), delete: true, concurrency: 2, retries: Retries.never, ...options })
    .pipe(Effect.provideService(BackupStorage.BackupStorage, storage))

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

layer(layerStored)("retention", (it) => {
  it.effect("lets go of what the policy does not keep, and the rest verifies", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const memory = makeStorage({}, stored.files)
      const since = snapshotOf(stored, 4).version
      const dry = yield* retainIn(memory.storage, { policy: policyOf(since), delete: false })
      expect(memory.log).toEqual([])
      const going = dry.plan.verdicts.filter(({ kept }) => !kept).map(({ entry }) => Metadata.fileName(entry))
      expect(going).toEqual([
        `state_snapshot_ver_${snapshotOf(stored, 2).version}.meta`,
        `transaction_0-${stored.middle}.meta`
      ])
      const done = yield* retainIn(memory.storage, { policy: policyOf(since) })
      expect(done).toMatchObject({ files: dry.files, bytes: dry.bytes, deleted: dry.files })
      expect(stored.files.size - memory.files.size).toBe(dry.files)
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
      const factors = { epochEndings: 9, stateSnapshots: 9, transactions: 9 }
      yield* Effect.provideService(
        Effect.repeatN(
          Compaction.compact({ ...Compaction.defaultOptions, factors, retentionSeconds: 0 }),
          1
        ),
        BackupStorage.BackupStorage,
        memory.storage
      )
      expect(memory.files.has("metadata/transaction_0-45.meta")).toBe(false)
      yield* retainIn(memory.storage, { policy: policyOf(snapshotOf(stored, 4).version) })
      const entries = [...memory.files].filter(([file]) => /^metadata\/(state|trans)/.test(file))
      expect(entries.map(([file, bytes]) => `metadata/${Metadata.fileName(entryOf(file, bytes))}`)).toEqual(
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
              return when === "fails" ? failure("delete_file", "PermissionDenied", file) : Effect.interrupt
            })
          const hooks: Hooks = { list: hook, move: hook, remove: hook, confirm: hook }
          const memory = makeStorage(hooks, stored.files)
          yield* Effect.exit(retainIn(memory.storage, { policy }))
          turns = Number.POSITIVE_INFINITY
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
