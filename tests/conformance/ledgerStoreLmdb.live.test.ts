import { describe, expect, it } from "@effect/vitest"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

type Store = LedgerStore.Service
type Failure = LedgerStoreError.LedgerStoreError

const all = Number.MAX_SAFE_INTEGER
const program = fileURLToPath(new URL("../dist/conformance/ledgerStoreLmdbChild.js", import.meta.url))

const bytesOf = (stream: Stream.Stream<Uint8Array, Failure>): Effect.Effect<Buffer, Failure> =>
  Effect.map(Stream.runCollect(stream), (batches) => Buffer.from(Bytes.concatBytes([...batches])))

/** What a store answers that says whether it is another. */
const answers = (store: Store) =>
  Effect.gen(function*() {
    const head = yield* store.head
    const newest = head.nextVersion - 1
    return {
      head,
      transactions: (yield* bytesOf(store.transactions(0, all))).toString("hex"),
      endings: (yield* bytesOf(store.epochEndingLedgerInfos(0, all))).toString("hex"),
      items: (yield* bytesOf(store.stateItems(newest, 0, all))).toString("hex"),
      rootProof: yield* store.stateRootProof(newest)
    }
  })

interface Child {
  /** The versions it has told. */
  readonly told: ReadonlyArray<number>
  /** When it has told so many. */
  readonly hasTold: (lines: number) => Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  readonly ended: Effect.Effect<number | null>
}

/** The program that grows a network into a store; the scope ends it. */
const start = (directory: string, options: DevnetOptions.DevnetOptions): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.gen(function*() {
    const ended = yield* Deferred.make<number | null>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [program, directory, JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] })
      ),
      (started) =>
        Effect.suspend(() => {
          started.kill("SIGKILL")
          return Deferred.await(ended)
        })
    )
    const told: Array<number> = []
    const waiting = new Map<number, Deferred.Deferred<void>>()
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      const lines = (text + part).split("\n")
      text = lines.pop() ?? ""
      for (const line of lines) {
        told.push(Number(line))
        const waiter = waiting.get(told.length)
        if (waiter !== undefined) Deferred.unsafeDone(waiter, Effect.void)
      }
    })
    child.on("close", (code) => {
      Deferred.unsafeDone(ended, Effect.succeed(code))
      for (const waiter of waiting.values()) Deferred.unsafeDone(waiter, Effect.void)
    })
    return {
      told,
      hasTold: (lines) =>
        Effect.suspend(() => {
          if (told.length >= lines || child.exitCode !== null) return Effect.void
          const waiter = Deferred.unsafeMake<void>(FiberId.none)
          waiting.set(lines, waiter)
          return Deferred.await(waiter)
        }),
      kill: Effect.suspend(() => {
        child.kill("SIGKILL")
        return Effect.asVoid(Deferred.await(ended))
      }),
      ended: Deferred.await(ended)
    }
  })

const seed = 7
/** Numbers below a bound, the same ones for the same seed. */
const sequence = () => {
  let state = seed
  return (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

describe("a store on LMDB and its process", () => {
  it.scopedLive(`killed at any moment it holds whole blocks and goes on, seed ${seed}`, () =>
    Effect.gen(function*() {
      const options = new DevnetOptions.DevnetOptions({
        epochs: 12,
        openBlocks: 0,
        blocksPerEpoch: 6,
        items: 400,
        transactionsPerBlock: 5
      })
      const undisturbed = yield* MemoryLedgerStore.make
      yield* Effect.provideService(Devnet.grow(options), LedgerStore.LedgerStore, undisturbed)
      const expected = yield* answers(undisturbed)
      const directory = yield* TempDirectory.make
      const next = sequence()
      let kills = 0
      for (let attempt = 0; attempt < 10; attempt++) {
        yield* Effect.scoped(Effect.gen(function*() {
          const child = yield* start(directory, options)
          yield* child.hasTold(1 + next(8))
          if (attempt === 0) {
            const refused = yield* Effect.flip(LmdbLedgerStore.make({ directory }))
            expect(refused.reason).toBe("InUse")
            const reader = yield* LmdbLedgerStore.make({ directory, readOnly: true })
            expect((yield* reader.head).nextVersion).toBeGreaterThanOrEqual(child.told.at(-1) ?? 0)
          }
          // Somewhere in the making of the next block, or in its commit.
          yield* Effect.sleep(next(30))
          yield* child.kill
          if ((yield* child.ended) === null) kills += 1
          const store = yield* LmdbLedgerStore.make({ directory, readOnly: true })
          const { nextVersion } = yield* store.head
          expect(nextVersion).toBeGreaterThanOrEqual(child.told.at(-1) ?? 0)
          const transactions = yield* bytesOf(store.transactions(0, all))
          expect(expected.transactions.startsWith(transactions.toString("hex"))).toBe(true)
          if (nextVersion > 0) yield* Stream.runDrain(store.stateItems(nextVersion - 1, 0, all))
        }))
      }
      expect(kills).toBeGreaterThan(2)
      const last = yield* start(directory, options)
      expect(yield* last.ended).toBe(0)
      const store = yield* LmdbLedgerStore.make({ directory, retainedEpochs: 2 })
      expect(yield* answers(store)).toEqual(expected)
    }))

  it.scopedLive("takes in a network of 20 000 items in seconds", () =>
    Effect.gen(function*() {
      const options = new DevnetOptions.DevnetOptions({ epochs: 4, items: 20_000 })
      const directory = yield* TempDirectory.make
      const store = yield* LmdbLedgerStore.make({ directory })
      let committing = 0
      const measured = <A>(effect: Effect.Effect<A, Failure>): Effect.Effect<A, Failure> =>
        Effect.map(Effect.timed(effect), ([duration, value]) => {
          committing += Duration.toMillis(duration)
          return value
        })
      const timed = LedgerStore.LedgerStore.of({
        ...store,
        stateRootsAfter: (writeSets) => measured(store.stateRootsAfter(writeSets)),
        commit: (block) => measured(store.commit(block))
      })
      yield* Effect.provideService(Devnet.grow(options), LedgerStore.LedgerStore, timed)
      const count = yield* store.stateItemCount((yield* store.head).nextVersion - 1)
      expect(count).toBeGreaterThan(19_000)
      yield* Effect.log(
        `${count} items, ${Math.round(committing)} ms in the store, ${
          fs.statSync(path.join(directory, "data.mdb")).size
        } bytes`
      )
      expect(committing).toBeLessThan(20_000)
    }))
})
