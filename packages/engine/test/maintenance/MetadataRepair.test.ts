/**
 * A repair sets torn metadata files aside, and no line that can be read is ever gone.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as Cleanup from "@holdfast/engine/Cleanup"
import * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataRepair from "@holdfast/engine/MetadataRepair"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Retention from "@holdfast/engine/Retention"
import * as Retries from "@holdfast/engine/Retries"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { makeStorage, type MemoryStorage } from "../support/memoryStorage.ts"
import { denied, epochEnding, fileOf, filesOf, linesIn, snapshot, stepped } from "../support/metadataEntries.ts"
import { type Files, layerStored, StoredBackups, verifyIn } from "../support/storedBackups.ts"

type Storage = BackupStorage.Service

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

const repairIn = (storage: Storage, files: ReadonlyArray<string> = []) =>
  MetadataRepair.repair({ files, concurrency: 2, retries: Retries.never }).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )

const viewOf = (storage: Storage) =>
  Effect.provideService(MetadataView.load({ concurrency: 2 }), BackupStorage.BackupStorage, storage)

const line = (epoch: number) => Metadata.printLine(epochEnding(epoch))

const tearing = "{\"EpochEndingBackup\":{\"first_ep"
const torn = "metadata/epoch_ending_compacted_1-3.meta"
const tornText = `${line(1)}\n${tearing}\n${line(2)}\n`
const others = filesOf([epochEnding(0), snapshot(2)])

const damaged = () => makeStorage({}, [...others, [torn, encode(tornText)]])

const metadataIn = ({ files }: MemoryStorage) => [...files.keys()].filter((file) => file.startsWith("metadata/")).sort()

const repaired = "metadata/repaired_epoch_ending_compacted_1-3.meta"

layer(layerStored)("torn metadata", (it) => {
  describe("a repair", () => {
    it.effect("M-14: without files says what it would do, and changes nothing", () =>
      Effect.gen(function*() {
        const memory = damaged()
        expect(yield* repairIn(memory.storage)).toMatchObject({
          torn: [{ file: torn, kept: [line(1), line(2)], lost: [{ line: 2, text: tearing }] }],
          others: [],
          repaired: []
        })
        expect(memory.log).toEqual([])
      }))

    it.effect("M-14: saves the lines that can be read, and sets the file aside as it was", () =>
      Effect.gen(function*() {
        const memory = damaged()
        const before = linesIn(memory.files).filter((each) => each !== tearing)
        expect((yield* repairIn(memory.storage, [torn])).repaired).toEqual([{ file: torn, savedAs: repaired }])
        expect(decode(memory.files.get(repaired))).toBe(`${line(1)}\n${line(2)}\n`)
        expect(decode(memory.files.get(torn.replace("metadata", "metadata_backup")))).toBe(tornText)
        expect(linesIn(memory.files)).toEqual(before)
        expect((yield* viewOf(memory.storage)).problems).toEqual([])
        expect(yield* repairIn(memory.storage)).toEqual({ torn: [], others: [], repaired: [] })
      }))

    it.effect("M-14: a name that says something else is passed over, so the same name may be torn again", () =>
      Effect.gen(function*() {
        const memory = damaged()
        yield* repairIn(memory.storage, [torn])
        memory.files.set(torn, encode(`${line(3)}\n${tearing}`))
        const [again] = (yield* repairIn(memory.storage, [torn])).repaired
        expect(again?.savedAs).toBe(repaired.replace(".meta", ".1.meta"))
        expect((yield* viewOf(memory.storage)).epochEndings.map(({ value }) => value.firstEpoch)).toEqual([0, 1, 2, 3])
      }))

    const alone: ReadonlyArray<readonly [title: string, bytes: Uint8Array, reason: string]> = [
      ["a kind that is not known", encode(`${line(1)}\n{"Lease":{}}\n${tearing}\n`), "UnknownFormat"],
      ["what is no text", Uint8Array.of(...encode(`${line(1)}\n`), 0xff, 0xfe), "Malformed"]
    ]
    for (const [title, bytes, reason] of alone) {
      it.effect(`M-14: ${title} is left alone, also by name`, () =>
        Effect.gen(function*() {
          const memory = makeStorage({}, [...others, [torn, bytes]])
          expect(yield* repairIn(memory.storage)).toMatchObject({ torn: [], others: [{ file: torn, reason }] })
          expect(yield* Effect.flip(repairIn(memory.storage, [torn]))).toMatchObject({ _tag: "ImpossibleRequest" })
          expect(memory.log).toEqual([])
        }))
    }

    it.effect("M-14: refuses a file that is whole or not there, before another is touched", () =>
      Effect.gen(function*() {
        for (const name of [others[0]?.[0] ?? "", "metadata/nowhere.meta"]) {
          const memory = damaged()
          const error = yield* Effect.flip(repairIn(memory.storage, [torn, name]))
          expect(error).toMatchObject({ _tag: "ImpossibleRequest" })
          expect(error.message).toContain(name)
          expect(memory.log).toEqual([])
        }
      }))

    it.effect("M-14: a file that somebody is writing stays", () =>
      Effect.gen(function*() {
        const memory = makeStorage({
          confirm: () => Effect.sync(() => memory.files.set(torn, encode(`${tornText}${line(3)}\n`)))
        }, [...others, [torn, encode(tornText)]])
        expect(yield* Effect.flip(repairIn(memory.storage, [torn]))).toMatchObject({
          reason: "Inconsistent",
          file: torn
        })
        expect(metadataIn(memory)).toContain(torn)
      }))

    for (const when of ["before", "after", "interrupted"] as const) {
      it.effect(`M-15: a fault ${when} any operation loses no line, and the next run finishes`, () =>
        Effect.gen(function*() {
          let faulted = true
          for (let number = 0; faulted; number++) {
            faulted = false
            const memory = damaged()
            const all = linesIn(memory.files).filter((each) => each !== tearing)
            const look = Effect.sync(() =>
              expect(linesIn(memory.files).filter((each) => each !== tearing)).toEqual(all)
            )
            const fault = Effect.suspend(() => {
              faulted = true
              return when === "interrupted" ? Effect.interrupt : denied({ number, operation: "listFiles", file: "" })
            })
            const storage = stepped(
              memory,
              (turn) => Effect.zipRight(look, when === "before" && turn.number === number ? fault : Effect.void),
              (turn) => Effect.zipRight(look, when !== "before" && turn.number === number ? fault : Effect.void)
            )
            yield* Effect.exit(repairIn(storage, [torn]))
            yield* look
            yield* Effect.exit(repairIn(memory.storage, [torn]))
            yield* look
            expect(metadataIn(memory)).toEqual([...others.map(([file]) => file), repaired].sort())
            expect(number).toBeLessThan(10)
          }
        }))
    }
  })

  describe("maintenance", () => {
    const left = (files: Files) =>
      [...files].filter(([file]) => file.startsWith("epoch_ending_0-"))
        .map(([file, bytes]) => [file.replace(/\.[0-9a-f]{4}\//, ".f00d/"), bytes] as const)

    for (const [title, text] of [["one torn line", tearing], ["a torn line behind whole ones", undefined]] as const) {
      it.effect(`M-14: ${title}: clean-up and retention go on once it is repaired`, () =>
        Effect.gen(function*() {
          const stored = yield* StoredBackups
          // In the second case all that names the first transactions is a file that is torn behind its line.
          const file = [...stored.files.keys()].find((each) => each.startsWith("metadata/transaction_0-")) ?? ""
          const name = text === undefined ? file : "metadata/torn.meta"
          const content = text ?? `${decode(stored.files.get(file))}${tearing}`
          const memory = makeStorage({}, [...stored.files, ...left(stored.files), [name, encode(content)]])
          yield* TestClock.adjust("8 days")
          const within = Effect.provideService(BackupStorage.BackupStorage, memory.storage)
          const cleanUp = within(Cleanup.cleanUp({ ...Cleanup.defaultOptions, delete: true, retries: Retries.never }))
          const retain = within(Retention.retain({
            policy: { keepSnapshots: 1, keepEvery: undefined, keepHistorySince: undefined },
            delete: false,
            concurrency: 2,
            retries: Retries.never
          }))
          expect(yield* cleanUp).toMatchObject({ deleted: 0, doubts: [{ file: name, reason: "Malformed" }] })
          expect(yield* Effect.flip(retain)).toMatchObject({ file: name, reason: "Malformed" })
          yield* repairIn(memory.storage, [name])
          expect(yield* cleanUp).toMatchObject({ deleted: left(stored.files).length, doubts: [] })
          expect((yield* retain).plan.verdicts.length).toBe(6)
          expect(yield* verifyIn(memory, { strict: true, allSnapshots: true })).toMatchObject({ ok: true, errors: [] })
        }))
    }

    it.effect("M-8: a torn line in the side folder that no repair set aside keeps everything", () =>
      Effect.gen(function*() {
        const stored = yield* StoredBackups
        const memory = makeStorage({}, [
          ...stored.files,
          ...left(stored.files),
          ["metadata_backup/torn.meta", encode(tearing)],
          fileOf("repaired_other.meta", [])
        ])
        yield* TestClock.adjust("8 days")
        const result = yield* Effect.provideService(
          Cleanup.cleanUp({ ...Cleanup.defaultOptions, delete: true, retries: Retries.never }),
          BackupStorage.BackupStorage,
          memory.storage
        )
        expect(result).toMatchObject({ deleted: 0, doubts: [{ file: "metadata_backup/torn.meta" }] })
      }))
  })
})
