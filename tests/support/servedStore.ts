/**
 * The backup service of a ledger store, in this process, for as long as the scope is open.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Server from "@holdfast/backup-service/Server"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as http from "node:http"

/** Serves a store; the address. */
export const serve = (store: LedgerStore.Service): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function*() {
    const server = yield* Effect.orDie(NodeHttpServer.make(() => http.createServer(), { port: 0, host: "127.0.0.1" }))
    yield* Layer.build(Server.layer).pipe(
      Effect.provideService(HttpServer.HttpServer, server),
      Effect.provideService(LedgerStore.LedgerStore, store)
    )
    return HttpServer.formatAddress(server.address)
  })

export interface ServedStore {
  readonly address: string
  /** Transactions in it. */
  readonly nextVersion: number
}

/** Opens the store of a folder to read only, and serves it. */
export const serveStore = (
  directory: string
): Effect.Effect<
  ServedStore,
  LedgerStoreError.LedgerStoreError | LedgerStoreError.LedgerStoreOpenError,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const store = yield* LmdbLedgerStore.make({ directory, readOnly: true })
    return { address: yield* serve(store), nextVersion: (yield* store.head).nextVersion }
  })
