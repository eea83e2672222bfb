/**
 * A development network in a process of its own: grows it in memory, serves it, and prints where. Ends when its input
 * does, so that it does not outlive who started it.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Server from "@holdfast/backup-service/Server"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as http from "node:http"
import { Served } from "./networks.ts"
import { prepared } from "./program.ts"

/** Nobody is there any more to be served. */
const abandoned = Effect.async<void>((resume) => {
  const end = () => resume(Effect.void)
  process.stdin.once("end", end).resume()
  process.stdout.once("error", end)
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
}).pipe(Effect.provide([
  Layer.effect(LedgerStore.LedgerStore, MemoryLedgerStore.make),
  NodeHttpServer.layer(() => http.createServer(), { port: 0, host: "127.0.0.1" })
]))

// Nothing handles signals here, so they end the process at once, also within the long computation that growing is.
Effect.runFork(prepared(Effect.raceFirst(abandoned, serve))).addObserver((exit) => {
  process.exit(Exit.isSuccess(exit) ? 0 : 1)
})
