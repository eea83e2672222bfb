/**
 * `--metrics-address` as Prometheus and those who watch over processes know it.
 */
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as path from "node:path"
import { samplesOf, undocumented, valueOf } from "../ops/reading.ts"
import { devnet, runJson, type Running, start, startNode } from "./cliProcess.ts"
import { gzipCommands } from "./cliStorages.ts"

const free = ["--metrics-address", "127.0.0.1:0"]

const ask = (url: string) =>
  Effect.tryPromise((signal) =>
    fetch(url, { signal }).then((answer) => answer.text().then((text) => ({ status: answer.status, text })))
  )

/** Asks again until the answer is as expected, as those do who watch over processes. */
const until = <A, E, R>(what: Effect.Effect<A, E, R>, holds: (now: A) => boolean) =>
  what.pipe(Effect.filterOrFail(holds, () => "not yet"), Effect.retry(Schedule.spaced("50 millis")))

const addressSaid = /metrics are at (http:\/\/127\.0\.0\.1:\d+)\/metrics/

/** Where its metrics are, once it has said so. */
const metricsOf = (running: Running) => Effect.map(running.says(addressSaid), ([, address = ""]) => address)

describe("--metrics-address", () => {
  it.scopedLive("of backup continuously: ready, documented metrics that move, and nothing left", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const began = (yield* Clock.currentTimeMillis) / 1000
      const address = yield* devnet("--epochs", "2", "--items", "50")
      const coordinator = yield* start([
        "backup",
        "continuously",
        "--backup-service-address",
        address,
        "--transaction-batch-size",
        "5",
        "--metadata-cache-dir",
        path.join(directory, "cache"),
        ...gzipCommands.make(directory),
        ...free
      ])
      const url = yield* metricsOf(coordinator)
      expect(yield* ask(`${url}/-/healthy`)).toEqual({ status: 200, text: "healthy\n" })
      yield* until(ask(`${url}/-/ready`), ({ status }) => status === 200)
      const samples = yield* until(
        Effect.map(ask(`${url}/metrics`), ({ text }) => samplesOf(text)),
        (now) =>
          ["epoch_ending", "state_snapshot", "transaction"].every((kind) =>
            valueOf(now, "holdfast_backup_succeeded_timestamp_s", { kind }) !== undefined
          )
      )
      expect(undocumented(samples)).toEqual([])
      expect(valueOf(samples, "aptos_db_backup_coordinator_heartbeat_timestamp_s")).toBeGreaterThan(began)
      expect(valueOf(samples, "aptos_db_backup_received_bytes", { endpoint: "transactions" })).toBeGreaterThan(0)
      expect(valueOf(samples, "holdfast_storage_commands_succeeded_total")).toBeGreaterThan(5)
      expect(valueOf(samples, "holdfast_storage_commands_limit")).toBeGreaterThanOrEqual(16)

      yield* coordinator.signal("SIGTERM")
      expect(yield* coordinator.ended).toMatchObject({ code: 143 })
      expect(yield* Effect.flip(ask(`${url}/-/healthy`))).toMatchObject({ _tag: "UnknownException" })
    }))

  it.scopedLive("of node serve: ready once there is a ledger; what is asked for is counted", () =>
    Effect.gen(function*() {
      const directory = path.join(yield* TempDirectory.make, "store")
      yield* Effect.scoped(
        startNode(["devnet", "--db", directory, "--epochs", "1", "--items", "0", "--block-millis", "0"])
      )
      const { address, node } = yield* startNode(["serve", "--db", directory, ...free])
      const url = yield* metricsOf(node)
      expect(yield* ask(`${url}/-/ready`)).toEqual({ status: 200, text: "ready\n" })
      for (const endpoint of ["/db_state", "/transactions/0/1", "/nothing", "/etc/passwd"]) {
        yield* ask(address + endpoint)
      }
      const samples = samplesOf((yield* ask(`${url}/metrics`)).text)
      expect(undocumented(samples)).toEqual([])
      const count = (endpoint: string, status: string) =>
        valueOf(samples, "aptos_backup_service_latency_s_count", { endpoint, status })
      expect([count("db_state", "200"), count("transactions", "200"), count("other", "404")]).toEqual([1, 1, 2])
    }))

  it.scopedLive("is told on stderr alone, as a JSON line where JSON is asked for", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const address = yield* devnet("--epochs", "1", "--items", "0")
      const backUp = ["backup", "oneoff", "epoch-ending", "--start-epoch", "0", "--end-epoch", "1", ...free]
      const { code, json, stderr } = yield* runJson(
        backUp.concat("--backup-service-address", address, "--local-fs-dir", directory)
      )
      expect({ code, json }).toMatchObject({ code: 0, json: { ok: true } })
      expect(JSON.parse(stderr)).toMatchObject({
        level: "info",
        message: expect.stringMatching(/^metrics are at http:\/\/127\.0\.0\.1:\d+\/metrics$/)
      })
    }))
})
