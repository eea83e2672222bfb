/**
 * The metrics of a backup, a verification and a restore, after them.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Verify from "@holdfast/engine/Verify"
import * as PrometheusText from "@holdfast/observe/PrometheusText"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as fs from "node:fs"
import * as path from "node:path"
import { backedUpDevnet, folderStorage } from "../support/backedUpDevnet.ts"
import { restoreInto, whole } from "../support/restoring.ts"
import { type Sample, samplesOf, undocumented, valueOf } from "./reading.ts"

const reading = Effect.map(Metric.snapshot, (snapshot) => samplesOf(PrometheusText.format(snapshot)))

const seconds = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)

/** The gauges that say how far it is, by the ends of their names. */
const reached = (samples: ReadonlyArray<Sample>, prefix: string) =>
  Object.fromEntries(
    samples.filter(({ name }) => name.startsWith(prefix) && !name.includes("coordinator"))
      .map(({ name, value }) => [name.slice(prefix.length), value])
  )

/** By how much the values of a metric grew, by endpoint: other tests of this process may have counted before. */
const grownByEndpoint = (before: ReadonlyArray<Sample>, after: ReadonlyArray<Sample>, metric: string) =>
  Object.fromEntries(
    after.filter(({ name }) => name === metric).flatMap(({ labels: { endpoint = "" }, value }) => {
      const grown = value - (valueOf(before, metric, { endpoint }) ?? 0)
      return grown === 0 ? [] : [[endpoint, grown]]
    })
  )

describe("the metrics of the engine", () => {
  it.scopedLive("say what was backed up, verified and restored", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const storage = folderStorage(path.join(folder, "storage"))
      const before = yield* reading
      const began = yield* seconds
      const since = expect.toSatisfy((time: number) => time >= Math.floor(began * 1000) / 1000)
      const { store, summary } = yield* backedUpDevnet(
        { seed: 3, epochs: 4, items: 120, blocksPerEpoch: 3 },
        { snapshots: [1, 3], transactionsPerBackup: 20, maxChunkBytes: 4_000 },
        path.join(folder, "storage")
      )
      const backedUp = yield* reading
      for (const kind of ["epoch_ending", "state_snapshot", "transaction"]) {
        expect(valueOf(backedUp, "holdfast_backup_succeeded_timestamp_s", { kind })).toEqual(since)
      }
      const manifests = 3 + Math.ceil((summary.latestVersion + 1) / 20)
      const timers = "aptos_db_backup_timers_seconds_count"
      const written = (name: string) =>
        (valueOf(backedUp, timers, { name }) ?? 0) - (valueOf(before, timers, { name }) ?? 0)
      expect(written("write_manifest")).toBe(manifests)
      expect(written("write_chunk")).toBeGreaterThan(manifests)
      expect(written("write_proof")).toBeGreaterThan(manifests)
      // What one end sends the other receives.
      const grown = (metric: string) => grownByEndpoint(before, backedUp, metric)
      const received = grown("aptos_db_backup_received_bytes")
      expect(Object.keys(received)).toEqual(expect.arrayContaining(["transactions", "state_snapshot_chunk"]))
      expect(received).toEqual(grown("aptos_backup_service_sent_bytes"))
      expect(received["transactions"]).toBeGreaterThan(10_000)
      const answered = { endpoint: "transactions", status: "200" }
      const answers = (samples: ReadonlyArray<Sample>) =>
        valueOf(samples, "aptos_backup_service_latency_s_count", answered) ?? 0
      expect(answers(backedUp) - answers(before)).toBe(Math.ceil((summary.latestVersion + 1) / 20))

      const verify = Effect.provide(Verify.verify({ allSnapshots: true }), storage)
      const report = yield* verify
      expect(report).toMatchObject({ ok: true, errors: [] })
      const last = summary.epochEndings.at(-1)
      const items = (yield* store.stateItemCount(report.stateSnapshot?.version ?? 0)) - 1
      const ends = {
        _epoch_ending_epoch: summary.epochEndings.length - 1,
        _epoch_ending_version: last?.waypoint.version,
        _state_snapshot_version: report.stateSnapshot?.version,
        _state_snapshot_target_leaf_index: items,
        _state_snapshot_leaf_index: items
      }
      const verified = yield* reading
      expect(reached(verified, "aptos_db_backup_verify")).toEqual({
        ...ends,
        _transaction_version: report.transactions?.lastVersion
      })
      const times = (samples: ReadonlyArray<Sample>, prefix: string) =>
        ["start", "succeed", "fail"].map((name) => valueOf(samples, `${prefix}_coordinator_${name}_timestamp_s`))
      const failedBefore = (prefix: string) => times(before, prefix)[2] ?? 0
      expect(times(verified, "aptos_db_backup_verify")).toEqual([since, since, failedBefore("aptos_db_backup_verify")])
      expect(valueOf(verified, "holdfast_backup_verify_errors")).toBe(0)
      expect(valueOf(verified, "holdfast_backup_verify_unverified")).toBe(report.unverified.length)

      const restored = yield* restoreInto(
        path.join(folder, "store"),
        storage,
        whole,
        {},
        (found) => Effect.succeed(found)
      )
      const after = yield* reading
      expect(reached(after, "aptos_db_restore")).toMatchObject({ _transaction_version: restored.version })
      expect(times(after, "aptos_db_restore")).toEqual([since, since, failedBefore("aptos_db_restore")])

      const chunks = (yield* TempDirectory.files(path.join(folder, "storage"))).filter((file) =>
        file.endsWith(".chunk")
      )
      fs.truncateSync(path.join(folder, "storage", chunks.find((file) => file.includes("transaction")) ?? ""), 10)
      expect(yield* verify).toMatchObject({ ok: false })
      const failed = yield* reading
      const [, succeededAt = 0, failedAt = 0] = times(failed, "aptos_db_backup_verify")
      expect(failedAt).toBeGreaterThan(succeededAt)
      expect(valueOf(failed, "holdfast_backup_verify_errors")).toBe(1)

      expect(undocumented(failed)).toEqual([])
    }))
})
