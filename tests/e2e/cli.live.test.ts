import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { devnet, document, run, runJson, start } from "./cliProcess.ts"
import { gzipCommands, localFolder } from "./cliStorages.ts"
import { backsUpAsJson, backsUpAsText } from "./cliTests.ts"

const empty = "latest_epoch_ending_epoch: none, latest_state_snapshot_epoch: none, "
  + "latest_state_snapshot_version: none, latest_transaction_version: none"

describe("holdfast", () => {
  // The deep tests have them the other way round.
  backsUpAsText(localFolder)
  backsUpAsJson(gzipCommands)

  it.scopedLive("tells that a storage of commands is empty", () =>
    Effect.gen(function*() {
      const flags = gzipCommands.make(yield* TempDirectory.make)
      const query = ["backup", "query", "backup-storage-state", ...flags]
      expect((yield* run(query)).stdout).toBe(`${empty}\n`)
      expect((yield* runJson(query)).json).toEqual({
        ok: true,
        latestEpochEndingEpoch: null,
        latestStateSnapshotEpoch: null,
        latestStateSnapshotVersion: null,
        latestTransactionVersion: null
      })
      const verified = yield* runJson(["backup", "verify", ...flags])
      expect(verified).toMatchObject({ code: 1, json: { ok: false, epochEndings: null, transactions: null } })
    }))

  it.scopedLive("serves a network that grows, and says so in one JSON document", () =>
    Effect.gen(function*() {
      const args = ["node", "devnet", "--address", "127.0.0.1:0", "--epochs", "2", "--items", "10"]
      const node = yield* start([...args, "--block-millis", "20", "--output", "json"])
      const { epoch, serving, version } = document(`${yield* node.firstLine}\n`)
      expect(epoch).toBe(2)
      const state = ["backup", "query", "node-state", "--backup-service-address", String(serving)]
      const later = (yield* runJson(state)).json["committedVersion"]
      expect(later).toBeGreaterThan(Number(version))
      yield* node.signal("SIGTERM")
      const { code, stdout } = yield* node.ended
      expect(code).toBe(143)
      expect(document(stdout)).toEqual({ serving, epoch, version })
    }))

  it.scopedLive("serves the same network for the same seed", () =>
    Effect.gen(function*() {
      const digest = (address: string) =>
        Effect.gen(function*() {
          const flags = localFolder.make(yield* TempDirectory.make)
          const take = ["backup", "oneoff", "state-snapshot", "--state-snapshot-epoch", "1"]
          yield* run([...take, "--backup-service-address", address, ...flags])
          const { json } = yield* runJson(["backup", "verify", ...flags, "--skip-epoch-endings"])
          return JSON.stringify(json["unverified"])
        })
      const flags = ["--epochs", "2", "--items", "50"]
      const first = yield* digest(yield* devnet("--seed", "7", ...flags))
      expect(yield* digest(yield* devnet("--seed", "7", ...flags))).toBe(first)
    }))
})
