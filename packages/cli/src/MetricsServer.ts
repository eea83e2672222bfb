/**
 * Metrics and health of a command at an address of this machine, while it runs: `--metrics-address`.
 *
 * | path | answer |
 * |---|---|
 * | `/metrics` | the metrics as Prometheus reads them |
 * | `/-/healthy` | 200 while the command runs |
 * | `/-/ready` | 200 while it can do its work; else 503 and the reason |
 *
 * @since 0.1.0
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type { CannotServe } from "./CliError.ts"
import * as ProcessMetrics from "./ProcessMetrics.ts"
import * as PrometheusText from "./PrometheusText.ts"
import * as Serving from "./Serving.ts"
import type { ListenAddress } from "./Values.ts"

/**
 * Whether a command can do its work: why it cannot, where it cannot.
 *
 * @since 0.1.0
 * @category models
 */
export type Readiness<R = never> = Effect.Effect<Option.Option<string>, never, R>

/**
 * Of a command that can do its work from its start.
 *
 * @since 0.1.0
 * @category constants
 */
export const alwaysReady: Readiness = Effect.succeedNone

/**
 * Answers until the layer's scope closes; without an address, nothing listens. Fails with `CannotServe`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <R = never>(
  at: Option.Option<ListenAddress>,
  readiness: Readiness<R>
): Layer.Layer<never, CannotServe, R> =>
  Option.match(at, {
    onNone: () => Layer.empty,
    onSome: (address) =>
      Layer.scopedDiscard(Effect.gen(function*() {
        const listening = yield* Serving.open(address, { flag: "--metrics-address", exposed })
        yield* listening.serve(app(yield* Effect.map(Effect.context<R>(), (all) => Effect.provide(readiness, all))))
        yield* Effect.logInfo(`metrics are at ${listening.address}/metrics`)
      }))
  })

const exposed = "the metrics say what is backed up and how it goes, and are told to all that connect"

const statuses = { ok: 200, notFound: 404, methodNotAllowed: 405, unavailable: 503 } as const

const methods = ["GET", "HEAD"]

const text = (body: string, status: number = statuses.ok) =>
  HttpServerResponse.text(`${body}\n`, { status, contentType: "text/plain; charset=utf-8" })

/**
 * The application behind the address.
 *
 * @since 0.1.0
 * @category constructors
 */
export const app = (readiness: Readiness): HttpApp.Default =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ method, url }) => {
    if (!methods.includes(method)) {
      const refused = text("only GET and HEAD are served here", statuses.methodNotAllowed)
      return Effect.succeed(HttpServerResponse.setHeader(refused, "allow", methods.join(", ")))
    }
    switch (url.split("?")[0]) {
      case "/metrics":
        return metrics
      case "/-/healthy":
        return Effect.succeed(text("healthy"))
      case "/-/ready":
        return Effect.map(
          readiness,
          Option.match({
            onNone: () => text("ready"),
            onSome: (why) => text(`not ready: ${why}`, statuses.unavailable)
          })
        )
      default:
        return Effect.succeed(text("here are /metrics, /-/healthy and /-/ready", statuses.notFound))
    }
  })

const metrics = ProcessMetrics.update.pipe(
  Effect.zipRight(Metric.snapshot),
  Effect.map((snapshot) =>
    HttpServerResponse.text(PrometheusText.format(snapshot), { contentType: PrometheusText.contentType })
  )
)
