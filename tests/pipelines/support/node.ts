/**
 * A node with a small network, served over HTTP, and the three backups of it in small chunks.
 */
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import * as HttpServer from "@effect/platform/HttpServer"
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import * as Server from "@holdfast/backup-service/Server"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import type * as Summary from "@holdfast/devnet/Summary"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import type * as EngineError from "@holdfast/engine/EngineError"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as Retries from "@holdfast/engine/Retries"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as Verify from "@holdfast/engine/Verify"
import type * as VerifyReport from "@holdfast/engine/VerifyReport"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as http from "node:http"

export interface Node {
  readonly client: Client.Service
  readonly address: string
  readonly summary: Summary.Summary
}

export class TestNode extends Context.Tag("@holdfast/tests/pipelines/TestNode")<TestNode, Node>() {}

const options = new DevnetOptions.DevnetOptions({
  seed: 23,
  epochs: 4,
  openBlocks: 1,
  blocksPerEpoch: 2,
  transactionsPerBlock: 3,
  items: 60,
  valueBytes: 60,
  validators: 4
})

const make = Effect.gen(function*() {
  const store = yield* MemoryLedgerStore.make
  const summary = yield* Effect.provideService(Devnet.grow(options), LedgerStore.LedgerStore, store)
  const listening = yield* NodeHttpServer.make(() => http.createServer(), { port: 0, host: "127.0.0.1" })
  yield* Layer.build(Server.layer).pipe(
    Effect.provide(Context.make(HttpServer.HttpServer, listening)),
    Effect.provideService(LedgerStore.LedgerStore, store)
  )
  const address = HttpServer.formatAddress(listening.address)
  const clients = yield* Layer.build(Client.layer({ address }).pipe(Layer.provide(NodeHttpClient.layerUndici)))
  return { client: Context.get(clients, Client.BackupServiceClient), address, summary }
}).pipe(Logger.withMinimumLogLevel(LogLevel.None), Effect.orDie)

export const layerNode: Layer.Layer<TestNode> = Layer.scoped(TestNode, make)

export const kinds = ["epoch endings", "state snapshot", "transactions"] as const

export type Kind = (typeof kinds)[number]

const settings: Settings.BackupSettings = {
  ...Settings.defaultBackupSettings,
  itemsPerRequest: 40,
  concurrentWrites: 2,
  retries: Retries.never
}

/** Three times, at once: what passes by itself is gone the next time. */
export const quickly: Retries.RetryPolicy = { retries: 3, firstDelay: "5 millis", longestDelay: "20 millis" }

/** A backup of each kind, in two or three chunks. */
export const backupOf = (kind: Kind, retries: Retries.RetryPolicy): BackupResult.Backup => {
  switch (kind) {
    case "epoch endings":
      return EpochEndingBackup.take({
        firstEpoch: 0,
        lastEpoch: 3,
        settings: { ...settings, retries, maxChunkBytes: 1_600 }
      })
    case "state snapshot":
      return StateSnapshotBackup.take({ epoch: 3, settings: { ...settings, retries, maxChunkBytes: 9_000 } })
    case "transactions":
      return TransactionBackup.take({
        firstVersion: 0,
        lastVersion: 19,
        settings: { ...settings, retries, maxChunkBytes: 12_000 }
      })
  }
}

type Storage = BackupStorage.Service

/** Why a backup can fail. */
export type Failure =
  | EngineError.ImpossibleRequest
  | EngineError.LocalStateError
  | EngineError.SourceMismatch
  | BackupServiceError.BackupServiceError
  | StorageError.StorageError

/** Takes a backup of the node to a storage. */
export const backUp = (
  storage: Storage,
  kind: Kind,
  retries: Retries.RetryPolicy = Retries.never
): Effect.Effect<BackupResult.BackupResult, Failure, TestNode> =>
  Effect.flatMap(TestNode, ({ client }) =>
    backupOf(kind, retries).pipe(
      Effect.provideService(Client.BackupServiceClient, client),
      Effect.provideService(BackupStorage.BackupStorage, storage)
    ))

/** Verifies all that is in a storage, strictly. */
export const verify = (
  storage: Storage
): Effect.Effect<VerifyReport.VerifyReport, EngineError.ImpossibleRequest | StorageError.StorageError, TestNode> =>
  Effect.flatMap(TestNode, ({ summary }) =>
    Verify.verify({
      strict: true,
      requireWaypoint: true,
      allSnapshots: true,
      trustedWaypoints: summary.epochEndings.slice(0, 1).map(({ waypoint }) => waypoint)
    }).pipe(Effect.provideService(BackupStorage.BackupStorage, storage)))
