/** Tests of backing a network up and verifying it by the command line, with a storage of any kind. */
import { expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { devnet, run, runJson } from "./cliProcess.ts"
import type { Storage } from "./cliStorages.ts"

/** Keys of a document, in no particular order. */
const keys = (json: object) => Object.keys(json).sort()

export const backsUpAsText = (storage: Storage) =>
  it.scopedLive(`backs a network up to a storage of ${storage.name}, verifies and queries it, as text`, () =>
    Effect.gen(function*() {
      const flags = storage.make(yield* TempDirectory.make)
      const node = ["--backup-service-address", yield* devnet("--epochs", "3", "--items", "300")]
      const state = yield* run(["backup", "query", "node-state", ...node])
      const [, epoch = "", version = ""] = /^epoch: (\d+), committed_version: (\d+)\n$/.exec(state.stdout) ?? []
      expect(state).toMatchObject({ code: 0, stderr: "" })
      expect(epoch).toBe("3")

      const oneoff = (...args: ReadonlyArray<string>) => run(["backup", "oneoff", ...args, ...node, ...flags])
      for (
        const [args, said] of [
          [["epoch-ending", "--start-epoch", "0", "--end-epoch", epoch], "epoch endings 0 to 2"],
          [["state-snapshot", "--state-snapshot-epoch", "2"], "state snapshot of epoch 2, version "],
          [
            ["transaction", "--start-version", "0", "--num_transactions", String(Number(version) + 1)],
            `transactions 0 to ${version}`
          ]
        ] as const
      ) {
        const backup = yield* oneoff(...args)
        expect(backup).toMatchObject({ code: 0, stderr: "" })
        expect(backup.stdout).toContain(`backed up ${said}`)
      }

      const verified = yield* run(["backup", "verify", ...flags])
      expect(verified).toMatchObject({ code: 0, stderr: "" })
      expect(verified.stdout).toMatch(/^valid {2}\(/)
      expect(verified.stdout).toContain(`0 to ${version}, ${Number(version) + 1} in all`)

      const query = yield* run(["backup", "query", "backup-storage-state", ...flags])
      expect(query).toMatchObject({ code: 0, stderr: "" })
      expect(query.stdout).toMatch(
        new RegExp(
          `^latest_epoch_ending_epoch: 2, latest_state_snapshot_epoch: 2, latest_state_snapshot_version: \\d+, latest_transaction_version: ${version}\\n$`
        )
      )
    }))

export const backsUpAsJson = (storage: Storage) =>
  it.scopedLive(`backs a network up to a storage of ${storage.name}, verifies and queries it, with one JSON document each`, () =>
    Effect.gen(function*() {
      const flags = storage.make(yield* TempDirectory.make)
      const node = ["--backup-service-address", yield* devnet("--epochs", "3", "--items", "300")]
      const state = yield* runJson(["backup", "query", "node-state", ...node])
      expect(state).toMatchObject({ code: 0, json: { ok: true, epoch: 3 } })
      expect(keys(state.json)).toEqual(["committedVersion", "epoch", "ok"])
      const version = Number(state.json["committedVersion"])

      const oneoff = (...args: ReadonlyArray<string>) => runJson(["backup", "oneoff", ...args, ...node, ...flags])
      const epochs = yield* oneoff("epoch-ending", "--start-epoch=0", "--end-epoch=3")
      const common = ["bytes", "chunks", "manifest", "metadata", "ok", "seconds"]
      expect(epochs).toMatchObject({
        code: 0,
        json: { ok: true, firstEpoch: 0, lastEpoch: 2, epochs: 3, metadata: "epoch_ending_0-2.meta" }
      })
      expect(keys(epochs.json)).toEqual([...common, "epochs", "firstEpoch", "lastEpoch"].sort())

      const snapshot = yield* oneoff("state-snapshot", "--state-snapshot-epoch", "2", "--max-chunk-size", "10000")
      expect(snapshot).toMatchObject({ code: 0, json: { ok: true, epoch: 2 } })
      expect(keys(snapshot.json)).toEqual([...common, "epoch", "items", "version"].sort())
      expect(snapshot.json["chunks"]).toBeGreaterThan(1)

      const transactions = yield* oneoff(
        "transaction",
        "--start-version",
        "0",
        "--num-transactions",
        String(version + 1)
      )
      expect(transactions).toMatchObject({
        code: 0,
        json: { ok: true, firstVersion: 0, lastVersion: version, transactions: version + 1, chunks: 1 }
      })
      expect(keys(transactions.json)).toEqual([...common, "firstVersion", "lastVersion", "transactions"].sort())

      const verified = yield* runJson(["backup", "verify", ...flags])
      expect(verified).toMatchObject({
        code: 0,
        json: {
          ok: true,
          trust: "genesis",
          epochEndings: { firstEpoch: 0, lastEpoch: 2, verified: 3 },
          stateSnapshot: { epoch: 2, version: snapshot.json["version"], items: snapshot.json["items"] },
          transactions: { firstVersion: 0, lastVersion: version, count: version + 1 },
          unverified: [],
          errors: []
        }
      })

      const query = yield* runJson(["backup", "query", "backup-storage-state", ...flags])
      expect(query.json).toEqual({
        ok: true,
        latestEpochEndingEpoch: 2,
        latestStateSnapshotEpoch: 2,
        latestStateSnapshotVersion: snapshot.json["version"],
        latestTransactionVersion: version
      })
    }))
