/**
 * A backup is reported as taken only when its metadata line was read back: a storage that keeps what is there, or keeps
 * nothing, is noticed.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Retries from "@holdfast/engine/Retries"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import { between, type Kind, kinds, ofKind, settings } from "../support/backups.ts"
import { clientOf } from "../support/memoryNode.ts"
import { failure, makeStorage, type MemoryStorage } from "../support/memoryStorage.ts"
import { layerSmall, TestNetwork } from "../support/networks.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The manifests that the storage lists. */
const listed = ({ storage }: MemoryStorage) =>
  MetadataView.load({ concurrency: 1 }).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage),
    Effect.map((view) =>
      [view.epochEndings, view.stateSnapshots, view.transactions].flatMap((all) =>
        all.map(({ value: { manifest } }) => manifest)
      )
    )
  )

/** Takes a backup, and what was warned about meanwhile. */
const taking = (memory: MemoryStorage, kind: Kind) =>
  Effect.gen(function*() {
    const warnings: Array<string> = []
    const { store } = yield* TestNetwork
    const result = yield* between(clientOf(store), memory.storage, ofKind[kind]).pipe(
      Effect.provide(Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => warnings.push(String(message)))
      ))
    )
    return { result, warnings }
  })

layer(layerSmall)("O-15: a backup that is reported as taken", (it) => {
  for (const kind of kinds) {
    describe(`of ${kind}`, () => {
      it.effect("is listed under the name of its range", () =>
        Effect.gen(function*() {
          const memory = makeStorage()
          const { result, warnings } = yield* taking(memory, kind)
          expect(result.listed).toBe(result.manifest)
          expect(yield* listed(memory)).toEqual([result.manifest])
          expect(warnings).toEqual([])
        }))

      it.effect("is listed beside a file of its name that lists nothing of its range", () =>
        Effect.gen(function*() {
          const { result: { metadata: name } } = yield* taking(makeStorage(), kind)
          const others = [
            "",
            "{\"TransactionBackup\":{\"first_ver",
            "{\"TransactionBackup\":{\"first_version\":7,\"last_version\":8,\"manifest\":\"b/m\"}}\n",
            "\0".repeat(100_000)
          ]
          for (const other of others) {
            const memory = makeStorage({}, [[`metadata/${name}`, bytes(other)]])
            const { result, warnings } = yield* taking(memory, kind)
            expect(result.metadata).toBe(name.replace(/\.meta$/, ".1.meta"))
            expect(result.listed).toBe(result.manifest)
            expect(yield* listed(memory)).toContain(result.manifest)
            expect(memory.files.get(`metadata/${name}`)).toEqual(bytes(other))
            expect(warnings).toHaveLength(1)
            expect(warnings[0]).toContain(`its line is saved as ${result.metadata}`)
            // Another one finds that range listed: two lines of one range would be an overlap.
            const again = yield* Effect.withRandom(taking(memory, kind), Random.make("again"))
            expect(again.result).toMatchObject({ metadata: result.metadata, listed: result.manifest })
          }
        }))

      it.effect("says which manifest is listed where the storage keeps an earlier one of its range", () =>
        Effect.gen(function*() {
          const memory = makeStorage()
          const first = yield* Effect.withRandom(taking(memory, kind), Random.make("first"))
          const second = yield* Effect.withRandom(taking(memory, kind), Random.make("second"))
          expect(second.result.manifest).not.toBe(first.result.manifest)
          expect(second.result.listed).toBe(first.result.manifest)
          expect(second.result.metadata).toBe(first.result.metadata)
          expect(yield* listed(memory)).toEqual([first.result.manifest])
          expect(second.warnings).toHaveLength(1)
          expect(second.warnings[0]).toContain(first.result.manifest)
        }))
    })
  }

  it.effect("fails where its line cannot be read back", () =>
    Effect.gen(function*() {
      const memory = makeStorage({
        read: (file) => file.endsWith(".meta") ? failure("read", "CommandFailed", file) : Effect.void
      })
      const error = yield* Effect.flip(taking(memory, "transactions"))
      expect(error).toMatchObject({ _tag: "StorageError", operation: "read", reason: "CommandFailed" })
      expect(error.message).toContain("reported as saved, but cannot be read back: injected")
    }))

  it.effect("is read back again where that passes by itself", () =>
    Effect.gen(function*() {
      let reads = 0
      const { store } = yield* TestNetwork
      const memory = makeStorage({
        read: (file) => ++reads < 3 ? failure("read", "Timeout", file) : Effect.void
      })
      const take = TransactionBackup.take({
        firstVersion: 0,
        lastVersion: 3,
        settings: { ...settings, retries: { ...Retries.standard, retries: 2 } }
      })
      const fiber = yield* Effect.fork(between(clientOf(store), memory.storage, take))
      yield* TestClock.adjust("1 minute").pipe(Effect.repeatN(20))
      const result = yield* fiber
      expect(reads).toBe(3)
      expect(yield* listed(memory)).toEqual([result.manifest])
    }))

  it.effect("fails where the storage keeps other lines than it is given, whatever their name", () =>
    Effect.gen(function*() {
      const memory = makeStorage()
      const names: Array<string> = []
      const storage = BackupStorage.BackupStorage.of({
        ...memory.storage,
        saveMetadataLines: (name) => {
          names.push(name)
          return memory.storage.saveMetadataLines(name, [])
        }
      })
      const error = yield* Effect.flip(taking({ ...memory, storage }, "transactions"))
      expect(error).toMatchObject({ _tag: "StorageError", operation: "saveMetadataLines", reason: "BadOutput" })
      expect(names).toEqual(["", ".1", ".2", ".3", ".4"].map((number) => `transaction_0-45${number}.meta`))
      expect(yield* listed(memory)).toEqual([])
    }))
})
