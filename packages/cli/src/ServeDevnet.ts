/**
 * A development network in memory, behind a backup service of its own.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerService from "@effect/platform/HttpServer"
import { Server } from "@holdfast/backup-service"
import { Devnet, type DevnetError, type DevnetOptions, type Summary } from "@holdfast/devnet"
import type { LedgerStore, LedgerStoreError } from "@holdfast/ledger-store"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import { CannotServe } from "./CliError.ts"
import { type ListenAddress, urlOf } from "./Values.ts"

/**
 * A network that is being served.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServedDevnet {
  readonly network: Devnet.Devnet
  /** URL of its backup service. */
  readonly address: string
  /** What it had grown to when it was ready. */
  readonly summary: Summary.Summary
}

/**
 * Listens, grows the network to its starting point, and serves it until the scope closes. Then open connections are cut.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: DevnetOptions.DevnetOptions,
  at: ListenAddress
): Effect.Effect<
  ServedDevnet,
  CannotServe | DevnetError.DevnetError | LedgerStoreError.LedgerStoreError,
  LedgerStore.LedgerStore | Scope.Scope
> =>
  Effect.gen(function*() {
    // First of all, so that a busy port is told before the work.
    const server = yield* listen(at)
    const network = Devnet.make(options)
    const summary = yield* network.grow
    const app = yield* Server.make
    yield* HttpServerService.serveEffect(app).pipe(Effect.provideService(HttpServerService.HttpServer, server))
    const port = server.address._tag === "TcpAddress" ? server.address.port : at.port
    return { network, address: urlOf({ host: at.host, port }), summary }
  })

const listen = (at: ListenAddress): Effect.Effect<HttpServer.HttpServer, CannotServe, Scope.Scope> =>
  Effect.gen(function*() {
    const server = http.createServer()
    const listening = yield* NodeHttpServer.make(() => server, { host: at.host, port: at.port }).pipe(
      Effect.mapError(({ cause }) => cannotServe(at, cause))
    )
    yield* Effect.addFinalizer(() =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        // Without this, a client that reads slowly would keep the server alive.
        server.closeAllConnections()
      })
    )
    return listening
  })

const cannotServe = (at: ListenAddress, cause: unknown): CannotServe => {
  const address = `${at.host}:${at.port}`
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  switch (code) {
    case "EADDRINUSE":
      return new CannotServe({
        address,
        reason: "AddressInUse",
        detail: "something else listens there; stop it, or give another --address (port 0 finds a free one)"
      })
    case "EACCES":
      return new CannotServe({
        address,
        reason: "PermissionDenied",
        detail: "this user may not listen there; give an --address with a port above 1023"
      })
    default: {
      const why = cause instanceof Error ? cause.message : String(cause)
      return new CannotServe({ address, reason: "Unavailable", detail: `${why}; is it an address of this machine?` })
    }
  }
}
