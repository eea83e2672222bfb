/**
 * Traces and metrics by OTLP, for a collector that the environment names as for any program that speaks OpenTelemetry:
 *
 * | variable | meaning |
 * |---|---|
 * | `OTEL_EXPORTER_OTLP_ENDPOINT` | the URL of the collector, to which `/v1/traces` and `/v1/metrics` are added |
 * | `OTEL_EXPORTER_OTLP_HEADERS` | headers for each request, `name=value,…`, percent-encoded: a token, say |
 * | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | who says so; `holdfast` if not given |
 * | `OTEL_SDK_DISABLED` | `true` sends nothing |
 *
 * What is needed for that is loaded only then. A collector that does not answer is asked again after a minute, and what
 * it would have been told meanwhile is dropped: no command waits for it, but for two seconds at its end.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** A variable that names the collector makes no sense. Nothing was sent. */
export class TelemetryConfigError
  extends Schema.TaggedError<TelemetryConfigError>("@holdfast/observe/TelemetryConfigError")("TelemetryConfigError", {
    detail: Schema.String
  })
{
  override get message(): string {
    return this.detail
  }
}

const setting = (name: string): Effect.Effect<string> =>
  Effect.orElseSucceed(Config.withDefault(Config.string(name), ""), () => "")

/**
 * Sends while the layer lives; nothing where no collector is named. Fails with `TelemetryConfigError` where one is named in a way
 * that makes no sense.
 */
export const layer = (
  serviceVersion: string
): Layer.Layer<never, TelemetryConfigError, HttpClient.HttpClient> =>
  Layer.unwrapEffect(
    Effect.gen(function*() {
      const endpoint = (yield* setting("OTEL_EXPORTER_OTLP_ENDPOINT")).replace(/\/+$/, "")
      if (endpoint === "" || (yield* setting("OTEL_SDK_DISABLED")) === "true") return Layer.empty
      if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) {
        return yield* new TelemetryConfigError({
          detail: "OTEL_EXPORTER_OTLP_ENDPOINT is not the URL of an HTTP service; give one like http://localhost:4318"
        })
      }
      const headers = headersOf(yield* setting("OTEL_EXPORTER_OTLP_HEADERS"))
      if (headers === undefined) {
        return yield* new TelemetryConfigError({
          detail: "OTEL_EXPORTER_OTLP_HEADERS is not of the form name=value,name=value"
        })
      }
      const serviceName = (yield* setting("OTEL_SERVICE_NAME")) || "holdfast"
      const OtlpMetrics = yield* Effect.promise(() => import("@effect/opentelemetry/OtlpMetrics"))
      const OtlpSerialization = yield* Effect.promise(() => import("@effect/opentelemetry/OtlpSerialization"))
      const OtlpTracer = yield* Effect.promise(() => import("@effect/opentelemetry/OtlpTracer"))
      const common = {
        headers,
        resource: { serviceName, serviceVersion },
        shutdownTimeout: "2 seconds"
      } as const
      return Layer.merge(
        OtlpTracer.layer({ ...common, url: `${endpoint}/v1/traces` }),
        OtlpMetrics.layer({ ...common, url: `${endpoint}/v1/metrics` })
      ).pipe(Layer.provide(OtlpSerialization.layerJson))
    })
  )

/** `undefined` where it cannot be read. Its values are secrets. */
const headersOf = (text: string): Record<string, string> | undefined => {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "").map((pair) => {
    const [, name, value = ""] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    return name === undefined ? undefined : [name.toLowerCase(), percentDecoded(value)] as const
  })
  const read = pairs.flatMap((pair) => pair?.[1] === undefined ? [] : [[pair[0], pair[1]] as const])
  return read.length < pairs.length ? undefined : Object.fromEntries(read)
}

const percentDecoded = (text: string): string | undefined => {
  try {
    const decoded = decodeURIComponent(text)
    return /\p{Cc}/u.test(decoded) ? undefined : decoded
  } catch {
    return undefined
  }
}
