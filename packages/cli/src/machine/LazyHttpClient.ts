/**
 * The HTTP client of Node, loaded at the first request: most commands make none, and the client is a third of all code.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SynchronizedRef from "effect/SynchronizedRef"

/** A client whose connections close with the layer's scope. */
export const layer: Layer.Layer<HttpClient.HttpClient> = Layer.scoped(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const load = Effect.promise(() => import("@effect/platform-node/NodeHttpClient")).pipe(
      Effect.flatMap(({ layerUndici }) => Layer.buildWithScope(layerUndici, scope)),
      Effect.map(Context.get(HttpClient.HttpClient))
    )
    // Not `Effect.cached`, which would pass an interruption of the first request on to all later ones.
    const loaded = yield* SynchronizedRef.make<HttpClient.HttpClient | undefined>(undefined)
    const execute = (request: HttpClientRequest) =>
      SynchronizedRef.modifyEffect(
        loaded,
        (found) => Effect.map(found === undefined ? load : Effect.succeed(found), (client) => [client, client] as const)
      ).pipe(Effect.flatMap((client) => client.execute(request)))
    return HttpClient.makeWith(
      (request: Effect.Effect<HttpClientRequest>) => Effect.flatMap(request, execute),
      Effect.succeed
    )
  })
)
