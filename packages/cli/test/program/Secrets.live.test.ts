import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as PrometheusText from "@holdfast/observe/PrometheusText"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Queue from "effect/Queue"
import * as fs from "node:fs"
import * as path from "node:path"
import type * as ExitCode from "../../src/exit/ExitCode.ts"
import * as Run from "../../src/program/Run.ts"
import * as Stdio from "../../src/terminal/Stdio.ts"
import { captured } from "../support/captured.ts"
import { collector } from "../support/collector.ts"

/** Stands in every secret, and in nothing else. */
const secret = /hushhush/i

/** Every command of this storage tells all that it knows, and where the process list has it, then fails. */
const talkative = (folder: string, end: string) => `
env_vars:
  - key: SAS
    value: "?sv=2024&sig=HushHush%2Bone%3D"
  - key: API_TOKEN
    value: hushhush-two
  - key: ENDPOINT
    value: https://user:hushhush-three@storage.example/
commands:${
  ["create_backup", "create_for_write", "open_for_read", "save_metadata_line", "list_metadata_files", "list_files"].map(
    (operation) => `
  ${operation}: |
    echo "$SAS $API_TOKEN $ENDPOINT $HOLDFAST_TEST_PASSWORD https://storage.example/file$SAS" >&2
    tr '\\0' ' ' < /proc/$$/cmdline >> '${folder}/cmdline'
    ${end}`
  ).join("")
}
`

/** A variable of this process, as an operator's environment file sets it. */
const inherited = (name: string, value: string) =>
  Effect.acquireRelease(
    Effect.sync(() => void Object.assign(process.env, { [name]: value })),
    () => Effect.sync(() => void Reflect.deleteProperty(process.env, name))
  )

/** With all that can be logged. */
const run = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const streams = captured()
    const signals = yield* Queue.unbounded<ExitCode.Signal>()
    const code = yield* Run.run([...args, "--log-level", "debug"], signals).pipe(
      Effect.provide(Layer.merge(NodeContext.layer, NodeHttpClient.layerUndici)),
      Effect.provideService(Stdio.Stdio, streams.stdio),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))
    )
    return { code, said: streams.stdout() + streams.stderr() }
  })

describe("secrets", () => {
  it.scopedLive("of a storage are told by nobody: results, errors, logs, traces, metrics, the process list", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      yield* inherited("HOLDFAST_TEST_PASSWORD", "hushhush-four")
      const { told, url } = yield* collector(true)
      const environment = {
        XDG_CACHE_HOME: path.join(folder, "cache"),
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_HEADERS: "x-token=hushhush-five"
      }
      const config = path.join(folder, "storage.yaml")
      const storage = ["--command-adapter-config", config]
      const doctor = ["doctor", "--storage-only"]
      const fail = ["backup", "verify", "--retries", "0"]
      let masked = 0
      const runs = [
        ["exit 1", [fail, [...fail, "--output", "json"], ["status"], [...doctor, "--output", "json"]]],
        ["echo \"https://storage.example/$SAS\"; exec 1>&-; cat > /dev/null", [doctor, [
          "backup-maintenance",
          "cleanup"
        ]]]
      ] as const
      for (const [end, commands] of runs) {
        fs.writeFileSync(config, talkative(folder, end))
        for (const command of commands) {
          const { code, said } = yield* run([...command, ...storage], environment)
          expect([command, code === 0, said.match(secret)]).toEqual([command, false, null])
          masked += said.split("***").length - 1
        }
      }
      expect(masked).toBeGreaterThan(20)
      const traces = told.filter((each) => each.path === "/v1/traces").map(({ text }) => text).join("\n")
      expect(traces).toContain("StorageCommand")
      expect(told.map(({ text }) => text).join("\n")).not.toMatch(secret)
      expect(PrometheusText.format(yield* Metric.snapshot)).not.toMatch(secret)
      const listed = fs.readFileSync(path.join(folder, "cmdline"), "utf8")
      expect(listed).toContain("bash")
      expect(listed).not.toMatch(secret)
      for (const name of yield* TempDirectory.files(path.join(folder, "cache"))) {
        expect([name, secret.test(fs.readFileSync(path.join(folder, "cache", name), "utf8"))]).toEqual([name, false])
      }
    }))

  it.scopedLive("in the address of a node are not repeated, nor those in the address of a collector", () =>
    Effect.gen(function*() {
      const alone = { XDG_CACHE_HOME: yield* TempDirectory.make }
      const told = { ...alone, OTEL_EXPORTER_OTLP_ENDPOINT: "http://user:hushhush@127.0.0.1:9/?token=hushhush" }
      const ask = (address: string) => ["backup", "query", "node-state", "--backup-service-address", address]
      const runs = [
        [ask("http://user:hushhush@127.0.0.1:9"), alone],
        [ask("http://user:hush/@hush?hushhush@127.0.0.1:9/"), alone],
        [ask("user:hushhush@127.0.0.1:9"), alone],
        [[...ask("http://127.0.0.1:9?sig=hushhush"), "--output", "json"], alone],
        [[...ask("http://127.0.0.1:9/#hushhush"), "--output", "json"], told]
      ] as const
      for (const [args, environment] of runs) {
        const { code, said } = yield* run(args, environment)
        expect([args, code, said.match(secret)]).toEqual([args, 2, null])
        expect(said).toContain("***")
      }
    }))
})
