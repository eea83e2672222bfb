import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpServer from "@effect/platform/HttpServer"
import { describe, expect, it } from "@effect/vitest"
import * as Client from "@holdfast/backup-service/Client"
import * as Server from "@holdfast/backup-service/Server"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Frames from "@holdfast/ledger/Frames"
import * as LedgerStoreFaults from "@holdfast/testkit/LedgerStoreFaults"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as http from "node:http"
import * as net from "node:net"

type Store = LedgerStore.Service

const record = Frames.frame([new Uint8Array(64 * 1024)])

/** A store whose transactions are as many as asked for, all the same; the rest is empty. */
const storeOf = (transactions: Store["transactions"]): Effect.Effect<Store> =>
  Effect.map(MemoryLedgerStore.make, (memory) => LedgerStore.LedgerStore.of({ ...memory, transactions }))

const manyTransactions = storeOf((_, count) => Stream.take(Stream.repeatValue(record), count).pipe(Stream.rechunk(1)))

const serve = (store: Store) =>
  Effect.gen(function*() {
    const server = yield* NodeHttpServer.make(() => http.createServer(), { port: 0, host: "127.0.0.1" })
    yield* Layer.build(Server.layer).pipe(
      Effect.provideService(HttpServer.HttpServer, server),
      Effect.provideService(LedgerStore.LedgerStore, store)
    )
    const { address } = server
    if (address._tag !== "TcpAddress") return yield* Effect.dieMessage("no TCP address")
    const client = yield* Client.make({ address: HttpServer.formatAddress(address) })
    return { client, port: address.port }
  }).pipe(Effect.provide(Layer.merge(FetchHttpClient.layer, Logger.minimumLogLevel(LogLevel.None))))

