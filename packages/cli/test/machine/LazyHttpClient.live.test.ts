import * as HttpClient from "@effect/platform/HttpClient"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as http from "node:http"
import * as LazyHttpClient from "../../src/machine/LazyHttpClient.ts"

const serving = Effect.acquireRelease(
  Effect.async<http.Server>((resume) => {
    const server = http.createServer((_, response) => void response.end("answered"))
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
)

it.scopedLive("answers, also when the request that loaded it was interrupted, and closes its connections", () =>
  Effect.gen(function*() {
    const address = (yield* serving).address()
    if (typeof address !== "object" || address === null) return yield* Effect.dieMessage("no port")
    const texts = Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const get = Effect.flatMap(client.get(`http://127.0.0.1:${address.port}/`), (response) => response.text)
      const first = yield* Effect.fork(get)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      return yield* Effect.all([get, get], { concurrency: 2 })
    })
    // The server would not close while a connection is kept alive.
    expect(yield* Effect.provide(texts, LazyHttpClient.layer)).toEqual(["answered", "answered"])
  }))
