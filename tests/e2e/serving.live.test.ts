/**
 * `holdfast node serve` while another process writes to the store, with clients that are slow or go away, and with a
 * store that cannot be read to its end.
 */
import { expect, layer } from "@effect/vitest"
import * as Routes from "@holdfast/backup-service/Routes"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { open, type RootDatabase } from "lmdb"
import * as fs from "node:fs"
import * as http from "node:http"
import { bodyOf } from "../support/answers.ts"
import { startNode } from "./cliProcess.ts"

const all = Number.MAX_SAFE_INTEGER

/** 25 MB of state, and as many bytes of transactions, which no buffers of sockets take in. */
const options = DevnetOptions.DevnetOptions.make({
  blocksPerEpoch: 2,
  transactionsPerBlock: 1,
  items: 5_000,
  valueBytes: 5_000
})

/** A store that this process writes to, and one that serves it. */
interface Node {
  readonly directory: string
  readonly address: string
  readonly pid: number
  /** The version that ended the last epoch when the node began to serve. */
  readonly version: number
  readonly store: LedgerStore.Service
  /** Commits so many blocks. */
  readonly grow: (blocks: number) => Effect.Effect<void>
  readonly stop: Effect.Effect<{ readonly code: number | null; readonly stderr: string }>
}

class TestNode extends Context.Tag("@holdfast/tests/e2e/TestNode")<TestNode, Node>() {}

const makeNode = Effect.gen(function*() {
  const directory = yield* TempDirectory.make
  const store = yield* LmdbLedgerStore.make({ directory, retainedEpochs: 1 })
  const nextBlock = Effect.provideService(Devnet.make(options).nextBlock, LedgerStore.LedgerStore, store)
  const grow = (blocks: number) => Effect.orDie(Effect.replicateEffect(nextBlock, blocks, { discard: true }))
  yield* grow(1 + options.blocksPerEpoch)
  const { address, node, version } = yield* startNode(["serve", "--db", directory])
  return {
    directory,
    address,
    pid: node.pid,
    version,
    store,
    grow,
    stop: Effect.zipRight(node.signal("SIGINT"), node.ended)
  }
}).pipe(Effect.orDie)

interface Answer {
  readonly status: number
  readonly body: Uint8Array
  readonly isWhole: boolean
}

/** A client that stops reading after the first bytes. */
interface Paused {
  readonly goOn: Effect.Effect<Answer>
  readonly goAway: Effect.Effect<void>
}

/** Returns when the first bytes of a body are there. */
const beginReading = (address: string, path: string): Effect.Effect<Paused, never, Scope.Scope> =>
  Effect.gen(function*() {
    const begun = yield* Deferred.make<http.IncomingMessage>()
    const ended = yield* Deferred.make<Answer>()
    const request = yield* Effect.acquireRelease(
      Effect.sync(() => http.get(address + path, { agent: false })),
      (started) => Effect.sync(() => void started.destroy())
    )
    request.on("error", () => undefined)
    request.on("response", (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => {
        if (parts.length === 0) {
          response.pause()
          Deferred.unsafeDone(begun, Effect.succeed(response))
        }
        parts.push(part)
      })
      response.on("error", () => undefined)
      response.on("close", () =>
        Deferred.unsafeDone(
          ended,
          Effect.sync(() => ({
            status: response.statusCode ?? 0,
            body: Bytes.concatBytes(parts),
            isWhole: response.complete
          }))
        ))
    })
    const response = yield* Deferred.await(begun)
    return {
      goOn: Effect.zipRight(Effect.sync(() => void response.resume()), Deferred.await(ended)),
      goAway: Effect.sync(() => void request.destroy())
    }
  })

const read = (address: string, path: string): Effect.Effect<Answer> =>
  Effect.scoped(Effect.flatMap(beginReading(address, path), ({ goOn }) => goOn))

const stored = (records: ReturnType<LedgerStore.Service["transactions"]>) =>
  Effect.orDie(Effect.map(Stream.runCollect(records), (batches) => Bytes.concatBytes([...batches])))

const committedVersion = (address: string) =>
  Effect.map(
    bodyOf(address, Routes.dbState.print()),
    (body) => Bcs.decodeUnsafe(Routes.dbState.codec, body)?.committedVersion
  )

const openLmdb = (directory: string, readOnly: boolean): Effect.Effect<RootDatabase, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => open({ path: directory, noSubdir: false, maxDbs: 16, keyEncoding: "binary", readOnly })),
    (environment) => Effect.promise(() => environment.close())
  )

/** The transactions of LMDB that the process reads from. */
const snapshotsOf = (environment: RootDatabase, pid: number): ReadonlyArray<number> =>
  environment.readerList().split("\n").flatMap((line) => {
    const [reader, , transaction] = line.trim().split(/\s+/)
    return reader === String(pid) && transaction !== undefined && transaction !== "-" ? [Number(transaction)] : []
  })

const stat = (pid: number, file: string, pattern: RegExp): number =>
  Number(pattern.exec(fs.readFileSync(`/proc/${pid}/${file}`, "utf8"))?.[1])

/** Bytes of memory that are the process's own: not the pages of the store that the system shows it. */
const ownMemory = (pid: number): number => 1024 * stat(pid, "status", /^RssAnon:\s+(\d+) kB$/m)

