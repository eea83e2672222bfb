import { describe, expect, it } from "@effect/vitest"
import * as MetricsServer from "@holdfast/observe/MetricsServer"
import * as PrometheusText from "@holdfast/observe/PrometheusText"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as net from "node:net"
import * as Values from "../../src/flags/Values.ts"
import * as MetricsEndpoint from "../../src/machine/MetricsEndpoint.ts"

interface Answer {
  readonly status: number
  readonly type: string | null
  readonly text: string
}

const ask = (url: string, method = "GET"): Effect.Effect<Answer> =>
  Effect.promise((signal) =>
    fetch(url, { method, signal }).then((response) =>
      response.text().then((text) => ({ status: response.status, type: response.headers.get("content-type"), text }))
    )
  )

const at = (text: string) => Either.getOrThrow(Values.listenAddress.parse(text))

/** The layer, in a scope of its own; where it says that it listens, and all that it says. */
const started = (address: string, readiness: MetricsServer.Readiness = MetricsServer.alwaysReady) =>
  Effect.gen(function*() {
    const said: Array<string> = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ logLevel, message }) => said.push(`${logLevel.label} ${String(message)}`))
    )
    const scope = yield* Effect.acquireRelease(Scope.make(), (open) => Scope.close(open, Exit.void))
    yield* Layer.buildWithScope(
      Layer.provide(MetricsEndpoint.layer(Option.some(at(address)), readiness), logger),
      scope
    )
    const url = said.map((line) => /^INFO metrics are at (http:\S+)\/metrics$/.exec(line)?.[1]).find(Boolean) ?? ""
    return { said, url, stop: Scope.close(scope, Exit.void) }
  })

const isOpen = (url: string): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const { hostname, port } = new URL(url)
    const socket = net.connect(Number(port), hostname)
    const answer = (open: boolean) => {
      socket.destroy()
      resume(Effect.succeed(open))
    }
    socket.once("connect", () => answer(true)).once("error", () => answer(false))
  })

describe("MetricsServer", () => {
  it.scopedLive("serves metrics and health, and nothing else", () =>
    Effect.gen(function*() {
      const { said, url } = yield* started("127.0.0.1:0")
      yield* Metric.set(Metric.gauge("holdfast_test_gauge"), 42)
      const { status, text, type } = yield* ask(`${url}/metrics?a=b`)
      expect({ status, type }).toEqual({ status: 200, type: PrometheusText.contentType })
      expect(text).toContain("\nholdfast_test_gauge 42\n")
      expect(text).toMatch(/^holdfast_build_info\{version="[^"]+"\} 1$/m)
      expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d{6,}$/m)
      expect(text).toMatch(/^process_cpu_seconds_total \d/m)

      expect(yield* ask(`${url}/-/healthy`)).toMatchObject({ status: 200, text: "healthy\n" })
      expect(yield* ask(`${url}/-/ready`)).toMatchObject({ status: 200, text: "ready\n" })
      expect(yield* ask(`${url}/-/healthy`, "HEAD")).toMatchObject({ status: 200, text: "" })
      expect(yield* ask(`${url}/metrics`, "POST")).toMatchObject({ status: 405 })
      expect(yield* ask(`${url}/db_state`)).toMatchObject({ status: 404 })
      expect(said.filter((line) => !line.startsWith("INFO"))).toEqual([])
    }))

  it.scopedLive("says why the command is not ready", () =>
    Effect.gen(function*() {
      const { url } = yield* started("127.0.0.1:0", Effect.succeedSome("the node has not answered yet"))
      expect(yield* ask(`${url}/-/ready`)).toMatchObject({
        status: 503,
        text: "not ready: the node has not answered yet\n"
      })
      expect(yield* ask(`${url}/-/healthy`)).toMatchObject({ status: 200 })
    }))

  it.scopedLive("listens no more when its scope is closed, whoever is connected", () =>
    Effect.gen(function*() {
      const { stop, url } = yield* started("127.0.0.1:0")
      const { hostname, port } = new URL(url)
      const cut = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const socket = net.connect(Number(port), hostname)
          return { socket, closed: new Promise<void>((resolve) => void socket.once("close", () => resolve())) }
        }),
        ({ socket }) => Effect.sync(() => void socket.destroy())
      )
      expect(yield* isOpen(url)).toBe(true)
      yield* stop
      yield* Effect.promise(() => cut.closed)
      expect(yield* isOpen(url)).toBe(false)
    }))

  it.scopedLive("fails where something else listens, by the name of its flag", () =>
    Effect.gen(function*() {
      const { url } = yield* started("127.0.0.1:0")
      const busy = url.replace("http://", "")
      const exit = yield* Effect.exit(started(busy))
      const error = Option.getOrThrow(Exit.match(exit, { onFailure: Cause.failureOption, onSuccess: Option.none }))
      expect(error).toMatchObject({ _tag: "CannotServe", address: busy, reason: "AddressInUse" })
      expect(error.message).toContain("--metrics-address")
    }))

  it.scopedLive("warns where other machines can connect", () =>
    Effect.gen(function*() {
      const { said } = yield* started("0.0.0.0:0")
      expect(said.filter((line) => line.startsWith("WARN"))).toEqual([
        expect.stringMatching(/^WARN http:\/\/0\.0\.0\.0:\d+ is open to other machines: .*metrics/)
      ])
    }))
})
