/**
 * Metrics and health of a running program, over HTTP.
 *
 * | path | answer |
 * |---|---|
 * | `/metrics` | the metrics as Prometheus reads them |
 * | `/-/healthy` | 200 while the command runs |
 * | `/-/ready` | 200 while it can do its work; else 503 and the reason |
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as ProcessMetrics from "./ProcessMetrics.ts"
import * as PrometheusText from "./PrometheusText.ts"

/** Whether a command can do its work: why it cannot, where it cannot. */
export type Readiness<R = never> = Effect.Effect<Option.Option<string>, never, R>

/** Of a command that can do its work from its start. */
export const alwaysReady: Readiness = Effect.succeedNone

const statuses = { ok: 200, notFound: 404, methodNotAllowed: 405, unavailable: 503 } as const

const methods = ["GET", "HEAD"]

const text = (body: string, status: number = statuses.ok) =>
  HttpServerResponse.text(`${body}\n`, { status, contentType: "text/plain; charset=utf-8" })

/** The application behind the address. */
export const app = (readiness: Readiness, version: string): HttpApp.Default =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ method, url }) => {
    if (!methods.includes(method)) {
      const refused = text("only GET and HEAD are served here", statuses.methodNotAllowed)
      return Effect.succeed(HttpServerResponse.setHeader(refused, "allow", methods.join(", ")))
    }
    switch (url.split("?")[0]) {
      case "/metrics":
        return metrics(version)
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

const metrics = (version: string) =>
  Effect.map(
    Effect.zipRight(ProcessMetrics.update(version), Metric.snapshot),
    (snapshot) => HttpServerResponse.text(PrometheusText.format(snapshot), { contentType: PrometheusText.contentType })
  )
