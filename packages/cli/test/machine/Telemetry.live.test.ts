import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as ExitCode from "../../src/exit/ExitCode.ts"
import * as Run from "../../src/program/Run.ts"
import * as Stdio from "../../src/terminal/Stdio.ts"
import { captured } from "../support/captured.ts"
import { collector } from "../support/collector.ts"

/** Verifies an empty folder, which is no valid backup. */
const verify = (environment: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const streams = captured()
    const signals = yield* Queue.unbounded<ExitCode.Signal>()
    const code = yield* Run.run(["backup", "verify", "--local-fs-dir", yield* TempDirectory.make], signals).pipe(
      Effect.provide(Layer.merge(NodeContext.layer, NodeHttpClient.layerUndici)),
      Effect.provideService(Stdio.Stdio, streams.stdio),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))
    )
    return { code, stdout: streams.stdout().replace(/\(.*?\)|folder \S+/g, ""), stderr: streams.stderr() }
  })

describe("Telemetry", () => {
  it.scopedLive("tells a collector what was done, and how it went", () =>
    Effect.gen(function*() {
      const { told, url } = yield* collector(true)
      const { code } = yield* verify({
        OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
        OTEL_EXPORTER_OTLP_HEADERS: "x-token=a%20b",
        OTEL_SERVICE_NAME: "mine"
      })
      expect(code).toBe(1)
      const bodies = (path: string) => told.filter((each) => each.path === path).map(({ text }) => text).join()
      expect(bodies("/v1/traces")).toContain("\"Verify.verify\"")
      expect(bodies("/v1/traces")).toContain("\"mine\"")
      expect(bodies("/v1/metrics")).toContain("\"aptos_db_backup_verify_coordinator_fail_timestamp_s\"")
      expect(new Set(told.map(({ token }) => token))).toEqual(new Set(["a b"]))
    }))

  it.scopedLive("changes nothing where the collector is gone or silent", () =>
    Effect.gen(function*() {
      const alone = yield* verify({})
      const { url } = yield* Effect.scoped(collector(true))
      expect(yield* verify({ OTEL_EXPORTER_OTLP_ENDPOINT: url })).toEqual(alone)
      const silent = yield* collector(false)
      expect(yield* verify({ OTEL_EXPORTER_OTLP_ENDPOINT: silent.url })).toEqual(alone)
      const disabled = yield* collector(true)
      yield* verify({ OTEL_EXPORTER_OTLP_ENDPOINT: disabled.url, OTEL_SDK_DISABLED: "true" })
      expect(disabled.told).toEqual([])
    }))

  it.scopedLive("refuses what makes no sense, and repeats no secret (exit 2)", () =>
    Effect.gen(function*() {
      const address = yield* verify({ OTEL_EXPORTER_OTLP_ENDPOINT: "user:secret@host" })
      expect(address).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^error: OTEL_[^\n]+\n$/) })
      for (const header of ["secret", "a=%zz", "a b=secret", "a=%0asecret"]) {
        const refused = yield* verify({
          OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
          OTEL_EXPORTER_OTLP_HEADERS: header
        })
        expect(refused).toMatchObject({ code: 2, stdout: "" })
        expect(refused.stderr + address.stderr).not.toContain("secret")
      }
    }))
})
