import * as HttpClient from "@effect/platform/HttpClient"
import { expect, it } from "@effect/vitest"
import * as Loopback from "@holdfast/testkit/Loopback"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as http from "node:http"
import * as LazyHttpClient from "../../src/machine/LazyHttpClient.ts"

const serving = Loopback.listen(http.createServer((_, response) => void response.end("answered")))

it.scopedLive("answers, also when the request that loaded it was interrupted, and closes its connections", () =>
  Effect.gen(function*() {
    const address = yield* serving
    const texts = Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const get = Effect.flatMap(client.get(`http://${address}/`), (response) => response.text)
      const first = yield* Effect.fork(get)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      return yield* Effect.all([get, get], { concurrency: 2 })
    })
    // The server would not close while a connection is kept alive.
    expect(yield* Effect.provide(texts, LazyHttpClient.layer)).toEqual(["answered", "answered"])
  }))
