/**
 * Compaction keeps every entry in the storage: whatever fails, whoever reads, and whoever else compacts.
 */
import { describe, expect, it } from "@effect/vitest"
import * as CachedMetadata from "@holdfast/engine/CachedMetadata"
import * as Compaction from "@holdfast/engine/Compaction"
import type * as CompactionPlan from "@holdfast/engine/CompactionPlan"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as FileNames from "@holdfast/engine/FileNames"
import * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Retries from "@holdfast/engine/Retries"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import { type Cache, makeCache } from "../support/coordinators.ts"
import { failure, makeStorage, type MemoryStorage } from "../support/memoryStorage.ts"
import {
  denied,
  epochEnding,
  fileOf,
  filesOf,
  identity,
  linesIn,
  snapshot,
  stepped,
  transactions
} from "../support/metadataEntries.ts"

const retentionSeconds = 60

const options = (factors: Partial<CompactionPlan.Factors> = {}): Compaction.CompactionOptions => ({
  factors: { epochEndings: 3, stateSnapshots: 2, transactions: 2, ...factors },
  retentionSeconds,
  concurrency: 2,
  retries: Retries.never
})

const compactIn = (storage: BackupStorage.Service, given = options()) =>
  Compaction.compact(given).pipe(Effect.provideService(BackupStorage.BackupStorage, storage))

const entries = [
  ...Array.from({ length: 7 }, (_, epoch) => epochEnding(epoch)),
  ...[0, 2, 4, 6].map((epoch) => snapshot(epoch)),
  transactions(0, 0),
  transactions(1, 50),
  transactions(51, 100)
]

const start = [...filesOf(entries), ...filesOf([identity])]

const metadataIn = ({ files }: MemoryStorage) =>
  [...files.keys()].filter((file) => file.startsWith("metadata/")).map((file) => file.slice("metadata/".length)).sort()

const later = TestClock.adjust("61 seconds")

