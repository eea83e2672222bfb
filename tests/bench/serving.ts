/**
 * The tasks on ledger stores: growing one, serving it to a process that only counts, and its size.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type { CommandExecutor } from "@effect/platform/CommandExecutor"
import type { PlatformError } from "@effect/platform/Error"
import * as HttpServer from "@effect/platform/HttpServer"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Routes from "@holdfast/backup-service/Routes"
import * as Server from "@holdfast/backup-service/Server"
import * as Devnet from "@holdfast/devnet/Devnet"
import type * as DevnetError from "@holdfast/devnet/DevnetError"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StateValue from "@holdfast/ledger/StateValue"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import { type ChildFailed, count } from "./processes.ts"
import type { Task } from "./task.ts"

type StoreError = LedgerStoreError.LedgerStoreError | LedgerStoreError.LedgerStoreOpenError

/** Grows a network into a store; returns its transactions. */
export const grow = (
  { directory, options }: Extract<Task, { readonly _tag: "Grow" }>
): Effect.Effect<number, StoreError | DevnetError.DevnetError> =>
  Effect.map(Devnet.grow(options), ({ latestVersion }) => latestVersion + 1).pipe(
    Effect.provide(LmdbLedgerStore.layer({ directory }))
  )

/** How much was served, in how many seconds by the client's watch, and the memory that it took. */
export interface ServedAmount {
  readonly amount: number
  readonly seconds: number
  readonly peakBytes: number
}

/**
 * Resident memory of this process without the pages of files that the system shows it, such as those of a store; with
 * them where the system does not tell.
 */
const ownMemory = (): number => {
  const status = fs.existsSync(statusFile) ? fs.readFileSync(statusFile, "utf8") : ""
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(status) ?? []
  return kibibytes === undefined ? process.memoryUsage.rss() : 1024 * Number(kibibytes)
}

const statusFile = "/proc/self/status"

/** Proofs that are asked for, over and over, and how many in all. */
const provenKeys = 500
const proofs = 20_000

/** Serves a store, while another process asks and counts. */
export const serve = (
  { directory, what }: Extract<Task, { readonly _tag: "Serve" }>
): Effect.Effect<
  ServedAmount,
  StoreError | ChildFailed | PlatformError | HttpServerError.ServeError,
  CommandExecutor
> =>
  Effect.gen(function*() {
    const store = yield* LedgerStore.LedgerStore
    const { nextVersion } = yield* store.head
    const paths = yield* pathsOf(store, what, nextVersion - 1)
    const server = yield* NodeHttpServer.make(() => http.createServer(), { port: 0, host: "127.0.0.1" })
    yield* Layer.build(Server.layer).pipe(Effect.provideService(HttpServer.HttpServer, server))
    let peakBytes = ownMemory()
    const watching = Effect.sync(() => {
      peakBytes = Math.max(peakBytes, ownMemory())
    })
    yield* Effect.forkScoped(Effect.schedule(watching, Schedule.spaced("10 millis")))
    const isProofs = what === "range proofs"
    const { answers, bytes, seconds } = yield* count({
      address: HttpServer.formatAddress(server.address),
      paths,
      requests: isProofs ? proofs : 1,
      connections: isProofs ? 8 : 1
    })
    return { amount: isProofs ? answers : bytes, seconds, peakBytes }
  }).pipe(Effect.scoped, Effect.provide(LmdbLedgerStore.layer({ directory, readOnly: true })))

const pathsOf = (
  store: LedgerStore.Service,
  what: Extract<Task, { readonly _tag: "Serve" }>["what"],
  version: number
): Effect.Effect<ReadonlyArray<string>, StoreError> => {
  switch (what) {
    case "state":
      return Effect.succeed([Routes.stateSnapshot.print(version)])
    case "transactions":
      return Effect.succeed([Routes.transactions.print(0, version + 1)])
    case "range proofs":
      return Effect.gen(function*() {
        const items = yield* store.stateItemCount(version)
        const keys = Array.from({ length: provenKeys }, (_, index) => Math.floor(items * index / provenKeys))
        return yield* Effect.forEach(keys, (index) =>
          Effect.map(
            Effect.flatMap(Stream.runHead(store.stateItems(version, index, 1)), Effect.orDie),
            (record) => Routes.stateRangeProof.print(version, keyHashOf(record))
          ))
      })
  }
}

const frameHeaderBytes = 4

const keyHashOf = (framed: Uint8Array) => {
  const record = framed.subarray(frameHeaderBytes)
  return StateKey.hash(Bcs.decodeUnsafe(Bcs.pair(StateKey.StateKey, StateValue.StateValue), record)[0])
}

/** The bytes of a store on the disk, for each of its state items. */
export const size = (
  { directory }: Extract<Task, { readonly _tag: "Size" }>
): Effect.Effect<{ readonly bytes: number; readonly items: number }, StoreError> =>
  Effect.gen(function*() {
    const store = yield* LedgerStore.LedgerStore
    const { nextVersion } = yield* store.head
    const items = yield* store.stateItemCount(nextVersion - 1)
    return { bytes: fs.statSync(path.join(directory, "data.mdb")).size, items }
  }).pipe(Effect.provide(LmdbLedgerStore.layer({ directory, readOnly: true })))
