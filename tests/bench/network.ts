/**
 * A development network in a process of its own: grows it in memory, serves it, and prints where. Ends when its input
 * does, so that it never outlives who started it.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpServer from "@effect/platform/HttpServer"
import { Server } from "@holdfast/backup-service"
import { Devnet, DevnetOptions } from "@holdfast/devnet"
import { LedgerStore, MemoryLedgerStore } from "@holdfast/ledger-store"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as http from "node:http"
import { Served } from "./networks.ts"

const inputEnded = Effect.async<void>((resume) => {
  process.stdin.once("end", () => resume(Effect.void)).resume()
})

const serve = Effect.gen(function*() {
  const options = yield* Schema.decodeUnknown(Schema.parseJson(DevnetOptions.DevnetOptions))(process.argv[2])
  const { epochEndings, latestVersion } = yield* Devnet.grow(options)
  const { address } = yield* HttpServer.HttpServer
  const served = {
    address: HttpServer.formatAddress(address),
    lastEpoch: epochEndings.length - 1,
    lastVersion: latestVersion
  }
  process.stdout.write(`${JSON.stringify(yield* Schema.encode(Served)(served))}\n`)
  return yield* Layer.launch(Server.layer)
})

NodeRuntime.runMain(
  Effect.raceFirst(serve, inputEnded).pipe(
    Effect.provide([
      Layer.effect(LedgerStore.LedgerStore, MemoryLedgerStore.makeMemory),
      NodeHttpServer.layer(() => http.createServer(), { port: 0, host: "127.0.0.1" })
    ])
  )
)
