/**
 * Clean-up finds what failed attempts left and nothing else, and whatever happens costs no file that is needed.
 */
import { expect, layer } from "@effect/vitest"
import * as Cleanup from "@holdfast/engine/Cleanup"
import * as Compaction from "@holdfast/engine/Compaction"
import * as Metadata from "@holdfast/engine/Metadata"
import * as Retries from "@holdfast/engine/Retries"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import { failure, type Hooks, makeStorage } from "../support/memoryStorage.ts"
import { entryOf, type Files, layerStored, StoredBackups, verifyIn } from "../support/storedBackups.ts"

const olderThanSeconds = 1_000

const cleanUpIn = (storage: BackupStorage.Service, options: Partial<Cleanup.CleanupOptions> = {}) =>
  Cleanup.cleanUp({ olderThanSeconds, delete: true, concurrency: 3, retries: Retries.never, ...options }).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )

/** A copy of a backup's folder under another name, as an attempt that got as far as these files. */
const attempt = (files: Files, folder: RegExp, suffix: string, reached: (name: string) => boolean = () => true) =>
  [...files].filter(([file]) => folder.test(file) && reached(file))
    .map(([file, bytes]) => [file.replace(/\.[0-9a-f]{4}\//, `.${suffix}/`), bytes] as const)

/** The tests share a clock. */
const secondsFromNow = (seconds: number) =>
  Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1_000) + seconds)

const bytes = new Uint8Array(7)
const names = (result: Cleanup.CleanupResult) => result.unreferenced.map(({ file }) => file)

layer(layerStored)("clean-up", (it) => {
  it.effect("M-6: lists what nothing refers to, manifests first, and deletes on demand", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const left = [
        ...attempt(stored.files, /^epoch_ending_0-/, "f00d"),
        ...attempt(stored.files, /^state_epoch_2_/, "f00d", (name) => name.endsWith(".chunk")),
        ["transaction_0-.1a2b/.tmp-0011", bytes] as const,
        ["metadata_backup/.tmp-0022", bytes] as const
      ]
      const foreign = [["notes/readme.txt", bytes], ["transaction_0-/0-.chunk", bytes], ["lost", bytes]] as const
      const memory = makeStorage({}, [...stored.files, ...left, ...foreign])
      yield* TestClock.adjust("1001 seconds")
      const dry = yield* cleanUpIn(memory.storage, { delete: false })
      expect(dry).toMatchObject({ younger: 0, foreign: 3, namedAside: 0, deleted: 0, doubts: [] })
      expect(names(dry).toSorted()).toEqual(left.map(([file]) => file).toSorted())
      expect(names(dry)[0]).toBe("epoch_ending_0-.f00d/epoch_ending.manifest")
      const ageSeconds = yield* secondsFromNow(0)
      expect(dry.unreferenced[0]).toMatchObject({ ageSeconds, bytes: expect.any(Number) })
      expect(memory.log).toEqual([])
      expect((yield* cleanUpIn(memory.storage)).deleted).toBe(left.length)
      expect([...memory.files.keys()]).toEqual([...stored.files, ...foreign].map(([file]) => file))
      expect(yield* cleanUpIn(memory.storage)).toMatchObject({ unreferenced: [], deleted: 0 })
    }))

  it.effect("M-6: a folder is as young as its youngest file", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const memory = makeStorage({}, [...stored.files, ...attempt(stored.files, /^transaction_0-/, "f00d")])
      yield* TestClock.adjust("5000 seconds")
      const backup = yield* memory.storage.createBackup("transaction_0-.f00d")
      memory.times.set(`${backup}/0-.chunk`, yield* secondsFromNow(-999))
      expect(yield* cleanUpIn(memory.storage)).toMatchObject({ unreferenced: [], deleted: 0 })
      expect((yield* cleanUpIn(memory.storage)).younger).toBeGreaterThan(2)
      yield* TestClock.adjust("1 second")
      expect((yield* cleanUpIn(memory.storage)).deleted).toBeGreaterThan(2)
    }))

  it.effect("M-7: what only the side folder names stays", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const [lost = ""] = [...stored.files.keys()].filter((file) => file.startsWith("metadata/transaction_0-"))
      const memory = makeStorage({}, stored.files)
      yield* Capabilities.backupMetadataFile(memory.storage, lost)
      yield* TestClock.adjust("5000 seconds")
      const before = [...memory.files.keys()]
      const kept = yield* cleanUpIn(memory.storage)
      expect(kept).toMatchObject({ unreferenced: [], doubts: [] })
      expect(kept.namedAside).toBeGreaterThan(2)
      expect([...memory.files.keys()]).toEqual(before)
    }))

  const spoilt: ReadonlyArray<
    readonly [title: string, change: (files: Map<string, Uint8Array>) => void, file: RegExp, reason: string]
  > = [
    ["a torn line of metadata", (files) => files.set("metadata/torn.meta", bytes), /torn/, "Malformed"],
    [
      "metadata of an unknown kind",
      (files) => files.set("metadata/new.meta", new TextEncoder().encode("{\"Lease\":{}}\n")),
      /new/,
      "UnknownFormat"
    ],
    [
      "metadata in the side folder of an unknown kind",
      (files) => files.set("metadata_backup/new.meta", new TextEncoder().encode("{\"Lease\":{}}\n")),
      /new/,
      "UnknownFormat"
    ],
    [
      "a manifest that cannot be read",
      (files) => files.set([...files.keys()].find((file) => file.endsWith(".manifest")) ?? "", bytes),
      /manifest/,
      "Malformed"
    ],
    [
      "a chunk that is not listed",
      (files) => files.delete([...files.keys()].find((file) => file.endsWith(".chunk")) ?? ""),
      /chunk/,
      "Inconsistent"
    ],
    [
      "an empty listing of metadata",
      (files) => [...files.keys()].filter((file) => file.startsWith("metadata/")).forEach((file) => files.delete(file)),
      /metadata/,
      "Gap"
    ]
  ]
  for (const [title, change, file, reason] of spoilt) {
    it.effect(`M-8: ${title}: everything stays, and the reason is told`, () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const files = new Map([...stored.files, ...attempt(stored.files, /^epoch_ending_0-/, "f00d")])
        change(files)
        const memory = makeStorage({}, files)
        yield* TestClock.adjust("5000 seconds")
        const result = yield* cleanUpIn(memory.storage)
        expect(result).toMatchObject({ unreferenced: [], deleted: 0, doubts: [{ reason }] })
        expect(result.doubts[0]?.file).toMatch(file)
        expect(memory.log).toEqual([])
      }))
  }

  it.effect("a storage that cannot list or delete says so", () =>
    Effect.gen(function*() {
      const { storage } = makeStorage({}, (yield* StoredBackups).files)
      const without = (capabilities: Partial<Capabilities.Capabilities>) =>
        cleanUpIn({ ...storage, capabilities: { ...storage.capabilities, ...capabilities } })
      for (const operation of ["listFiles", "deleteFile"] as const) {
        const error = yield* Effect.flip(
          without({ [operation]: Capabilities.missing(operation, "it", `it has no ${operation}: add one`) })
        )
        expect(error).toMatchObject({ reason: "Unsupported", operation })
        expect(error.message).toContain(`it has no ${operation}: add one`)
      }
    }))

  it.effect("M-9: a backup that is finished while its files are being looked for stays", () =>
    Effect.gen(function*() {
      const stored = yield* StoredBackups
      const metadata = [...stored.files.keys()].find((file) => file.startsWith("metadata/transaction_0-")) ?? ""
      const line = stored.files.get(metadata) ?? bytes
      let listings = 0
      const memory = makeStorage({
        list: (what) =>
          Effect.sync(() => {
            if (what === "metadata" && listings++ === 2) memory.files.set(metadata, line)
          })
      }, [...stored.files].filter(([file]) => file !== metadata))
      yield* TestClock.adjust("5000 seconds")
      expect((yield* cleanUpIn(memory.storage, { delete: false })).unreferenced.length).toBeGreaterThan(2)
      expect(yield* cleanUpIn(memory.storage)).toMatchObject({ unreferenced: [], deleted: 0 })
      expect(memory.files.size).toBe(stored.files.size)
    }))

  for (let seed = 1; seed <= 6; seed++) {
    it.effect(`seed ${seed}: a random storage under random faults keeps what it needs`, () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const chance = (percent: number) => Effect.map(Random.nextIntBetween(0, 100), (drawn) => drawn < percent)
        const folders = [...new Set([...stored.files.keys()].map((file) => file.split("/")[0] ?? ""))]
          .filter((folder) => folder !== "metadata")
        const left = new Map<string, Uint8Array>()
        for (let number = 0; number < 8; number++) {
          const folder = yield* Random.choice(folders)
          const percent = yield* Random.nextIntBetween(0, 101)
          for (const [file, content] of attempt(stored.files, new RegExp(`^${folder}/`), `${number}bad`)) {
            if (yield* chance(percent)) left.set(file, content)
          }
        }
        let faults = 0
        const hook = (reason: "NotFound" | "PermissionDenied" | "CommandFailed") => (file: string) =>
          Effect.flatMap(chance(2), (fails) => {
            if (!fails || faults === 0) return Effect.void
            faults -= 1
            return failure("read", reason, file)
          })
        const hooks: Hooks = {
          read: hook("CommandFailed"),
          list: hook("PermissionDenied"),
          remove: hook("PermissionDenied")
        }
        const memory = makeStorage(hooks, [...stored.files, ...left])
        const young = new Set<string>()
        for (const file of left.keys()) {
          if (yield* chance(5)) {
            memory.times.set(file, yield* secondsFromNow(9_500))
            young.add(file.split("/")[0] ?? "")
          }
        }
        // Some are not live any more, or compacted.
        if (yield* chance(50)) {
          yield* Compaction.compact({ ...Compaction.defaultOptions, retentionSeconds: 0 }).pipe(
            Effect.provideService(BackupStorage.BackupStorage, memory.storage)
          )
        }
        yield* TestClock.adjust("10000 seconds")
        const before = new Set(memory.files.keys())
        for (let run = 0; run < 4; run++) {
          faults = 2
          yield* Effect.ignore(cleanUpIn(memory.storage))
        }
        faults = 0
        const last = yield* cleanUpIn(memory.storage)
        expect(last.doubts).toEqual([])
        const report = yield* verifyIn(memory, { strict: true, allSnapshots: true })
        expect(report).toMatchObject({ ok: true, errors: [] })
        expect([...before].filter((file) => !memory.files.has(file) && !left.has(file))).toEqual([])
        expect([...left.keys()].filter((file) => memory.files.has(file) !== young.has(file.split("/")[0] ?? "")))
          .toEqual([])
        expect(
          [...memory.files].filter(([file]) => file.startsWith("metadata/")).flatMap(([file, content]) =>
            /compac/.test(file) ? [] : [entryOf(file, content)]
          ).every(Metadata.isBackup)
        ).toBe(true)
      }).pipe(Effect.withRandom(Random.make(`clean-up ${seed}`))))
  }
})
