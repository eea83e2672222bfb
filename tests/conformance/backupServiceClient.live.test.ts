import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Loopback from "@holdfast/testkit/Loopback"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as net from "node:net"
import * as zlib from "node:zlib"

/** A TCP server that does with each connection what the test says, once a whole request has arrived on it. */
const listen = (
  answer: (socket: net.Socket, path: string) => void
): Effect.Effect<{ readonly address: string; readonly open: () => number }, never, Scope.Scope> =>
  Effect.gen(function*() {
    const sockets = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
      socket.on("error", () => undefined)
      let head = ""
      socket.on("data", (data: Buffer) => {
        head += data.toString("latin1")
        if (!head.endsWith("\r\n\r\n")) return
        const path = head.split(" ")[1] ?? ""
        head = ""
        answer(socket, path)
      })
    })
    const address = yield* Loopback.listen(server, () => {
      for (const socket of sockets) socket.destroy()
    })
    return { address: `http://${address}`, open: () => sockets.size }
  })

const head = (status: number, ...headers: ReadonlyArray<string>): string =>
  [`HTTP/1.1 ${status} Because`, ...headers, "", ""].join("\r\n")
const chunked = head(200, "transfer-encoding: chunked")
const piece = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const lastPiece = "0\r\n\r\n"
const whole = (status: number, body: Uint8Array, ...headers: ReadonlyArray<string>): Buffer =>
  Buffer.concat([Buffer.from(head(status, `content-length: ${body.length}`, ...headers)), body])

const text = (parts: Iterable<Uint8Array>): string => Buffer.from(Bytes.concatBytes([...parts])).toString()

type Failed = BackupServiceError.BackupServiceError

/** The reason, the status, and whether asking again can help. */
const verdict = ({ reason, status }: Failed) => ({ reason, status })

const clients: ReadonlyArray<{ readonly name: string; readonly http: Layer.Layer<HttpClient.HttpClient> }> = [
  { name: "fetch", http: FetchHttpClient.layer },
  { name: "node:http", http: NodeHttpClient.layer },
  { name: "undici", http: NodeHttpClient.layerUndici }
]