describe("what a compaction does", () => {
  it.effect("M-3: a file is moved only after the retention, and the last group grows with what comes", () =>
    Effect.gen(function*() {
      const memory = makeStorage({}, start)
      const first = yield* compactIn(memory.storage)
      expect(first).toMatchObject({ files: 15, compacted: 7, moved: [], waiting: 14 })
      expect((yield* Metric.value(CoordinatorStatus.metrics.compactedVersion)).value).toBe(100)
      expect((yield* compactIn(memory.storage)).moved).toEqual([])
      yield* TestClock.adjust("59 seconds")
      expect((yield* compactIn(memory.storage)).moved).toEqual([])
      yield* TestClock.adjust("1 second")
      expect((yield* compactIn(memory.storage)).moved.length).toBe(14)
      expect(metadataIn(memory)).toContain("epoch_ending_compacted_6-6.meta")
      yield* memory.storage.saveMetadataLines(...saved(epochEnding(7)))
      yield* compactIn(memory.storage)
      yield* later
      yield* compactIn(memory.storage)
      expect(metadataIn(memory).filter((name) => name.startsWith("epoch"))).toEqual([
        "epoch_ending_compacted_0-2.meta",
        "epoch_ending_compacted_3-5.meta",
        "epoch_ending_compacted_6-7.meta"
      ])
      expect(linesIn(memory.files)).toEqual(linesIn(new Map(filesOf([...entries, epochEnding(7)]))))
    }))

  it.effect("lines stay as they are, with fields that this version does not know", () =>
    Effect.gen(function*() {
      const line = `{"StateSnapshotBackup": {"manifest":"a.0000/state.manifest","epoch":1,"version":10,"new":[]}}`
      const memory = makeStorage({}, [["metadata/state_snapshot_ver_10.meta", new TextEncoder().encode(`${line}\n`)]])
      yield* compactIn(memory.storage)
      const text = new TextDecoder().decode(memory.files.get("metadata/state_snapshot_compacted_epoch_1_1.meta"))
      expect(text).toBe(`${line}\n`)
    }))

  it.effect("M-5: a kind that is not known stops it by name, before anything is changed", () =>
    Effect.gen(function*() {
      const foreign = ["metadata/new.meta", new TextEncoder().encode("{\"LeaseBackup\":{}}\n")] as const
      const memory = makeStorage({}, [...start, foreign])
      const error = yield* Effect.flip(compactIn(memory.storage))
      expect(error).toMatchObject({ _tag: "InvalidBackup", file: "metadata/new.meta", reason: "UnknownFormat" })
      expect(error.message).toContain("\"LeaseBackup\"")
      expect(memory.log).toEqual([])
    }))

  it.effect("M-5: an empty listing is no storage to compact", () =>
    Effect.gen(function*() {
      const memory = makeStorage()
      expect(yield* Effect.flip(compactIn(memory.storage))).toMatchObject({ reason: "Gap" })
      expect(memory.log).toEqual([])
    }))

  it.effect("M-5: a torn file stays where it is; what it says is compacted with the rest", () =>
    Effect.gen(function*() {
      const [, whole] = fileOf("", [epochEnding(8)])
      const torn = new TextEncoder().encode(`${new TextDecoder().decode(whole)}{"EpochEndingBackup":{"first_ep`)
      const memory = makeStorage({}, [...start, ["metadata/torn.meta", torn], [
        "metadata/empty.meta",
        new Uint8Array()
      ]])
      const { problems } = yield* compactIn(memory.storage)
      expect(problems).toMatchObject([{ file: "metadata/torn.meta", reason: "Malformed" }])
      yield* later
      yield* compactIn(memory.storage)
      expect(metadataIn(memory)).toEqual(expect.arrayContaining(["torn.meta", "empty.meta", "identity.meta"]))
      expect(linesIn(memory.files).filter((line) => line.includes("ending_8-")).length).toBeGreaterThan(0)
    }))

  it.effect("M-2: two backups of one range, and a compacted file that was cut short, lose nothing", () =>
    Effect.gen(function*() {
      const twice = [transactions(1, 50, "ffff"), transactions(1, 50, "eeee")]
      const all = [...entries, ...twice]
      const memory = makeStorage({}, [
        ...start,
        ...twice.map((entry, index) => fileOf(`other-${index}.meta`, [entry])),
        fileOf("epoch_ending_compacted_0-2.meta", [epochEnding(0)])
      ])
      for (let round = 0; round < 4; round++) {
        expect((yield* compactIn(memory.storage, options({ transactions: 1 }))).warnings).toEqual([])
        expect(linesIn(memory.files)).toEqual(linesIn(new Map(filesOf(all.slice(0, -2)).concat(filesOf2(twice)))))
        yield* later
      }
      expect(metadataIn(memory).filter((name) => /^(epoch|tran)/.test(name))).toEqual([
        "epoch_ending_compacted_0-2.meta",
        "epoch_ending_compacted_3-5.meta",
        "epoch_ending_compacted_6-6.meta",
        "transaction_compacted_0-0.meta",
        "transaction_compacted_1-100.meta",
        "transaction_compacted_1-50.meta"
      ])
    }))

  it.effect("M-2: what a storage reports as saved, and has not, replaces nothing", () =>
    Effect.gen(function*() {
      const memory = makeStorage({}, start)
      const { storage } = memory
      const forgetful = {
        ...storage,
        saveMetadataLines: (name: string, lines: ReadonlyArray<string>) =>
          storage.saveMetadataLines(name, name.includes("_compacted_") ? lines.slice(0, -1) : lines)
      }
      for (let round = 0; round < 3; round++) {
        expect((yield* compactIn(forgetful)).warnings.length).toBeGreaterThan(0)
        yield* nothingIsLost(memory)
        yield* later
      }
    }))

  it.effect("a storage that cannot move files is compacted nevertheless, and told of", () =>
    Effect.gen(function*() {
      const memory = makeStorage({ move: (file) => failure("backupMetadataFile", "Unsupported", file) }, start)
      yield* compactIn(memory.storage)
      yield* later
      const { moved, waiting, warnings } = yield* compactIn(memory.storage)
      expect({ moved, waiting }).toEqual({ moved: [], waiting: 14 })
      expect(warnings.length).toBe(14)
    }))
})

