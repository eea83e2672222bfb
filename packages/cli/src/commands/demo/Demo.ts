/**
 * `demo`: grows a network, backs it up through shell commands, verifies the backup, catches a corrupted one, and restores
 * the ledger into another store, byte for byte the same.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Client from "@holdfast/backup-service/Client"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as NumberText from "@holdfast/engine/NumberText"
import * as Restore from "@holdfast/engine/Restore"
import type * as RestoreSettings from "@holdfast/engine/RestoreSettings"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as Verify from "@holdfast/engine/Verify"
import type * as VerifyRequest from "@holdfast/engine/VerifyRequest"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as zlib from "node:zlib"
import { DemoFolderError } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as DevnetServer from "../../machine/DevnetServer.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"
import { report as backupReport } from "../backup/BackupOneoff.ts"
import { closingWords } from "./DemoClosing.ts"
import * as DemoFolder from "./DemoFolder.ts"
import * as LedgerDigest from "./LedgerDigest.ts"

const network = DevnetOptions.DevnetOptions.make({ seed: 20, epochs: 10, items: 20_000 })

/** Small chunks, so that there are several. */
const settings: Settings.BackupSettings = { ...Settings.defaultBackupSettings, maxChunkBytes: 512 * 1024 }

export const demo = leaf(
  "demo",
  "Watch a backup, a verification and a restore on a small network, in under a minute",
  {},
  () =>
    Effect.gen(function*() {
      const started = yield* Clock.currentTimeMillis
      yield* Output.say((style) => `${style.bold("Holdfast")}  ${style.dim("a backup, taken, proven and restored")}\n`)
      const place = yield* DemoFolder.make("")
      return yield* Effect.provide(onNetwork(place, started), LmdbLedgerStore.layer({ directory: place.node }))
    }).pipe(Effect.scoped)
)

/** The whole demo, on a network in the ledger store of the environment. */
const onNetwork = (place: DemoFolder.DemoFolder, started: number) =>
  Effect.gen(function*() {
    const served = yield* timed(DevnetServer.make(network, { host: "127.0.0.1", port: 0 }))
    const { address, summary } = served.value
    const last = yield* Effect.orDie(Effect.fromNullable(summary.epochEndings.at(-1)))
    const genesis = yield* Effect.orDie(Effect.fromNullable(summary.epochEndings.at(0)))
    yield* step(
      "network",
      `${NumberText.counted(network.epochs, "epoch")}, ${
        NumberText.counted(summary.latestVersion + 1, "transaction")
      }, ${NumberText.counted(last.stateItems, "state item")}`,
      served.seconds
    )

    const config = yield* CommandAdapterConfig.load(place.config)
    const services = Layer.merge(
      Storage.commands({ config, maxCommands: CommandPool.defaultMaxCommands, cacheDir: Option.none() }),
      Client.layer({ address })
    )
    return yield* Effect.gen(function*() {
      const epochEndings = yield* backUp(EpochEndingBackup.take({ firstEpoch: 0, lastEpoch: last.epoch, settings }))
      const snapshot = yield* backUp(StateSnapshotBackup.take({ epoch: last.epoch, settings }))
      const transactions = yield* backUp(
        TransactionBackup.take({ firstVersion: 0, lastVersion: summary.latestVersion, settings })
      )
      const trust = { trustedWaypoints: [genesis.waypoint], requireWaypoint: true }
      const request: VerifyRequest.VerifyRequest = { ...trust, strict: true }
      const verified = yield* Verify.verify(request)
      yield* step("verify", "all of it, from one waypoint and the files alone", verified.seconds)
      const spoilt = yield* corruptAndVerify(place, transactions.value, request)
      yield* step("spoil", "one bit of a transaction flipped, and caught", spoilt.seconds)
      const restored = yield* timed(restoreAndCompare(place, trust))
      yield* step("restore", "into another store, which serves the same bytes", restored.seconds)

      const waypoint = Waypoint.format(genesis.waypoint)
      yield* Output.result({
        json: {
          ok: verified.ok && spoilt.error !== undefined && restored.value.same,
          folder: place.folder,
          config: place.config,
          waypoint,
          backups: [epochEndings, snapshot, transactions].map(({ seconds, value }) =>
            backupReport(value, seconds).json
          ),
          verify: verified,
          spoilt,
          restored: restored.value,
          seconds: ((yield* Clock.currentTimeMillis) - started) / 1000
        },
        text: yield* closingWords({
          epochs: last.epoch + 1,
          items: last.stateItems,
          transactions: summary.latestVersion + 1,
          ok: verified.ok,
          caught: spoilt.error,
          same: restored.value.same,
          waypoint,
          place
        })
      })
    }).pipe(Effect.provide(services))
  })

