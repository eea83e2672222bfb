/**
 * A backup that failed or was killed goes on: what the storage confirmed is neither fetched nor written again.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { describe, expect, layer } from "@effect/vitest"
import type * as Client from "@holdfast/backup-service/Client"
import * as BackupJournal from "@holdfast/engine/BackupJournal"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as Cleanup from "@holdfast/engine/Cleanup"
import * as LocalState from "@holdfast/engine/LocalState"
import * as Retries from "@holdfast/engine/Retries"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as path from "node:path"
import { segments } from "../../src/backup/takeChunks.ts"
import { between, epochEndings, settings } from "../support/backups.ts"
import { counting } from "../support/countingNode.ts"
import { clientOf } from "../support/memoryNode.ts"
import { failure, makeStorage, type MemoryStorage, plain } from "../support/memoryStorage.ts"
import { grown, layerSmall, type Network, smallOptions, TestNetwork } from "../support/networks.ts"
import { faults, verifyFiles } from "../support/storedBackups.ts"

type Node = Client.Service

const kinds = ["state snapshot", "transactions"] as const

const bounds = { ...settings, concurrentWrites: 3, itemsPerRequest: 7 }

const ofKind = (kind: (typeof kinds)[number], changes: Partial<typeof bounds> = {}): BackupResult.Backup =>
  kind === "state snapshot"
    ? StateSnapshotBackup.take({ epoch: 3, settings: { ...bounds, ...changes } })
    : TransactionBackup.take({
      firstVersion: 0,
      lastVersion: 45,
      settings: { ...bounds, maxChunkBytes: 6_000, ...changes }
    })

/** Data files that were confirmed, without the random suffix of their backups. */
const confirmedData = ({ log }: MemoryStorage): ReadonlyArray<string> =>
  log.filter((event) => /^confirm .*\.(chunk|proof)$/.test(event) && !event.includes("state.proof"))

/** A storage that takes everything but manifests, until it is repaired. */
const withoutManifests = () => {
  let broken = true
  const memory = makeStorage({
    confirm: (file) =>
      Effect.suspend(() => broken && file.endsWith(".manifest") ? failure("write", "Timeout", file) : Effect.void)
  })
  return { memory, repair: () => void (broken = false) }
}

const contentsOf = ({ files }: MemoryStorage): ReadonlyArray<readonly [string, string]> =>
  [...files].filter(([file]) => file.endsWith(".chunk"))
    .map(([file, bytes]) => [plain(file), Buffer.from(bytes).toString("hex")] as const)
    .sort(([a], [b]) => a < b ? -1 : 1)

const expectVerifies = ({ store, summary }: Network, memory: MemoryStorage) =>
  Effect.gen(function*() {
    const { files, storage } = makeStorage({}, memory.files)
    yield* between(clientOf(store), storage, epochEndings(0, 4))
    const trustedWaypoints = summary.epochEndings.slice(0, 1).map(({ waypoint }) => waypoint)
    const report = yield* verifyFiles(files, { strict: true, trustedWaypoints })
    expect(faults(report)).toEqual([])
  })

const journalIn = (directory: string, options?: BackupJournal.Options) =>
  Layer.provide(BackupJournal.layer(options), LocalState.layer({ directory }))

