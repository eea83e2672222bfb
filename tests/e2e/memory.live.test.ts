/**
 * Memory is bounded by design, not by luck: however large a snapshot is, backing it up holds no more of it than the
 * budget of bytes and a few buffers, and verifying it a few buffers, also where all of it is one chunk. A record that is
 * larger than allowed is refused.
 *
 * Resident memory depends on when the collector runs. What is measured instead is what lives after it ran, and it is made
 * to run again and again while the bytes pass. `pnpm soak memory` measures resident memory, on a ledger of full size.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import { describe, it } from "@effect/vitest"
import * as Client from "@holdfast/backup-service/Client"
import * as Server from "@holdfast/backup-service/Server"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as Verify from "@holdfast/engine/Verify"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as http from "node:http"
import * as v8 from "node:v8"
import * as vm from "node:vm"
import { expect } from "vitest"

const mebibyte = 1024 * 1024

/** A ledger of one epoch after the genesis. */
const ledgerOf = (items: number, valueBytes: number) =>
  DevnetOptions.DevnetOptions.make({ epochs: 2, openBlocks: 0, transactionsPerBlock: 0, items, valueBytes })

/** Some 40 MB of state in 8 000 items. */
const manyItems = ledgerOf(8_000, 4_900)
/** Values of half to one and a half megabytes. */
const largeItems = ledgerOf(8, 1_000_000)

const epoch = 1

/** A node with the ledger of these options, grown in memory; its address. */
const serve = (options: DevnetOptions.DevnetOptions) =>
  Effect.gen(function*() {
    const store = yield* MemoryLedgerStore.make
    yield* Effect.provideService(Devnet.grow(options), LedgerStore.LedgerStore, store)
    const listening = yield* NodeHttpServer.make(() => http.createServer(), { port: 0, host: "127.0.0.1" })
    yield* Layer.build(Server.layer).pipe(
      Effect.provide(Context.make(HttpServer.HttpServer, listening)),
      Effect.provideService(LedgerStore.LedgerStore, store)
    )
    return HttpServer.formatAddress(listening.address)
  })

const folder = (directory: string) => Effect.provide(LocalFolder.make({ directory }), NodeContext.layer)

const clientLayer = (address: string) => Client.layer({ address }).pipe(Layer.provide(NodeHttpClient.layerUndici))

const collectGarbage: () => void = (() => {
  v8.setFlagsFromString("--expose-gc")
  const collect: unknown = vm.runInNewContext("gc")
  if (typeof collect !== "function") throw new Error("this Node has no collector to call")
  // Twice, since the memory of buffers that the first one finds dead is freed after it.
  return () => [collect, collect].forEach((each) => Reflect.apply(each, undefined, []))
})()

/** Looks at what lives each time that so many bytes have passed. */
class LiveMemory {
  readonly #before: number
  #peak = 0
  #passed = 0

  constructor() {
    this.#before = LiveMemory.#now()
  }

  static #now(): number {
    collectGarbage()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return arrayBuffers + heapUsed
  }

  /** Most that lived at a time beyond what did when this was made. */
  get peak(): number {
    return this.#peak - this.#before
  }

  passes(bytes: Uint8Array): void {
    this.#passed += bytes.length
    if (this.#passed < 4 * mebibyte) return
    this.#passed = 0
    this.#peak = Math.max(this.#peak, LiveMemory.#now())
  }
}

/** The storage, watched while bytes pass; it takes its time for each piece that is written. */
const watched = (storage: BackupStorage.Service, memory: LiveMemory) =>
  BackupStorage.BackupStorage.of({
    ...storage,
    write: (backup, name, bytes) =>
      storage.write(
        backup,
        name,
        Stream.tap(bytes, (piece) => Effect.delay(Effect.sync(() => memory.passes(piece)), "1 millis"))
      ),
    read: (file) => Stream.tap(storage.read(file), (piece) => Effect.sync(() => memory.passes(piece)))
  })

/** Backs up all that a verification needs. */
const backUp = (settings: Settings.BackupSettings) =>
  EpochEndingBackup.take({ firstEpoch: 0, lastEpoch: epoch, settings }).pipe(
    Effect.zipRight(StateSnapshotBackup.take({ epoch, settings }))
  )

const settings: Settings.BackupSettings = {
  ...Settings.defaultBackupSettings,
  bufferedBytes: mebibyte,
  concurrentRequests: 2,
  itemsPerRequest: 1_000
}

/** Far below the size of the state, far above what is held. */
const limit = 16 * mebibyte

describe("memory", () => {
  it.scopedLive("holds a part of a snapshot while it is backed up and verified", () =>
    Effect.gen(function*() {
      const storage = yield* folder(yield* TempDirectory.make)
      const client = clientLayer(yield* serve(manyItems))
      const watchedBackUp = (memory: LiveMemory, changed: Partial<Settings.BackupSettings>) =>
        backUp({ ...settings, ...changed }).pipe(
          Effect.provideService(BackupStorage.BackupStorage, watched(storage, memory)),
          Effect.provide(client)
        )

      const backingUp = new LiveMemory()
      const { bytes, chunks } = yield* watchedBackUp(backingUp, {})
      expect({ chunks, isLarge: bytes > 2 * limit }).toEqual({ chunks: 1, isLarge: true })
      expect(backingUp.peak).toBeLessThan(limit)

      const verifying = new LiveMemory()
      const report = yield* Effect.provideService(
        Verify.verify(),
        BackupStorage.BackupStorage,
        watched(storage, verifying)
      )
      expect(report).toMatchObject({ ok: true, unverified: [] })
      expect(verifying.peak).toBeLessThan(limit)

      // The measure can tell: with a budget as large as the state, what the slow storage has not taken is held.
      const withoutBound = new LiveMemory()
      yield* watchedBackUp(withoutBound, { bufferedBytes: bytes, bufferedChunks: 64, maxChunkBytes: mebibyte })
      expect(withoutBound.peak).toBeGreaterThan(limit)
    }))

  it.scopedLive("refuses a record that is larger than allowed", () =>
    Effect.gen(function*() {
      const storage = Context.make(BackupStorage.BackupStorage, yield* folder(yield* TempDirectory.make))
      const client = clientLayer(yield* serve(largeItems))
      const maxRecordBytes = mebibyte

      const refused = yield* backUp({ ...settings, maxRecordBytes }).pipe(
        Effect.provide(client),
        Effect.provide(storage),
        Effect.either
      )
      expect(Either.getOrThrow(Either.flip(refused))).toMatchObject({
        _tag: "BackupServiceError",
        reason: "TooLarge",
        detail: expect.stringContaining(`over the limit of ${maxRecordBytes}; `)
      })

      yield* backUp(settings).pipe(Effect.provide(client), Effect.provide(storage))
      const report = yield* Effect.provide(Verify.verify({ maxRecordBytes }), storage)
      expect(report).toMatchObject({
        ok: false,
        stateSnapshot: null,
        errors: [{
          tag: "InvalidBackup",
          reason: "Malformed",
          message: expect.stringContaining(`over the limit of ${maxRecordBytes}; `)
        }]
      })
    }))
})
