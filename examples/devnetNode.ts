/**
 * A node to try things with: a small network in memory, served over HTTP in this process, and a client that asks it.
 * Against a real node, all that is needed is `Client.layer` with its address: see `backupStep.ts`.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Client from "@holdfast/backup-service/Client"
import * as Server from "@holdfast/backup-service/Server"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as http from "node:http"

/** Three closed epochs and some state, the same ones every time. */
const network = Layer.effectDiscard(Devnet.grow(new DevnetOptions.DevnetOptions({ epochs: 3, items: 100 })))

const node = Server.layer.pipe(Layer.provide(network), Layer.provide(MemoryLedgerStore.layer))

const client = Layer.unwrapEffect(
  HttpServer.addressFormattedWith((address) => Effect.succeed(Client.layer({ address })))
)

export const layer = Layer.merge(client, node).pipe(
  Layer.provide(NodeHttpServer.layer(() => http.createServer(), { host: "127.0.0.1", port: 0 })),
  Layer.provide(NodeHttpClient.layerUndici)
)