layer(layerSmall)("a backup with a journal", (it) => {
  for (const kind of kinds) {
    describe(`of ${kind}`, () => {
      it.scoped("C-6: that fails at any file goes on behind what was confirmed, and comes to the same", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const whole = makeStorage()
          const clean = yield* between(clientOf(network.store), whole.storage, ofKind(kind))
          const files = confirmedData(whole)
          for (let fails = 0; fails < files.length; fails += 5) {
            const directory = yield* TempDirectory.make
            let left = fails
            let broken = true
            const memory = makeStorage({
              confirm: (file) =>
                Effect.suspend(() => broken && left-- <= 0 ? failure("write", "NoSpace", file) : Effect.void)
            })
            const { asked, forget, node } = counting(clientOf(network.store))
            const attempt = Effect.provide(between(node, memory.storage, ofKind(kind)), journalIn(directory))
            yield* Effect.flip(attempt)
            const done = new Set(confirmedData(memory))
            broken = false
            forget()
            const result = yield* attempt
            expect(result).toMatchObject({ bytes: clean.bytes, chunks: clean.chunks, records: clean.records })
            expect(
              contentsOf(memory).filter(([, hex], index, all) => all.findIndex((each) => each[1] === hex) === index)
            )
              .toEqual(contentsOf(whole))
            // What was under way counts only with both of its files.
            const again = confirmedData(memory).filter((event) => done.has(event)).length - done.size
            expect(again).toBeLessThanOrEqual(2 * bounds.concurrentWrites)
            if (done.size > 2 * bounds.concurrentWrites) expect(asked.records).toBeLessThan(clean.records)
            yield* expectVerifies(network, memory)
            expect(yield* TempDirectory.files(directory)).not.toContain(`${kind}.journal`)
          }
        }).pipe(Effect.provide(NodeContext.layer)))

      it.scoped("C-6: asks for nothing and writes nothing but the end, where all chunks are there", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const directory = yield* TempDirectory.make
          const { memory, repair } = withoutManifests()
          const { asked, forget, node } = counting(clientOf(network.store))
          const attempt = Effect.provide(between(node, memory.storage, ofKind(kind)), journalIn(directory))
          yield* Effect.flip(attempt)
          repair()
          forget()
          const before = confirmedData(memory).length
          yield* attempt
          expect(asked.records).toBe(0)
          expect(confirmedData(memory).length).toBe(before)
          yield* expectVerifies(network, memory)
        }).pipe(Effect.provide(NodeContext.layer)))

      it.scoped("C-6: uses nothing that does not match, is gone or too old, and lists what it cannot use", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const fs = yield* FileSystem.FileSystem
          const other = { ...clientOf(network.store), address: "http://other.test" }
          const cases: ReadonlyArray<
            readonly [
              what: string,
              node: Node,
              backup: BackupResult.Backup,
              between: (memory: MemoryStorage, journal: string) => Effect.Effect<void, PlatformError>,
              identity?: string
            ]
          > = [
            ["another storage", clientOf(network.store), ofKind(kind), () => Effect.void, "memory:another"],
            ["another node", other, ofKind(kind), () => Effect.void],
            ["another chunk size", clientOf(network.store), ofKind(kind, { maxChunkBytes: 2_000 }), () => Effect.void],
            ["not checked before", clientOf(network.store), ofKind(kind, { verifyWrites: false }), () => Effect.void],
            ["a day", clientOf(network.store), ofKind(kind), () => TestClock.adjust("25 hours")],
            [
              "files that are gone",
              clientOf(network.store),
              ofKind(kind),
              ({ files }) => Effect.sync(() => [...files.keys()].forEach((file) => files.delete(file)))
            ],
            [
              "a journal that is spoilt",
              clientOf(network.store),
              ofKind(kind),
              (_, journal) =>
                Effect.flatMap(
                  fs.readFileString(journal),
                  (text) => fs.writeFileString(journal, text.replaceAll(/^\d+ /gm, "1 "))
                )
            ]
          ]
          for (const [what, node, backup, meanwhile, identity] of cases) {
            const directory = yield* TempDirectory.make
            const { memory, repair } = withoutManifests()
            const journal = journalIn(directory)
            yield* Effect.flip(Effect.provide(between(clientOf(network.store), memory.storage, ofKind(kind)), journal))
            repair()
            const file = path.join(directory, `${kind.replace(" ", "_")}.journal`)
            expect((yield* fs.stat(file)).mode & 0o777).toBe(0o600)
            yield* Effect.orDie(meanwhile(memory, file))
            const { asked, node: counted } = counting(node)
            const storage = { ...memory.storage, identity: identity ?? memory.storage.identity }
            const result = yield* Effect.provide(between(counted, storage, backup), journal)
            expect(asked.records, what).toBe(result.records)
            yield* expectVerifies(network, memory)
            // A line that cannot be read names nothing.
            if (what !== "a journal that is spoilt") {
              const unused = yield* fs.readFileString(path.join(directory, "unused.files"))
              expect(unused.split("\n").length, what).toBeGreaterThan(4)
            }
          }
        }).pipe(Effect.provide(NodeContext.layer)))

      it.scoped("C-6: uses nothing of another network that had the same address", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const before = yield* grown({ ...smallOptions, seed: 12 })
          const journal = journalIn(yield* TempDirectory.make)
          const { memory, repair } = withoutManifests()
          yield* Effect.flip(Effect.provide(between(clientOf(before.store), memory.storage, ofKind(kind)), journal))
          repair()
          const { asked, node } = counting(clientOf(network.store))
          const result = yield* Effect.provide(between(node, memory.storage, ofKind(kind)), journal)
          expect(asked.records).toBe(result.records)
          yield* expectVerifies(network, memory)
        }).pipe(Effect.provide(NodeContext.layer)))

      it.scoped("C-6: what it cannot use is what clean-up finds", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const fs = yield* FileSystem.FileSystem
          const directory = yield* TempDirectory.make
          const { memory, repair } = withoutManifests()
          const attempt = (node: Node) =>
            Effect.provide(between(node, memory.storage, ofKind(kind)), journalIn(directory))
          yield* Effect.flip(attempt(clientOf(network.store)))
          repair()
          yield* attempt({ ...clientOf(network.store), address: "http://other.test" })
          const unused = yield* fs.readFileString(path.join(directory, "unused.files"))
          const cleanUp = Cleanup.cleanUp({ ...Cleanup.defaultOptions, delete: true, retries: Retries.never }).pipe(
            Effect.provideService(BackupStorage.BackupStorage, memory.storage)
          )
          yield* TestClock.adjust("6 days")
          expect((yield* cleanUp).unreferenced).toEqual([])
          yield* TestClock.adjust("1 day")
          const { doubts, unreferenced } = yield* cleanUp
          expect(doubts).toEqual([])
          // The proof of the state root is in no journal.
          const found = unreferenced.map(({ file }) => file).filter((file) => !file.endsWith("state.proof"))
          expect(found.toSorted()).toEqual(unused.trimEnd().split("\n").toSorted())
          yield* expectVerifies(network, memory)
        }).pipe(Effect.provide(NodeContext.layer)))

      it.scoped("C-6: what is kept on this machine stays small: old journals of requests go, and so do old handles", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const fs = yield* FileSystem.FileSystem
          const directory = yield* TempDirectory.make
          const unused = path.join(directory, "unused.files")
          yield* fs.writeFileString(unused, "old/file\n".repeat(9_999))
          const { memory } = withoutManifests()
          const journal = journalIn(directory, { perRequest: true })
          const attempt = (maxChunkBytes: number) =>
            Effect.flip(
              Effect.provide(between(clientOf(network.store), memory.storage, ofKind(kind, { maxChunkBytes })), journal)
            )
          const journals = Effect.map(
            fs.readDirectory(directory),
            (names) => names.filter((name) => name.endsWith(".journal"))
          )
          yield* attempt(6_000)
          const [old] = yield* journals
          const chunks = (yield* fs.readFileString(path.join(directory, old ?? ""))).trim().split(/\n+/).length
          yield* TestClock.adjust("23 hours")
          yield* attempt(5_000)
          // One that is of use stays.
          expect(yield* journals).toHaveLength(2)
          expect((yield* fs.readFileString(unused)).trimEnd().split("\n")).toHaveLength(9_999)
          yield* TestClock.adjust("2 hours")
          yield* attempt(4_000)
          expect(yield* journals).toHaveLength(2)
          expect(yield* journals).not.toContain(old)
          const listed = (yield* fs.readFileString(unused)).trimEnd().split("\n")
          expect(listed).toHaveLength(10_000)
          expect(new Set(listed.filter((file) => file !== "old/file")).size).toBe(2 * chunks)
        }).pipe(Effect.provide(NodeContext.layer)))
    })
  }
})

layer(layerSmall)("segments", (it) => {
  it("hold all records once, in order, whatever is there", () => {
    const chunk = FastCheck.tuple(FastCheck.integer({ min: -5, max: 60 }), FastCheck.integer({ min: -2, max: 12 }))
    FastCheck.assert(FastCheck.property(FastCheck.array(chunk), FastCheck.nat(50), (pairs, length) => {
      const confirmed = pairs.map(([first, size]) => ({ first, last: first + size, bytes: 1, data: "d", proof: "p" }))
        .sort((a, b) => a.first - b.first)
      let next = 0
      for (const part of segments(0, length, confirmed)) {
        const { first, last } = part._tag === "Confirmed" ? part.chunk : part
        if (part._tag === "Missing") expect((part.after?.last ?? -1) + 1).toBe(next)
        expect(first).toBe(next)
        expect(last).toBeGreaterThanOrEqual(first)
        next = last + 1
      }
      expect(next).toBe(length + 1)
    }))
  })
})
