/**
 * Backups from a node over HTTP into a folder: nothing stays open and nothing half-written stays there.
 */
import { NodeContext, NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import * as HttpServer from "@effect/platform/HttpServer"
import { expect, layer } from "@effect/vitest"
import * as Client from "@holdfast/backup-service/Client"
import * as Server from "@holdfast/backup-service/Server"
import * as Verify from "@holdfast/engine/Verify"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as LedgerStoreFaults from "@holdfast/testkit/LedgerStoreFaults"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as http from "node:http"
import { between, epochEndings, type Kind, kinds, ofKind, stateSnapshot, transactions } from "../support/backups.ts"
import { layerSmall, type Network, TestNetwork } from "../support/networks.ts"

type Store = LedgerStore.Service
type Storage = BackupStorage.Service

/** A node that serves the store, and what asks it. */
const nodeOf = (store: Store) =>
  Effect.gen(function*() {
    const listening = yield* NodeHttpServer.make(() => http.createServer(), { port: 0, host: "127.0.0.1" })
    yield* Layer.build(Server.layer).pipe(
      Effect.provide(Context.make(HttpServer.HttpServer, listening)),
      Effect.provideService(LedgerStore.LedgerStore, store)
    )
    const clients = yield* Layer.build(
      Client.layer({ address: HttpServer.formatAddress(listening.address) }).pipe(
        Layer.provide(NodeHttpClient.layerUndici)
      )
    )
    return Context.get(clients, Client.BackupServiceClient)
  }).pipe(Logger.withMinimumLogLevel(LogLevel.None))

const storageIn = (directory: string): Effect.Effect<Storage> =>
  LocalFolder.make({ directory }).pipe(Effect.provide(NodeContext.layer))

/** The files of the folder that this process has open. */
const openFiles = (directory: string): ReadonlyArray<string> =>
  fs.readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const target = fs.readlinkSync(`/proc/self/fd/${descriptor}`)
      return target.startsWith(directory) ? [target] : []
    } catch {
      // The descriptor of the listing itself.
      return []
    }
  })

/** What a failed attempt may leave: whole chunks and proofs that nothing names. */
const expectNothingReferred = (directory: string) =>
  Effect.gen(function*() {
    const files = yield* TempDirectory.files(directory)
    expect(files.filter((file) => !/^[a-z].*\/[0-9a-z-]+\.(chunk|proof)$/.test(file))).toEqual([])
    expect(openFiles(directory)).toEqual([])
  })

const verifyIn = (storage: Storage, { summary }: Network) =>
  Verify.verify({
    strict: true,
    requireWaypoint: true,
    allSnapshots: true,
    trustedWaypoints: summary.epochEndings.slice(0, 1).map(({ waypoint }) => waypoint)
  }).pipe(Effect.provideService(BackupStorage.BackupStorage, storage))

const expectRetryVerifies = (kind: Kind, directory: string) =>
  Effect.gen(function*() {
    const network = yield* TestNetwork
    const storage = yield* storageIn(directory)
    const client = yield* nodeOf(network.store)
    if (kind !== "epoch endings") yield* between(client, storage, epochEndings(0, 4))
    yield* between(client, storage, ofKind[kind])
    expect(yield* verifyIn(storage, network)).toMatchObject({ ok: true, errors: [], unverified: [] })
    expect(openFiles(directory)).toEqual([])
  })

const isLinux = fs.existsSync("/proc/self/fd")

layer(layerSmall, { excludeTestServices: true })("backups over HTTP into a folder", (it) => {
  it.scoped("verify with the numbers of the network", () =>
    Effect.gen(function*() {
      const network = yield* TestNetwork
      const { epochEndings: endings, latestVersion } = network.summary
      const directory = yield* TempDirectory.make
      const storage = yield* storageIn(directory)
      const client = yield* nodeOf(network.store)
      yield* between(
        client,
        storage,
        Effect.all(
          [
            epochEndings(0, 1),
            epochEndings(2, 4),
            stateSnapshot(2),
            stateSnapshot(4),
            transactions(0, 30),
            transactions(31, latestVersion)
          ],
          { concurrency: 3 }
        )
      )
      expect(yield* verifyIn(storage, network)).toMatchObject({
        ok: true,
        epochEndings: { firstEpoch: 0, lastEpoch: 4, verified: 5, lastVersion: endings[4]?.version },
        stateSnapshots: [2, 4].map((epoch) => ({
          epoch,
          version: endings[epoch]?.version,
          items: endings[epoch]?.stateItems
        })),
        transactions: { firstVersion: 0, lastVersion: latestVersion, count: latestVersion + 1 },
        errors: [],
        unverified: []
      })
      expect(openFiles(directory)).toEqual([])
    }))

  const faults: ReadonlyArray<readonly [Kind, LedgerStoreFaults.Fault, reason: string]> = [
    ["epoch endings", { operation: "epochEndingLedgerInfos", call: 1, afterBytes: 2_000 }, "CutConnection"],
    ["state snapshot", { operation: "stateItems", call: 3, afterBytes: 2_000 }, "CutConnection"],
    ["state snapshot", { operation: "stateRangeProof", call: 2 }, "BadStatus"],
    ["transactions", { operation: "transactions", call: 1, afterBytes: 20_000 }, "CutConnection"],
    ["transactions", { operation: "transactionRangeProof", call: 2 }, "BadStatus"]
  ]
  for (const [kind, fault, reason] of faults) {
    it.scoped(`O-5 O-8: ${kind}, the node fails in call ${fault.call} of ${fault.operation}; a retry verifies`, () =>
      Effect.gen(function*() {
        const { store } = yield* TestNetwork
        const directory = yield* TempDirectory.make
        const storage = yield* storageIn(directory)
        const client = yield* nodeOf(LedgerStoreFaults.withFaults(store, [fault]))
        const error = yield* Effect.flip(between(client, storage, ofKind[kind]))
        expect(error).toMatchObject({ _tag: "BackupServiceError", reason })
        yield* expectNothingReferred(directory)
        yield* expectRetryVerifies(kind, directory)
      }))
  }

  for (const kind of kinds) {
    for (const written of [1, 3]) {
      it.scoped(`O-5 O-8: ${kind}, interrupted when file ${written} is half written; a retry verifies`, () =>
        Effect.gen(function*() {
          const { store } = yield* TestNetwork
          const directory = yield* TempDirectory.make
          const storage = yield* storageIn(directory)
          const client = yield* nodeOf(store)
          const reached = yield* Deferred.make<void>()
          let begun = 0
          const halting: Storage = {
            ...storage,
            write: (backup, name, bytes) =>
              Effect.suspend(() => {
                const halts = ++begun === written
                const halt = Stream.fromEffect(Effect.zipRight(Deferred.succeed(reached, undefined), Effect.never))
                return storage.write(backup, name, halts ? Stream.concat(bytes, halt) : bytes)
              })
          }
          const backup = yield* Effect.fork(between(client, halting, ofKind[kind]))
          yield* Deferred.await(reached)
          if (isLinux) expect(openFiles(directory).length).toBeGreaterThan(0)
          expect(Exit.isInterrupted(yield* Fiber.interrupt(backup))).toBe(true)
          yield* expectNothingReferred(directory)
          yield* expectRetryVerifies(kind, directory)
        }))
    }
  }
})
