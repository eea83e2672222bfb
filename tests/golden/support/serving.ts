/**
 * A node with the whole of a reference ledger: our own server over a store that holds it.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import { Server } from "@holdfast/backup-service"
import { LedgerStore, type LedgerStoreError, MemoryLedgerStore } from "@holdfast/ledger-store"
import { Golden } from "@holdfast/testkit"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as http from "node:http"

/** Its address. */
export const serve = (
  ledger: Golden.ServedLedger
): Effect.Effect<string, LedgerStoreError.LedgerStoreError | HttpServerError.ServeError, Scope.Scope> =>
  serveFrom(MemoryLedgerStore.makeMemory, ledger)

/** The address of one with an empty store that is made for it. */
export const serveFrom = <E>(
  makeStore: Effect.Effect<LedgerStore.LedgerStore["Type"], E, Scope.Scope>,
  ledger: Golden.ServedLedger
): Effect.Effect<string, E | LedgerStoreError.LedgerStoreError | HttpServerError.ServeError, Scope.Scope> =>
  Effect.gen(function*() {
    const store = yield* makeStore
    for (const block of Golden.blocks(ledger)) yield* store.commit(block)
    return yield* serveStore(store)
  })

/** The address of one with this store. */
export const serveStore = (
  store: LedgerStore.LedgerStore["Type"]
): Effect.Effect<string, HttpServerError.ServeError, Scope.Scope> =>
  Effect.gen(function*() {
    const listening = yield* NodeHttpServer.make(() => http.createServer(), { port: 0, host: "127.0.0.1" })
    yield* Layer.build(Server.layer).pipe(
      Effect.provide(Context.make(HttpServer.HttpServer, listening)),
      Effect.provideService(LedgerStore.LedgerStore, store)
    )
    return HttpServer.formatAddress(listening.address)
  })