/** Waits until the process has used no processor for a while. */
const untilIdle = (pid: number) =>
  Effect.suspend(() => {
    const busy = (): string => fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(" ").slice(13, 15).join(" ")
    let before = busy()
    return Effect.repeat(Effect.sync(busy), {
      schedule: Schedule.spaced("200 millis"),
      until: (now) => {
        const isIdle = now === before
        before = now
        return isIdle
      }
    })
  })

layer(Layer.scoped(TestNode, makeNode), { excludeTestServices: true })("holdfast node serve", (it) => {
  it.scoped("S-1: goes on with the ledger that it began to send, whatever is committed and given up meanwhile", () =>
    Effect.gen(function*() {
      const { address, grow, store, version } = yield* TestNode
      const snapshot = Routes.stateSnapshot.print(version)
      const items = yield* stored(store.stateItems(version, 0, all))
      const transactions = yield* stored(store.transactions(0, all))
      const readers = [yield* beginReading(address, snapshot), yield* beginReading(address, `/transactions/0/${all}`)]

      yield* grow(8)
      expect(yield* committedVersion(address)).toBe((yield* store.head).nextVersion - 1)
      expect(yield* Effect.either(bodyOf(address, snapshot))).toMatchObject({ _tag: "Left" })

      const [ofItems, ofTransactions] = yield* Effect.forEach(readers, ({ goOn }) => goOn)
      expect([ofItems?.isWhole, ofTransactions?.isWhole]).toEqual([true, true])
      expect(Bytes.equalBytes(ofItems?.body ?? items.subarray(1), items)).toBe(true)
      expect(Bytes.equalBytes(ofTransactions?.body ?? items, transactions)).toBe(true)
    }))

  it.scoped("S-2: lets go of what a client read when it goes away", () =>
    Effect.gen(function*() {
      const { address, directory, grow, pid } = yield* TestNode
      const environment = yield* openLmdb(directory, true)
      const { goAway } = yield* beginReading(address, `/transactions/0/${all}`)
      const held = snapshotsOf(environment, pid)
      expect(held).toHaveLength(1)
      yield* grow(2)
      yield* committedVersion(address)
      expect(snapshotsOf(environment, pid)).toEqual(expect.arrayContaining([...held]))
      yield* goAway
      yield* Effect.repeat(Effect.sync(() => snapshotsOf(environment, pid)), {
        schedule: Schedule.spaced("20 millis"),
        until: (snapshots) => !snapshots.some((each) => held.includes(each))
      })
    }))

  it.scoped("S-3: holds no more for clients that do not read", () =>
    Effect.gen(function*() {
      const { address, pid, store } = yield* TestNode
      const { latestLedgerInfo } = yield* store.head
      const version = Option.getOrThrow(latestLedgerInfo).value.ledgerInfo.commitInfo.version
      const snapshot = Routes.stateSnapshot.print(version)
      const { length } = (yield* read(address, snapshot)).body
      yield* untilIdle(pid)
      const before = ownMemory(pid)
      const clients = yield* Effect.replicateEffect(beginReading(address, snapshot), 12)
      yield* untilIdle(pid)
      const held = ownMemory(pid) - before
      expect(length * clients.length).toBeGreaterThan(250e6)
      expect(held).toBeLessThan(80e6)
      for (const { goAway } of clients.slice(1)) yield* goAway
      const answer = yield* Effect.flatMap(Effect.fromNullable(clients[0]), ({ goOn }) => goOn)
      expect([answer.isWhole, answer.body.length]).toEqual([true, length])
    }))

  it.scoped("S-4: cuts the connection where the store cannot be read on, says why, and serves on", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const damaged = 7
      yield* Effect.scoped(Effect.gen(function*() {
        const store = yield* LmdbLedgerStore.make({ directory })
        const small = DevnetOptions.DevnetOptions.make({ epochs: 3, items: 100 })
        yield* Effect.provideService(Devnet.grow(small), LedgerStore.LedgerStore, store)
      }))
      yield* Effect.scoped(Effect.gen(function*() {
        const transactions = (yield* openLmdb(directory, false)).openDB({ name: "transactions", keyEncoding: "binary" })
        expect(transactions.removeSync(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, damaged))).toBe(true)
      }))

      const { address, node } = yield* startNode(["serve", "--db", directory])
      expect(yield* read(address, "/transactions/0/5")).toMatchObject({ status: 200, isWhole: true })
      const cut = yield* Effect.either(bodyOf(address, "/transactions/0/20"))
      expect(cut).toMatchObject({ _tag: "Left", left: { detail: "aborted" } })
      expect(yield* read(address, `/transactions/${damaged + 1}/5`)).toMatchObject({ status: 200, isWhole: true })
      yield* node.signal("SIGTERM")
      const { stderr } = yield* node.ended
      expect(stderr).toContain(`error ledger store: transactions: the transaction of version ${damaged} is missing\n`)
    }))

  it.scoped("stops at once in the middle of answers", () =>
    Effect.gen(function*() {
      const { address, stop } = yield* TestNode
      const { goOn } = yield* beginReading(address, `/transactions/0/${all}`)
      expect(yield* stop).toMatchObject({ code: 130, stderr: "stopped by SIGINT\n" })
      expect((yield* goOn).isWhole).toBe(false)
    }))
})
