/**
 * The server of a backup service over a ledger store. It answers as a node does, byte for byte.
 *
 * A stream has status 200 and comes in chunks. If reading the store fails behind the head of the answer, the server cuts
 * the connection, so that no client takes the part for the whole. Every other answer has a status and a length. A slow
 * client slows the reading down; a client that goes away ends the reading.
 *
 * Source: docs/spec/service.md.
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { connectionOf } from "./internal/connection.ts"
import { countedBytes } from "./internal/countedBytes.ts"
import * as Routes from "./Routes.ts"
import { metrics } from "./ServiceMetrics.ts"

type StoreError = LedgerStoreError.LedgerStoreError

/** Answers a request with the segments after the name of the endpoint. */
type Endpoint = (segments: ReadonlyArray<string>) => HttpApp.Default

const statuses = { ok: 200, badRequest: 400, notFound: 404, methodNotAllowed: 405, failed: 500 } as const

const empty = (status: number) => HttpServerResponse.empty({ status, headers: { "content-length": "0" } })

const notFound: Endpoint = () => Effect.succeed(empty(statuses.notFound))
const badRequest = Effect.succeed(empty(statuses.badRequest))
const failed = empty(statuses.failed)

/** Without a content type the platform would name one of its own. */
const noContentType = ""

const methodNotAllowed = HttpServerResponse.text("Only GET is served here", {
  status: statuses.methodNotAllowed,
  contentType: "text/plain; charset=utf-8"
})

const sentBytes = (endpoint: string) => Metric.tagged(metrics.sentBytes, "endpoint", endpoint)

/** The label of all paths that are no endpoint. */
const otherEndpoint = "other"

/** Measures the time until an answer begins. */
const timed = (endpoint: string, app: HttpApp.Default): HttpApp.Default =>
  Effect.flatMap(Effect.timed(app), ([took, response]) => {
    const labels = [MetricLabel.make("endpoint", endpoint), MetricLabel.make("status", String(response.status))]
    return Effect.as(
      Metric.update(Metric.taggedWithLabels(metrics.latency, labels), Duration.toSeconds(took)),
      response
    )
  })

/** A request for data that the store does not hold concerns its client alone; every other error concerns the operator. */
const report = (error: StoreError) =>
  error.reason === "NotAvailable" ? Effect.logDebug(error.message) : Effect.logError(error.message)

const value = <P extends ReadonlyArray<unknown>, A>(
  route: Routes.ValueRoute<P, A>,
  answer: (...parameters: P) => Effect.Effect<A, StoreError>
): readonly [string, Endpoint] => [route.name, (segments) => {
  const parameters = route.parse(segments)
  if (parameters === undefined) return badRequest
  return answer(...parameters).pipe(
    Effect.map((found) => Bcs.encode(route.codec, found)),
    Effect.tap(({ length }) => Metric.incrementBy(sentBytes(route.name), length)),
    Effect.map((bytes) => HttpServerResponse.uint8Array(bytes, { contentType: "application/octet-stream" })),
    Effect.catchAll((error) => Effect.as(report(error), failed))
  )
}]

const records = <P extends ReadonlyArray<unknown>>(
  route: Routes.RecordsRoute<P>,
  answer: (...parameters: P) => Stream.Stream<Uint8Array, StoreError>
): readonly [string, Endpoint] => [route.name, (segments) => {
  const parameters = route.parse(segments)
  if (parameters === undefined) return badRequest
  return Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Option.match(connectionOf(request), {
      onNone: () =>
        Effect.as(Effect.logError("this HTTP server cannot cut connections, so it cannot serve streams"), failed),
      onSome: (connection) => {
        // The empty piece makes the server send the head of the answer before the first record.
        const body = Stream.concat(
          Stream.make(new Uint8Array(0)),
          countedBytes(answer(...parameters), sentBytes(route.name))
        ).pipe(
          Stream.tapError(report),
          // A failed body would end like a complete one: only a cut connection tells the client.
          Stream.ensuringWith((exit) => Exit.isSuccess(exit) ? Effect.void : connection.cut)
        )
        return Effect.succeed(HttpServerResponse.setBody(
          HttpServerResponse.empty({ status: statuses.ok }),
          HttpBody.stream(body, noContentType)
        ))
      }
    }))
}]

/** The service as an application for any HTTP server that can cut its connections. */
export const make: Effect.Effect<HttpApp.Default, never, LedgerStore.LedgerStore> = Effect.map(
  LedgerStore.LedgerStore,
  (store) => {
    const endpoints = new Map([
      value(Routes.dbState, () => Effect.map(store.dbState, Option.getOrUndefined)),
      records(Routes.epochEndingLedgerInfos, store.epochEndingLedgerInfos),
      value(Routes.stateItemCount, store.stateItemCount),
      records(Routes.stateSnapshot, (version) => store.stateItems(version, 0, Number.MAX_SAFE_INTEGER)),
      records(Routes.stateSnapshotChunk, store.stateItems),
      value(Routes.stateRangeProof, store.stateRangeProof),
      value(Routes.stateRootProof, store.stateRootProof),
      records(Routes.transactions, store.transactions),
      value(Routes.transactionRangeProof, store.transactionRangeProof)
    ])
    return Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const [name = "", ...segments] = Routes.segments(request.url)
      const endpoint = endpoints.get(name)
      return timed(
        endpoint === undefined ? otherEndpoint : name,
        request.method === "GET" ? (endpoint ?? notFound)(segments) : Effect.succeed(methodNotAllowed)
      )
    })
  }
)

/** Serves the store on the HTTP server of the context while the layer lives. */
export const layer: Layer.Layer<never, never, HttpServer.HttpServer | LedgerStore.LedgerStore> = Layer.unwrapEffect(
  Effect.map(make, (app) => HttpServer.serve(app))
)
