/**
 * HTTP services at an address of this machine.
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Server from "@holdfast/backup-service/Server"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import { CannotServe } from "../exit/CliError.ts"
import { isLoopback, type ListenAddress, urlOf } from "../flags/Values.ts"

/** An address that accepts connections and does not answer yet. */
export interface Listening {
  /** Its URL, with the port that the system chose. */
  readonly address: string
  /** Answers with the application until the scope closes. */
  readonly serve: (app: HttpApp.Default) => Effect.Effect<void, never, Scope.Scope>
}

/** What an address is for. */
export interface Purpose {
  /** The flag that names the address. */
  readonly flag: string
  /** What whoever connects learns, for a warning. */
  readonly exposed: string
}

/** Listens until the scope closes, which cuts open connections. Warns where other machines may connect. */
export const open = (
  at: ListenAddress,
  { exposed, flag }: Purpose
): Effect.Effect<Listening, CannotServe, Scope.Scope> =>
  Effect.gen(function*() {
    // Most commands do not serve, so they need not load this.
    const NodeHttpServer = yield* Effect.promise(() => import("@effect/platform-node/NodeHttpServer"))
    const server = http.createServer()
    const listening = yield* NodeHttpServer.make(() => server, { host: at.host, port: at.port }).pipe(
      Effect.mapError(({ cause }) => cannotServe(at, flag, cause))
    )
    yield* Effect.addFinalizer(() =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        // A client that reads slowly would keep the server alive.
        server.closeAllConnections()
      })
    )
    const { hostname, port } = listening.address._tag === "TcpAddress"
      ? listening.address
      : { hostname: at.host, port: at.port }
    const address = urlOf({ host: at.host, port })
    if (!isLoopback(hostname)) {
      yield* Effect.logWarning(`${address} is open to other machines: ${exposed}`)
    }
    return {
      address,
      serve: (app) => Effect.provideService(HttpServer.serveEffect(app), HttpServer.HttpServer, listening)
    }
  })

/** Listens for the backup service of a ledger store. Whoever connects may read the whole ledger, as from any node. */
export const backupService = (at: ListenAddress): Effect.Effect<
  {
    readonly address: string
    /** Answers with the backup service until the scope closes. */
    readonly serve: Effect.Effect<void, never, LedgerStore.LedgerStore | Scope.Scope>
  },
  CannotServe,
  Scope.Scope
> =>
  Effect.map(
    open(at, {
      flag: "--address",
      exposed: "the backup service has no authentication and answers whoever connects"
    }),
    ({ address, serve }) => ({ address, serve: Effect.flatMap(Server.make, serve) })
  )

const cannotServe = (at: ListenAddress, flag: string, cause: unknown): CannotServe => {
  const address = `${at.host}:${at.port}`
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  switch (code) {
    case "EADDRINUSE":
      return new CannotServe({
        address,
        reason: "AddressInUse",
        detail: `something else listens there; stop it, or give another ${flag} (port 0 finds a free one)`
      })
    case "EACCES":
      return new CannotServe({
        address,
        reason: "PermissionDenied",
        detail: `this user may not listen there; give ${flag} a port above 1023`
      })
    default: {
      const why = cause instanceof Error ? cause.message : String(cause)
      return new CannotServe({ address, reason: "Unavailable", detail: `${why}; is it an address of this machine?` })
    }
  }
}