/** Everything that arrives on a connection until it is closed, after sending some lines. */
const raw = (port: number, lines: string): Effect.Effect<string> =>
  Effect.async((resume) => {
    const parts: Array<Buffer> = []
    const socket = net.connect(port, "127.0.0.1", () => socket.write(lines))
    socket.on("data", (part) => parts.push(part))
    socket.on("error", () => undefined)
    socket.on("close", () => resume(Effect.succeed(Buffer.concat(parts).toString("latin1"))))
    return Effect.sync(() => socket.destroy())
  })

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`
const lastPiece = "0\r\n\r\n"

describe("server", () => {
  it.scoped("a whole stream has its end marked", () =>
    Effect.gen(function*() {
      const { port } = yield* serve(yield* manyTransactions)
      const answer = yield* raw(port, get("/transactions/0/3"))
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      expect(answer.endsWith(lastPiece)).toBe(true)
    }))

  for (
    const [when, afterBytes] of [["at once", 0], ["within the first batch", 100], ["later", 3 * record.length]] as const
  ) {
    it.scoped(`a stream that fails ${when} has no end, and its connection is closed`, () =>
      Effect.gen(function*() {
        const store = LedgerStoreFaults.withFaults(yield* manyTransactions, [
          { operation: "transactions", call: 1, afterBytes },
          { operation: "transactions", call: 2, afterBytes }
        ])
        const { client, port } = yield* serve(store)
        const answer = yield* raw(port, get("/transactions/0/10"))
        expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
        expect(answer.endsWith(lastPiece)).toBe(false)
        expect(answer.length).toBeGreaterThan(afterBytes)
        const error = yield* Effect.flip(Stream.runDrain(client.transactions(0, 10)))
        expect(error.reason).toBe("CutConnection")
        // The next one is answered again.
        yield* Stream.runDrain(client.transactions(0, 10))
      }))
  }

  it.scoped("a defect while streaming cuts the connection too", () =>
    Effect.gen(function*() {
      const store = yield* storeOf(() => Stream.concat(Stream.make(record), Stream.dieMessage("a bug")))
      const { client } = yield* serve(store)
      const error = yield* Effect.flip(Stream.runDrain(client.transactions(0, 10)))
      expect(error.reason).toBe("CutConnection")
    }))

  it.scoped("a failure before anything is sent is status 500", () =>
    Effect.gen(function*() {
      const store = LedgerStoreFaults.withFaults(yield* MemoryLedgerStore.make, [
        { operation: "stateItemCount", call: 1 },
        { operation: "dbState", call: 1 }
      ])
      const { client, port } = yield* serve(store)
      expect(yield* raw(port, get("/state_item_count/0"))).toMatch(
        /^HTTP\/1\.1 500 [^]*content-length: 0\r\n[^]*\r\n\r\n$/i
      )
      const error = yield* Effect.flip(client.dbState)
      expect([error.reason, error.status]).toEqual(["BadStatus", 500])
      expect(yield* client.dbState).toEqual(Option.none())
    }))

  it.scoped("a slow reader slows the reading down", () =>
    Effect.gen(function*() {
      let pulled = 0
      const store = yield* storeOf((_, count) =>
        Stream.repeatValue(record).pipe(
          Stream.rechunk(1),
          Stream.take(count),
          Stream.tap(() => Effect.sync(() => pulled++))
        )
      )
      const { port } = yield* serve(store)
      const count = 2000
      const finished = yield* Deferred.make<number>()
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => net.connect(port, "127.0.0.1")),
        (open) => Effect.sync(() => open.destroy())
      )
      socket.write(get(`/transactions/0/${count}`))
      socket.pause()
      let before = -1
      yield* Effect.repeat(Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 100))), {
        until: () => {
          const settled = pulled > 0 && pulled === before
          before = pulled
          return settled
        }
      })
      // The buffers of the sockets hold a few megabytes, not 128.
      expect(pulled).toBeLessThan(count / 4)
      let received = 0
      socket.on("data", (part) => {
        received += part.length
      })
      socket.on("close", () => Deferred.unsafeDone(finished, Effect.succeed(received)))
      socket.resume()
      expect(yield* Deferred.await(finished)).toBeGreaterThan(count * record.length)
      expect(pulled).toBe(count)
    }))

  it.scoped("a client that goes away ends the reading", () =>
    Effect.gen(function*() {
      const released = yield* Deferred.make<void>()
      const store = yield* storeOf(() =>
        Stream.concat(Stream.make(record), Stream.never).pipe(Stream.ensuring(Deferred.succeed(released, undefined)))
      )
      const { client } = yield* serve(store)
      yield* Stream.runHead(client.transactions(0, 10))
      yield* Deferred.await(released)
    }))

  it.scoped("requests that are none", () =>
    Effect.gen(function*() {
      const { port } = yield* serve(yield* MemoryLedgerStore.make)
      const status = (path: string, method = "GET") =>
        Effect.map(raw(port, get(path).replace("GET", method)), (answer) => Number(answer.split(" ")[1]))
      const statuses: ReadonlyArray<readonly [path: string, status: number]> = [
        ["/", 404],
        ["//", 404],
        ["/db_states", 404],
        ["/db_state", 200],
        ["/db_state/", 200],
        ["/db_state?x=1", 200],
        ["/db_state//", 400],
        ["/db_state/0", 400],
        ["/state_item_count", 400],
        ["/state_item_count/", 400],
        ["/state_item_count/0x1", 400],
        ["/state_item_count/+1", 400],
        ["/state_item_count/-1", 400],
        ["/state_item_count/1.0", 400],
        ["/state_item_count/1e3", 400],
        ["/state_item_count/%31", 400],
        ["/state_item_count/18446744073709551616", 400],
        ["/state_item_count/18446744073709551615", 500],
        ["/state_item_count/007", 500],
        ["/state_item_count/1/2", 400],
        ["/transactions/0", 400],
        ["/transactions/0/18446744073709551615", 200],
        ["/transactions/0/1/2", 400],
        ["/state_snapshot_chunk/0/0", 400],
        [`/state_range_proof/0/${"0".repeat(63)}`, 400],
        [`/state_range_proof/0/${"0".repeat(65)}`, 400],
        [`/state_range_proof/0/${"g".repeat(64)}`, 400],
        [`/state_range_proof/0/${"F".repeat(64)}`, 500]
      ]
      for (const [path, expected] of statuses) expect(yield* status(path), path).toBe(expected)
      for (const method of ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]) {
        expect(yield* status("/db_state", method), method).toBe(405)
        expect(yield* status("/nothing", method), method).toBe(405)
      }
    }))
})

describe("records", () => {
  const options = { address: "http://node", endpoint: "/transactions/7/3", expected: 3, maxRecordBytes: 10 }
  const payloads = ["one", "", "three"].map((text) => new TextEncoder().encode(text))
  const bytes = Frames.frame(payloads)

  const read = (stream: Uint8Array, size: number) =>
    Client.records(
      Stream.fromIterable(
        Array.from({ length: Math.ceil(stream.length / size) }, (_, at) => stream.subarray(at * size, at * size + size))
      ),
      options
    )

  it.effect("come whole and in order, however the stream is cut", () =>
    Effect.gen(function*() {
      for (let size = 1; size <= bytes.length; size++) {
        const batches = [...yield* Stream.runCollect(read(bytes, size))]
        expect(Bytes.concatBytes(batches.map((batch) => batch.bytes))).toEqual(bytes)
        expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(3)
      }
    }))

  const bad: ReadonlyArray<readonly [string, Uint8Array, string]> = [
    ["fewer", Frames.frame(payloads.slice(1)), "ShortCount"],
    ["none", new Uint8Array(0), "ShortCount"],
    ["more", Frames.frame([...payloads, new Uint8Array(1)]), "Malformed"],
    ["a part of one", bytes.subarray(0, bytes.length - 1), "Malformed"],
    ["one over the limit", Frames.frame([new Uint8Array(11)]), "TooLarge"]
  ]
  for (const [what, stream, reason] of bad) {
    it.effect(`${what}: ${reason}`, () =>
      Effect.gen(function*() {
        for (let size = 1; size <= Math.max(stream.length, 1); size++) {
          const error = yield* Effect.flip(Stream.runDrain(read(stream, size)))
          expect([error.reason, error.endpoint]).toEqual([reason, "/transactions/7/3"])
        }
      }))
  }
})
