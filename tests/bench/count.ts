/**
 * Asks a backup service and counts what comes, with nothing above Node's own client: it should not be what is slow.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as http from "node:http"
import { runProgram } from "./program.ts"
import { Asking, Counted } from "./task.ts"

class Unanswered extends Data.TaggedError("Unanswered")<{ readonly message: string }> {}

/** Bytes of the answer. */
const ask = (url: string, agent: http.Agent): Effect.Effect<number, Unanswered> =>
  Effect.async((resume) => {
    const failed = (why: string) => resume(new Unanswered({ message: `${url}: ${why}` }))
    const request = http.get(url, { agent }, (response) => {
      let bytes = 0
      response.on("data", (part: Buffer) => {
        bytes += part.length
      })
      response.on("error", (error) => failed(error.message))
      response.on(
        "end",
        () => response.statusCode === 200 ? resume(Effect.succeed(bytes)) : failed(`status ${response.statusCode}`)
      )
    }).on("error", (error) => failed(error.message))
    return Effect.sync(() => void request.destroy())
  })

runProgram(Effect.gen(function*() {
  const asking = yield* Schema.decodeUnknown(Schema.parseJson(Asking))(process.argv[2])
  const { address, connections, paths, requests } = asking
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const urls = Array.from({ length: requests }, (_, index) => `${address}${paths[index % paths.length] ?? ""}`)
  const started = yield* Clock.currentTimeNanos
  const sizes = yield* Effect.forEach(urls, (url) => ask(url, agent), { concurrency: connections })
  const seconds = Number((yield* Clock.currentTimeNanos) - started) / 1e9
  agent.destroy()
  const counted = { answers: sizes.length, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0), seconds }
  process.stdout.write(`${JSON.stringify(yield* Schema.encode(Counted)(counted))}\n`)
}))
