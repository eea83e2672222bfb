/**
 * Tests of `backup continuously` as its operators know it: it follows a network, stops when it is told to, and goes on.
 */
import { expect, it } from "@effect/vitest"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { run, runJson, type Running, start } from "./cliProcess.ts"
import type { Storage } from "./cliStorages.ts"

/** A network that grows by a block every so many milliseconds; the URL of its service. */
const growingNetwork = (blockMillis: number, epochs = 2) =>
  Effect.gen(function*() {
    const size = ["--epochs", String(epochs), "--items", "50", "--block-millis", String(blockMillis)]
    const node = yield* start(["node", "devnet", "--address", "127.0.0.1:0", ...size])
    const [, address = ""] = /^serving (\S+)/.exec(yield* node.firstLine) ?? []
    return { address, stop: Effect.zipRight(node.signal("SIGTERM"), node.ended) }
  })

/** How many metadata files have names that begin so. */
const saved = (metadata: string, prefix: string): number =>
  fs.readdirSync(metadata).filter((name) => name.startsWith(prefix)).length

/** Asks it to stop; how it ended, and in how many milliseconds. */
const stopped = (coordinator: Running) =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    yield* coordinator.signal("SIGTERM")
    const { code, stderr } = yield* coordinator.ended
    expect(yield* coordinator.commands).toEqual([])
    return { code, stderr, millis: (yield* Clock.currentTimeMillis) - before }
  })

const quick = 5_000

export const followsANetwork = ({ make, name }: Storage) =>
  it.scopedLive(`C-4 C-8: ${name}: follows a network, stops at once, goes on where it stopped, and what is there verifies`, () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const metadata = path.join(directory, "storage", "metadata")
      fs.mkdirSync(metadata, { recursive: true })
      const storage = [...make(directory), "--metadata-cache-dir", path.join(directory, "cache")]
      const { address } = yield* growingNetwork(500)
      const rules = ["--state-snapshot-interval-epochs", "2", "--transaction-batch-size", "25"]
      const backUp = start(["backup", "continuously", "--backup-service-address", address, ...storage, ...rules])
      let backups = 0
      for (const round of [1, 2]) {
        const coordinator = yield* backUp
        yield* FolderWatch.until(
          metadata,
          () => saved(metadata, "transaction_") > backups && saved(metadata, "state_snapshot_") >= round
        )
        if (round === 2) {
          const status = yield* runJson(["status", ...storage])
          expect(status.json).toMatchObject({
            coordinator: { pid: coordinator.pid, node: { silentSince: null }, transactions: { failures: 0 } }
          })
        }
        const { code, millis } = yield* stopped(coordinator)
        expect(code).toBe(143)
        expect(millis).toBeLessThan(quick)
        backups = saved(metadata, "transaction_")
      }
      expect(saved(metadata, "identity")).toBe(1)
      const verified = yield* runJson(["backup", "verify", "--strict", "--all-snapshots", ...make(directory)])
      expect(verified).toMatchObject({ code: 0, json: { ok: true, errors: [] } })

      // A storage that lists nothing is not an empty storage.
      fs.renameSync(metadata, `${metadata}-away`)
      fs.mkdirSync(metadata)
      const again = ["backup", "continuously", "--backup-service-address", address, ...storage]
      expect(yield* runJson(again)).toMatchObject({
        code: 4,
        json: { ok: false, errors: [{ tag: "StorageChanged", reason: "Shrunken" }] }
      })
      const query = ["backup", "query", "backup-storage-state", ...storage]
      expect((yield* run(query)).code).toBe(4)
      expect(yield* TempDirectory.files(metadata)).toEqual([])
      expect((yield* run([...query, "--new-storage"])).code).toBe(0)
      expect((yield* run(query)).stdout).toMatch(/^latest_epoch_ending_epoch: none, /)
    }))