const saved = (entry: Metadata.Entry) => [FileNames.metadata(entry), [Metadata.printLine(entry)]] as const

/** Files of one name would be one file. */
const filesOf2 = (all: ReadonlyArray<Metadata.Entry>) =>
  all.map((entry, index) => fileOf(`other-${index}.meta`, [entry]))

const expected = linesIn(new Map(start))

/** Every entry is there now. Cheap, since it is asked at every turn. */
const nothingIsLost = ({ files }: MemoryStorage, all = expected) =>
  Effect.sync(() => {
    const found = linesIn(files)
    if (found.join() !== all.join()) expect(found).toEqual(all)
  })

const few = [...start.slice(0, 4), ...start.slice(7, 9), ...start.slice(-3)]

describe("a fault at any operation", () => {
  const lines = linesIn(new Map(few))

  for (const when of ["before", "after", "interrupted"] as const) {
    it.effect(`M-4: ${when} it is done: every entry stays, and later runs finish`, () =>
      Effect.gen(function*() {
        let faulted = true
        for (let number = 0; faulted; number++) {
          faulted = false
          const memory = makeStorage({}, few)
          const look = () => nothingIsLost(memory, lines)
          let turns = 0
          let armed = true
          const fault = () =>
            Effect.suspend(() => {
              if (!armed || turns++ !== number) return Effect.void
              faulted = true
              return when === "interrupted"
                ? Effect.interrupt
                : denied({ number, operation: "listMetadataFiles", file: "" })
            })
          const storage = stepped(
            memory,
            () => Effect.zipRight(look(), when === "before" ? fault() : Effect.void),
            () => Effect.zipRight(look(), when === "before" ? Effect.void : fault())
          )
          // The fault hits any of the first runs, in which everything is done that there is to do.
          for (let run = 0; run < 3; run++) {
            yield* Effect.exit(compactIn(storage))
            yield* later
          }
          armed = false
          for (let run = 0; run < 3; run++) {
            expect((yield* compactIn(storage)).warnings, `fault ${number}`).toEqual([])
            yield* later
          }
          expect(metadataIn(memory).filter((name) => !name.startsWith("compaction_timestamps"))).toEqual([
            "epoch_ending_compacted_0-2.meta",
            "epoch_ending_compacted_3-3.meta",
            "identity.meta",
            "state_snapshot_compacted_epoch_0_2.meta",
            "transaction_compacted_1-100.meta"
          ])
          expect(number).toBeLessThan(100)
        }
      }))
  }
})

describe("a save that is cut off", () => {
  it.effect("M-4: anywhere, in any file: every entry stays, and later runs finish around what is torn", () =>
    Effect.gen(function*() {
      let saves = 1
      for (let number = 0; number < saves; number++) {
        const memory = makeStorage({}, few)
        const look = nothingIsLost(memory, linesIn(new Map(few)))
        let turn = 0
        let torn = 0
        const cut = (file: string) =>
          Effect.suspend(() => {
            // An empty file, or one that is no line that can be read.
            torn = number % 2
            memory.files.set(`metadata/${file}`, new TextEncoder().encode(torn === 0 ? "" : "{\"Identity\":{\"id"))
            return Effect.interrupt
          })
        const storage = stepped(
          memory,
          ({ file, operation }) =>
            operation === "saveMetadataLines" && turn++ === number ? Effect.zipRight(look, cut(file)) : look,
          () => look
        )
        for (let run = 0; run < 4; run++) {
          yield* Effect.exit(compactIn(storage))
          yield* look
          yield* later
        }
        saves = Math.max(saves, turn)
        const { moved, problems, waiting } = yield* compactIn(storage)
        expect({ moved, problems: problems.length, few: waiting <= 1 }).toEqual({
          moved: [],
          problems: torn,
          few: true
        })
      }
      expect(saves).toBeGreaterThan(4)
    }))
})

