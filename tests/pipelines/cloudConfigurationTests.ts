/**
 * Whole backups through the configurations that real networks publish, with stand-ins for the tools of the clouds.
 */
import { expect, layer } from "@effect/vitest"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Golden from "@holdfast/testkit/Golden"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as fs from "node:fs"
import * as path from "node:path"
import { cloudTools } from "../conformance/cloudTools.ts"
import { sampled } from "../conformance/doctorTests.ts"
import { backUp, kinds, layerNode, TestNode, verify } from "./support/node.ts"

const folder = path.join(Golden.folder, "command-adapters")

/** Those that can store metadata. */
const able = Golden.isPresent ? fs.readdirSync(folder).filter((name) => !name.includes("azure")).sort() : []
const isSample = (file: string): boolean => sampled.includes(file)

export const sampleFiles = able.filter(isSample)

export const otherFiles = able.filter((file) => !isSample(file))

/** The storage of a published configuration, over an empty folder that stands for the cloud. */
const storageOf = (file: string) =>
  Effect.gen(function*() {
    const directory = yield* TempDirectory.make
    const store = path.join(directory, "store")
    fs.mkdirSync(store)
    const text = fs.readFileSync(path.join(folder, file), "utf8")
    const config = yield* CommandAdapterConfig.decode(text, file)
    const environment = [...config.environment, ...cloudTools(directory), ["FOLDER", store] as const]
    return { store, storage: yield* CommandAdapter.make({ config: { ...config, environment } }) }
  })

const run = { excludeTestServices: true }

/** All three backups through each of these configurations. */
export const wholeBackups = (files: ReadonlyArray<string>) =>
  layer(layerNode, run)("with a node", (it) => {
    for (const file of files) {
      it.scoped(`${file}: all three backups, verified and queried`, () =>
        Effect.gen(function*() {
          const { summary } = yield* TestNode
          const { storage } = yield* storageOf(file)
          yield* Effect.forEach(kinds, (kind) => backUp(storage, kind), { concurrency: kinds.length })
          expect(yield* verify(storage)).toMatchObject({
            ok: true,
            errors: [],
            unverified: [],
            epochEndings: { firstEpoch: 0, lastEpoch: 3 },
            stateSnapshots: [{ epoch: 3, items: summary.epochEndings[3]?.stateItems }],
            transactions: { firstVersion: 0, lastVersion: 19, count: 20 }
          })
          const view = yield* Effect.provideService(
            MetadataView.load({ concurrency: 2 }),
            BackupStorage.BackupStorage,
            storage
          )
          expect(view.problems).toEqual([])
          expect(MetadataView.storageState(view)).toEqual({
            latestEpochEndingEpoch: 3,
            latestStateSnapshotEpoch: 3,
            latestStateSnapshotVersion: summary.epochEndings[3]?.version,
            latestTransactionVersion: 19
          })
          expect(yield* ProcessProbe.descendants()).toEqual([])
        }).pipe(Effect.provide(CommandPool.layer), Logger.withMinimumLogLevel(LogLevel.None)))
    }
  })

/** Its command for metadata lines cannot work. */
export const brokenSample = () =>
  layer(layerNode, run)("with a node", (it) => {
    it.scoped("sample-azure.yaml: the data arrive, and the metadata line cannot: its command uses a variable that nothing sets", () =>
      Effect.gen(function*() {
        const { storage, store } = yield* storageOf("sample-azure.yaml")
        for (const kind of kinds) {
          const error = yield* Effect.flip(backUp(storage, kind))
          expect(error).toMatchObject({
            _tag: "StorageError",
            operation: "saveMetadataLines",
            reason: "CommandFailed",
            stderr: expect.stringContaining("SUBDIR: unbound variable")
          })
        }
        const stored = yield* TempDirectory.files(store)
        expect(stored.filter((name) => name.endsWith(".manifest")).length).toBe(kinds.length)
        expect(stored.filter((name) => name.endsWith(".meta"))).toEqual([])
        expect(yield* storage.listMetadataFiles).toEqual([])
        expect(yield* ProcessProbe.descendants()).toEqual([])
      }).pipe(Effect.provide(CommandPool.layer), Logger.withMinimumLogLevel(LogLevel.None)))
  })