/** Restores the ledger from the backup alone, and compares the store with that of the network. */
const restoreAndCompare = (place: DemoFolder.DemoFolder, restoring: RestoreSettings.RestoreSettings) =>
  Effect.gen(function*() {
    const digest = Effect.flatMap(LedgerStore.LedgerStore, LedgerDigest.make)
    const original = yield* digest
    const { found, report } = yield* Effect.gen(function*() {
      const goal = { historyStartVersion: 0 }
      return { report: yield* Restore.restore(goal, restoring), found: yield* digest }
    }).pipe(Effect.provide(LmdbLedgerStore.layer({ directory: place.restored })))
    return { ...report, same: found === original }
  })

interface Timed<A> {
  readonly value: A
  readonly seconds: number
}

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Timed<A>, E, R> =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    const value = yield* effect
    return { value, seconds: ((yield* Clock.currentTimeMillis) - started) / 1000 }
  })

const labelWidth = 9
const textWidth = 58

const step = (label: string, text: string, seconds: number) =>
  Output.say((style) =>
    `  ${style.good("✔")} ${style.accent(label.padEnd(labelWidth))}${text.padEnd(textWidth)} ${
      style.dim(NumberText.seconds(seconds).padStart(8))
    }`
  )

const backUp = (take: BackupResult.Backup) =>
  Effect.gen(function*() {
    const taken = yield* timed(take)
    const { bytes, chunks, entry, records } = taken.value
    const what = entry._tag === "EpochEndingBackup"
      ? NumberText.counted(records, "epoch ending")
      : entry._tag === "StateSnapshotBackup"
      ? NumberText.counted(records, "state item")
      : NumberText.counted(records, "transaction")
    yield* step(
      "backup",
      `${what.padEnd(22)} ${NumberText.bytes(bytes).padStart(9)} in ${NumberText.counted(chunks, "chunk")}`,
      taken.seconds
    )
    return taken
  })

/** What verification reports about a backup with one bit flipped. The bit is restored. */
const corruptAndVerify = (
  place: DemoFolder.DemoFolder,
  backup: BackupResult.BackupResult,
  request: VerifyRequest.VerifyRequest
) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const handle = `${path.dirname(backup.manifest)}/0-.chunk.gz`
    const file = path.join(place.storage, handle)
    const failed = Effect.mapError((error: { readonly message: string }) =>
      new DemoFolderError({ path: file, detail: error.message })
    )
    return yield* Effect.acquireUseRelease(
      failed(Effect.tap(fs.readFile(file), (original) => fs.writeFile(file, withFlippedBit(original)))),
      () => Verify.verify(request),
      (original) => Effect.orDie(fs.writeFile(file, original))
    ).pipe(
      Effect.map(({ errors, seconds }) => ({ file: handle, error: errors[0]?.message, seconds }))
    )
  })

const withFlippedBit = (gzipped: Uint8Array): Uint8Array => {
  const bytes = zlib.gunzipSync(gzipped)
  const middle = bytes.length >>> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  return zlib.gzipSync(bytes)
}