/** Others get some turns in between. */
const pause = Effect.flatMap(Random.nextIntBetween(0, 12), (turns) => Effect.repeatN(Effect.yieldNow(), turns))

const foundIn = ({ epochEndings, problems, stateSnapshots, transactions: found }: MetadataView.MetadataView) => ({
  problems: problems.map(({ message }) => message),
  entries: epochEndings.length + stateSnapshots.length + found.length
})

const everything = { problems: [], entries: entries.length }

const viewed = (storage: BackupStorage.Service) =>
  Effect.map(
    Effect.provideService(MetadataView.load({ concurrency: 2 }), BackupStorage.BackupStorage, storage),
    foundIn
  )

/** The same of a coordinator, which remembers what it has seen. */
const synced = (storage: BackupStorage.Service, cache: Cache) =>
  CachedMetadata.refresh({ concurrency: 2, newStorage: false }).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage),
    Effect.provide(cache),
    Effect.map(foundIn)
  )

describe("together with others", () => {
  for (let seed = 1; seed <= 5; seed++) {
    it.effect(`seed ${seed}: M-4: readers in the middle see every entry`, () =>
      Effect.gen(function*() {
        let missed = 0
        const memory = makeStorage({
          read: (file) =>
            Effect.tap(pause, () =>
              Effect.sync(() => {
                if (!memory.files.has(file)) missed += 1
              }))
        }, start)
        const storage = stepped(memory, () => pause)
        const remembered = yield* makeCache
        for (let round = 0; round < 4; round++) {
          const readers = Array.from({ length: 6 }, (_, reader) =>
            Effect.zipRight(
              Effect.repeatN(pause, 4 * reader),
              reader % 2 === 0
                ? viewed(storage)
                : Effect.flatMap(
                  reader === 1 ? Effect.succeed(remembered) : makeCache,
                  (cache) => synced(storage, cache)
                )
            ))
          const [, ...seen] = yield* Effect.all([compactIn(storage), ...readers], { concurrency: "unbounded" })
          expect(seen).toEqual(seen.map(() => everything))
          yield* later
        }
        // Otherwise they were not in the middle.
        expect(missed).toBeGreaterThan(0)
      }).pipe(Effect.withRandom(Random.make(`readers ${seed}`))))

    it.effect(`seed ${seed}: M-3: two compactors at once, also of different factors, lose nothing at any moment`, () =>
      Effect.gen(function*() {
        const memory = makeStorage({ read: () => pause }, start)
        const look = nothingIsLost(memory)
        const storage = stepped(memory, () => Effect.zipRight(look, pause), () => look)
        const factor = () => Random.nextIntBetween(1, 5)
        const given = Effect.all({ epochEndings: factor(), stateSnapshots: factor(), transactions: factor() })
        const [first, second] = yield* Effect.all([given, seed % 3 === 0 ? Effect.succeed({}) : given])
        for (let round = 0; round < 6; round++) {
          yield* Effect.all([compactIn(storage, options(first)), compactIn(storage, options(second))], {
            concurrency: 2
          })
          yield* later
        }
      }).pipe(Effect.withRandom(Random.make(`compactors ${seed}`))))

    it.effect(`seed ${seed}: two compactors without a retention repair what they do to each other`, () =>
      Effect.gen(function*() {
        const memory = makeStorage({ read: () => pause }, start)
        const storage = stepped(memory, () => pause)
        for (let round = 0; round < 6; round++) {
          const runs = yield* Effect.all(
            [1, 2].map((factor) =>
              Effect.either(
                compactIn(storage, {
                  ...options({ epochEndings: factor, stateSnapshots: factor, transactions: factor }),
                  retentionSeconds: 0
                })
              )
            ),
            { concurrency: 2 }
          )
          expect(runs.every(Either.isRight)).toBe(true)
          expect(linesIn(memory.files)).toEqual(expected)
        }
      }).pipe(Effect.withRandom(Random.make(`no retention ${seed}`))))
  }
})