describe.each(clients)("client over $name", ({ http }) => {
  const connect = (address: string) =>
    Effect.flatMap(Layer.build(http), (context) => Effect.provide(Client.make({ address }), context))

  /** Asks for transactions; `answer` says what the service does. */
  const streamFrom = (answer: (socket: net.Socket) => void) =>
    Effect.gen(function*() {
      const { address } = yield* listen(answer)
      return (yield* connect(address)).transactions(0, 10)
    })

  const failureOf = (answer: (socket: net.Socket) => void) =>
    Effect.flatMap(streamFrom(answer), (stream) => Effect.flip(Stream.runDrain(stream)))

  it.scoped("a complete stream arrives whole", () =>
    Effect.gen(function*() {
      const stream = yield* streamFrom((socket) => socket.write(chunked + piece("abc") + piece("defg") + lastPiece))
      expect(text(yield* Stream.runCollect(stream))).toBe("abcdefg")
    }))

  it.scoped("an empty stream ends cleanly", () =>
    Effect.gen(function*() {
      const stream = yield* streamFrom((socket) => socket.write(chunked + lastPiece))
      expect(text(yield* Stream.runCollect(stream))).toBe("")
    }))

  const cuts: ReadonlyArray<readonly [string, (socket: net.Socket) => void]> = [
    ["before the head", (socket) => socket.end()],
    ["within the head", (socket) => socket.end("HTTP/1.1 200 O")],
    ["after the head", (socket) => socket.end(chunked)],
    ["after a piece", (socket) => socket.end(chunked + piece("abc"))],
    ["within a piece", (socket) => socket.end(chunked + "10\r\nabc")],
    ["within the last piece", (socket) => socket.end(chunked + piece("abc") + "0\r\n")],
    ["by a reset before the head", (socket) => socket.resetAndDestroy()],
    ["by a reset after a piece", (socket) => {
      socket.write(chunked + piece("abc"), () => socket.resetAndDestroy())
    }],
    ["within a known length", (socket) => socket.end(head(200, "content-length: 10") + "abc")],
    ["before any of a known length", (socket) => socket.end(head(200, "content-length: 10"))]
  ]
  for (const [where, answer] of cuts) {
    it.scoped(`a connection cut ${where} fails`, () =>
      Effect.gen(function*() {
        const error = yield* failureOf(answer)
        expect(verdict(error)).toEqual({ reason: "CutConnection", status: undefined })
        expect(BackupServiceError.isRetryable(error)).toBe(true)
        expect(error.message).toMatch(/^backup service at http:.*: \/transactions\/0\/10: .*see its log$/)
      }))
  }

  it.scoped("many connections cut at once all fail", () =>
    Effect.gen(function*() {
      const { address } = yield* listen((socket) => socket.end(chunked))
      const client = yield* connect(address)
      const ends = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, index) => index),
        (index) => Effect.either(Stream.runDrain(client.transactions(index, 1))),
        { concurrency: 50 }
      )
      expect(ends.filter((end) => end._tag === "Right")).toEqual([])
    }))

  it.scoped("what arrives before a cut is passed on", () =>
    Effect.gen(function*() {
      const seen: Array<Uint8Array> = []
      const arrived = yield* Deferred.make<void>()
      let connection: net.Socket | undefined
      const stream = yield* streamFrom((socket) => {
        connection = socket
        socket.write(chunked + piece("abc"))
      })
      const reading = yield* Effect.fork(Stream.runForEach(stream, (part) => {
        seen.push(part)
        return Deferred.succeed(arrived, undefined)
      }))
      yield* Deferred.await(arrived)
      connection?.end()
      const error = yield* Effect.flip(Fiber.join(reading))
      expect([text(seen), error.reason]).toEqual(["abc", "CutConnection"])
    }))

  it.scoped("an answer whose end could not be told from a cut is refused", () =>
    Effect.gen(function*() {
      const error = yield* failureOf((socket) => socket.end(head(200, "connection: close") + "abc"))
      expect(verdict(error)).toEqual({ reason: "Malformed", status: undefined })
    }))

  it.scoped("a compressed answer is refused", () =>
    Effect.gen(function*() {
      const error = yield* failureOf((socket) =>
        socket.write(whole(200, zlib.gzipSync("abc"), "content-encoding: gzip"))
      )
      expect(verdict(error)).toEqual({ reason: "Malformed", status: undefined })
    }))

  for (const [status, isRetryable] of [[400, false], [404, false], [429, true], [500, true], [503, true]] as const) {
    it.scoped(`status ${status} fails`, () =>
      Effect.gen(function*() {
        const error = yield* failureOf((socket) => socket.write(whole(status, new Uint8Array(0))))
        expect(verdict(error)).toEqual({ reason: "BadStatus", status })
        expect(BackupServiceError.isRetryable(error)).toBe(isRetryable)
      }))
  }

  it.scoped("a redirect is not followed", () =>
    Effect.gen(function*() {
      const paths: Array<string> = []
      const { address } = yield* listen((socket, path) => {
        paths.push(path)
        socket.write(whole(302, new Uint8Array(0), "location: /elsewhere"))
      })
      const error = yield* Effect.flip((yield* connect(address)).stateItemCount(7))
      expect(verdict(error)).toEqual({ reason: "BadStatus", status: 302 })
      expect(paths).toEqual(["/state_item_count/7"])
    }))

  it.scoped("nobody listens: unreachable, with the question that helps", () =>
    Effect.gen(function*() {
      // The port is free again once this scope is closed.
      const { address } = yield* Effect.scoped(listen(() => undefined))
      const error = yield* Effect.flip((yield* connect(address)).dbState)
      expect(verdict(error)).toEqual({ reason: "Unreachable", status: undefined })
      expect(error.message).toContain(`is the node running, with its backup service on ${address}?`)
    }))

  it.scoped("values are decoded", () =>
    Effect.gen(function*() {
      const { address } = yield* listen((socket, path) => {
        const body = path === "/db_state" ? "0103000000000000000900000000000000" : "2a00000000000000"
        socket.write(whole(200, Buffer.from(body, "hex")))
      })
      const client = yield* connect(`${address}/`)
      expect(yield* client.dbState).toEqual(Option.some({ epoch: 3, committedVersion: 9 }))
      expect(yield* client.stateItemCount(1)).toBe(42)
    }))

  for (
    const [what, body] of [
      ["too short", "2a00"],
      ["too long", "2a0000000000000000"],
      ["too large a number", "ffffffffffffffff"]
    ] as const
  ) {
    it.scoped(`a value that is ${what} is malformed`, () =>
      Effect.gen(function*() {
        const { address } = yield* listen((socket) => socket.write(whole(200, Buffer.from(body, "hex"))))
        const error = yield* Effect.flip((yield* connect(address)).stateItemCount(1))
        expect(verdict(error)).toEqual({ reason: "Malformed", status: undefined })
      }))
  }

  it.scoped("a value over the limit is refused, by its length or when it arrives", () =>
    Effect.gen(function*() {
      const { address } = yield* listen((socket, path) => {
        if (path.endsWith("/1")) {
          socket.write(head(200, "content-length: 17000000"))
        } else {
          socket.write(chunked)
          const pieces = piece("x".repeat(1 << 20)).repeat(17)
          socket.write(pieces)
        }
      })
      const client = yield* connect(address)
      expect((yield* Effect.flip(client.stateRootProof(1))).reason).toBe("TooLarge")
      expect((yield* Effect.flip(client.stateRangeProof(2, HashValue.zero))).reason).toBe("TooLarge")
    }))

  it.scoped("a service that never answers runs into the idle timeout", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const { address, open } = yield* listen(() => Deferred.unsafeDone(asked, Effect.void))
      const client = yield* connect(address)
      const asking = yield* Effect.fork(Effect.flip(client.dbState))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("60 seconds")
      expect(verdict(yield* Fiber.join(asking))).toEqual({ reason: "IdleTimeout", status: undefined })
      yield* Effect.repeat(Effect.promise(() => new Promise(setImmediate)), { until: () => open() === 0 })
    }))

  it.scoped("a stream may last as long as it goes on, and fails when it falls silent", () =>
    Effect.gen(function*() {
      let connection: net.Socket | undefined
      const { address } = yield* listen((socket) => {
        connection = socket
        socket.write(chunked + piece("0"))
      })
      const client = yield* connect(address)
      let seen = 0
      const waiting: Array<Deferred.Deferred<void>> = []
      const arrival = (index: number) =>
        Effect.suspend(() => {
          if (index < seen) return Effect.void
          const deferred = Deferred.unsafeMake<void>(Fiber.id(Option.getOrThrow(Fiber.getCurrentFiber())))
          waiting[index] = deferred
          return Deferred.await(deferred)
        })
      const reading = yield* Effect.fork(Effect.flip(Stream.runForEach(client.stateSnapshot(5), () =>
        Effect.suspend(() => {
          const deferred = waiting[seen++]
          return deferred === undefined ? Effect.void : Deferred.succeed(deferred, undefined)
        }))))
      for (let index = 0; index < 5; index++) {
        yield* arrival(index)
        yield* TestClock.adjust("59 seconds")
        connection?.write(piece(String(index + 1)))
      }
      yield* arrival(5)
      // The timeout begins when the next piece is asked for, which may be just after this.
      yield* Effect.repeat(TestClock.adjust("60 seconds"), {
        until: () =>
          reading.unsafePoll() !== null
      })
      expect((yield* Fiber.join(reading)).reason).toBe("IdleTimeout")
      expect(seen).toBe(6)
    }))

  it.scoped("whoever has enough closes the connection", () =>
    Effect.gen(function*() {
      const { address, open } = yield* listen((socket) => socket.write(chunked + piece("abc")))
      const client = yield* connect(address)
      const first = yield* Stream.runHead(client.transactions(0, 10))
      expect(Option.map(first, (part) => text([part]))).toEqual(Option.some("abc"))
      yield* Effect.repeat(Effect.promise(() => new Promise(setImmediate)), { until: () => open() === 0 })
    }))

  it.scoped("a service is not read faster than its answer is used", () =>
    Effect.gen(function*() {
      const size = 64 * 1024 * 1024
      let sent: net.Socket | undefined
      const { address } = yield* listen((socket) => {
        sent = socket
        socket.write(head(200, `content-length: ${size}`))
        socket.write(new Uint8Array(size))
      })
      const client = yield* connect(address)
      const gate = yield* Effect.makeLatch(false)
      const started = yield* Deferred.make<void>()
      let received = 0
      const reading = yield* Effect.fork(Stream.runForEach(client.stateSnapshot(1), (part) => {
        received += part.length
        return Effect.zipRight(Deferred.succeed(started, undefined), gate.await)
      }))
      yield* Deferred.await(started)
      let left = -1
      yield* Effect.repeat(Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50))), {
        until: () => {
          const settled = left === sent?.writableLength
          left = sent?.writableLength ?? 0
          return settled
        }
      })
      // The rest stays with the sender, but for the buffers of the sockets.
      expect(left).toBeGreaterThan(size / 2)
      yield* gate.open
      yield* Fiber.join(reading)
      expect(received).toBe(size)
    }))
})

describe("addresses", () => {
  for (
    const address of [
      "",
      "localhost",
      "localhost:6186",
      "ftp://localhost",
      "http://",
      "http://user:secret@localhost",
      "http://localhost/?x=1",
      "http://localhost/#x"
    ]
  ) {
    it.effect(`${JSON.stringify(address)} is refused`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Client.make({ address }))
        expect(verdict(error)).toEqual({ reason: "InvalidAddress", status: undefined })
      }).pipe(Effect.provide(FetchHttpClient.layer)))
  }
})
