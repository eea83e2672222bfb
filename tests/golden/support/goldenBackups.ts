/**
 * Whether backups of a node are those that the reference tool took from it.
 */
import { NodeHttpClient } from "@effect/platform-node"
import * as Client from "@holdfast/backup-service/Client"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as Golden from "@holdfast/testkit/Golden"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"
import { expect } from "vitest"
import { layerOf } from "./storages.ts"

const requests = {
  small: {
    chunk: { epochs: 3000, items: 3000, transactions: 3000 },
    epochs: [[0, 2], [3, 6]],
    snapshots: [3, 6],
    transactions: [[0, 119], [120, 240]]
  },
  "testnet-genesis": {
    chunk: { epochs: 150_000, items: 150_000, transactions: 150_000 },
    epochs: [[0, 2], [3, 6]],
    snapshots: [3, 6],
    transactions: [[0, 239], [240, 480]]
  },
  rich: {
    chunk: { epochs: 4000, items: 6000, transactions: 60_000 },
    epochs: [[0, 5], [6, 12]],
    snapshots: [4, 12],
    transactions: [[0, 679], [680, 1189], [1190, 1700]]
  }
} as const

/** Content by path, with the random suffixes of backup names taken out of paths and of what names them. */
const contents = (folder: string): Map<string, string> => {
  const files = new Map<string, string>()
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue
    const file = path.join(entry.parentPath, entry.name)
    const raw = fs.readFileSync(file)
    const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? zlib.gunzipSync(raw) : raw
    const named = /\.(manifest|meta)$/.test(entry.name)
    files.set(
      plain(path.relative(folder, file)),
      named ? plain(bytes.toString("utf8")) : bytes.toString("base64")
    )
  }
  return files
}

const plain = (text: string): string =>
  text.replaceAll(/(epoch_ending_\d+-|transaction_\d+-|state_epoch_\d+_ver_\d+)\.[0-9a-f]{4}/g, "$1")

/** Takes the backups that the reference tool took, into an empty folder: they must be equal, file for file. */
export const expectGoldenBackups = (
  address: string,
  ledger: keyof typeof requests,
  layout: "local-folder" | "gzip-commands",
  folder: string
): Effect.Effect<void, Effect.Effect.Error<BackupResult.Backup>> =>
  Effect.gen(function*() {
    const { chunk, epochs, snapshots, transactions } = requests[ledger]
    const settings = (maxChunkBytes: number): Settings.BackupSettings => ({
      ...Settings.defaultBackupSettings,
      maxChunkBytes
    })
    const backUp = Effect.gen(function*() {
      for (const [firstEpoch, lastEpoch] of epochs) {
        yield* EpochEndingBackup.take({ firstEpoch, lastEpoch, settings: settings(chunk.epochs) })
      }
      for (const epoch of snapshots) {
        yield* StateSnapshotBackup.take({ epoch, settings: settings(chunk.items) })
      }
      for (const [firstVersion, lastVersion] of transactions) {
        yield* TransactionBackup.take({ firstVersion, lastVersion, settings: settings(chunk.transactions) })
      }
    })
    yield* backUp.pipe(
      Effect.provide(Layer.merge(
        layerOf(layout, folder),
        Client.layer({ address }).pipe(Layer.provide(NodeHttpClient.layerUndici))
      ))
    )
    const found = contents(folder)
    const golden = contents(path.join(Golden.ledgerFolder(ledger), layout))
    const expected = [...golden.keys()].sort()
    expect([...found.keys()].sort()).toEqual(expected)
    for (const file of expected) {
      expect({ file, content: found.get(file) }).toEqual({ file, content: golden.get(file) })
    }
  })
