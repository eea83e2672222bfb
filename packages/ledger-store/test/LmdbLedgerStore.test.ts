import { describe, expect, it } from "@effect/vitest"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import { type BlockOptions, nextBlock } from "@holdfast/testkit/SampleLedger"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as lmdb from "lmdb"
import * as fs from "node:fs"
import * as path from "node:path"
import { metaKeys, openEnvironment, tablesOf } from "../src/internal/lmdb/tables.ts"

type Store = LedgerStore.Service
type Opening = LedgerStoreError.LedgerStoreOpenError | LedgerStoreError.LedgerStoreError

const all = Number.MAX_SAFE_INTEGER

const genesis: BlockOptions = { writes: [[[1, "one"], [2, "two"]]], close: "endsEpoch", roots: "each" }
const block: BlockOptions = { writes: [[[1, "uno"], [3, "tres"]], [[2, undefined]]], close: "signed", roots: "last" }

const grow = (store: Store, shapes: ReadonlyArray<BlockOptions>) =>
  Effect.forEach(shapes, (shape) => Effect.tap(nextBlock(store, shape), store.commit))

const withStore = <A, E>(options: LmdbLedgerStore.LmdbOptions, use: (store: Store) => Effect.Effect<A, E>) =>
  Effect.scoped(Effect.flatMap(LmdbLedgerStore.make(options), use))

/** The reason why a store does not open. */
const refusal = (options: LmdbLedgerStore.LmdbOptions): Effect.Effect<string> =>
  withStore(options, () => Effect.succeed("it opened")).pipe(
    Effect.catchAll((error: Opening) => Effect.succeed(error.reason))
  )

const everything = (store: Store) =>
  Effect.gen(function*() {
    const head = yield* store.head
    const bytes = (stream: ReturnType<Store["transactions"]>) =>
      Effect.map(Stream.runCollect(stream), (batches) => Bytes.toHex(Bytes.concatBytes([...batches])))
    return {
      head,
      dbState: yield* store.dbState,
      transactions: yield* bytes(store.transactions(0, all)),
      items: yield* bytes(store.stateItems(head.nextVersion - 1, 0, all)),
      endings: yield* bytes(store.epochEndingLedgerInfos(0, all)),
      proof: yield* store.transactionRangeProof(0, head.nextVersion - 1)
    }
  })

const snapshotOf = (directory: string): ReadonlyArray<readonly [string, string]> =>
  fs.readdirSync(directory).sort().filter((name) => name !== "lock.mdb").map((name) =>
    [name, fs.readFileSync(path.join(directory, name), "hex")] as const
  )

describe("a store on LMDB", () => {
  it.scoped("is the same after closing and opening, and takes further blocks", () =>
    Effect.gen(function*() {
      const directory = path.join(yield* TempDirectory.make, "deep", "below")
      const before = yield* withStore(
        { directory },
        (store) => Effect.zipRight(grow(store, [genesis, block]), everything(store))
      )
      yield* withStore({ directory }, (store) =>
        Effect.gen(function*() {
          expect(yield* everything(store)).toEqual(before)
          yield* grow(store, [block])
          expect((yield* store.head).nextVersion).toBe(before.head.nextVersion + block.writes.length)
        }))
    }))

  it.scoped("refuses a second writer, and lets others read", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const scope = yield* Scope.make()
      const store = yield* Scope.extend(LmdbLedgerStore.make({ directory }), scope)
      yield* grow(store, [genesis])
      expect(yield* refusal({ directory })).toBe("InUse")
      const reader = yield* LmdbLedgerStore.make({ directory, readOnly: true })
      expect(yield* everything(reader)).toEqual(yield* everything(store))
      const next = yield* nextBlock(store, block)
      expect((yield* Effect.flip(reader.commit(next))).reason).toBe("Inconsistent")
      yield* store.commit(next)
      expect(yield* everything(reader)).toEqual(yield* everything(store))
      yield* Scope.close(scope, Exit.void)
      expect(yield* refusal({ directory })).toBe("it opened")
    }))

  it.scoped("an open stream continues, even after the store has removed its state", () =>
    Effect.gen(function*() {
      const store = yield* LmdbLedgerStore.make({ directory: yield* TempDirectory.make, retainedEpochs: 1 })
      const large = (text: string): BlockOptions => ({
        ...genesis,
        writes: [Array.from({ length: 12 }, (_, key) => [key, text.repeat(100_000)] as const)]
      })
      yield* grow(store, [large("a")])
      const before = yield* Stream.runCollect(store.stateItems(0, 0, all))
      const meanwhile = yield* Effect.cached(grow(store, [large("b"), large("c"), large("d")]))
      const during = yield* Stream.runCollect(Stream.tap(store.stateItems(0, 0, all), () => meanwhile))
      expect([...during].length).toBeGreaterThan(3)
      expect(Bytes.equalBytes(Bytes.concatBytes([...during]), Bytes.concatBytes([...before]))).toBe(true)
      expect((yield* Effect.flip(store.stateItemCount(0))).reason).toBe("NotAvailable")
    }))

  it.scoped("releases a snapshot that several streams share when the last stream ends", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const store = yield* LmdbLedgerStore.make({ directory })
      yield* grow(store, [genesis])
      const environment = openEnvironment(lmdb, directory, true)
      if (environment === undefined) return yield* Effect.dieMessage("no store")
      yield* Effect.addFinalizer(() => Effect.promise(() => environment.close()))
      /** The transactions of LMDB whose state is being read. */
      const read = () => [...environment.readerList().matchAll(/([0-9]+)$/gm)].map(([, transaction]) => transaction)
      const one = store.transactions(0, all)
      let held: ReadonlyArray<string | undefined> = []
      const others = Effect.gen(function*() {
        yield* grow(store, [block])
        yield* Stream.runDrain(Stream.tap(one, () => Stream.runDrain(one)))
        yield* grow(store, [block])
        yield* store.dbState
        held = read()
      })
      yield* Stream.runDrain(Stream.tap(one, () => others))
      expect(held).not.toEqual([])
      yield* grow(store, [block])
      yield* store.dbState
      expect(read().filter((transaction) => held.includes(transaction))).toEqual([])
    }))

  it.scoped("writes nothing once another writer has taken the claim over", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const store = yield* LmdbLedgerStore.make({ directory })
      yield* grow(store, [genesis])
      const made = yield* nextBlock(store, block)
      const environment = openEnvironment(lmdb, directory, false)
      const tables = environment === undefined ? undefined : tablesOf(environment)
      if (tables === undefined) return yield* Effect.dieMessage("no store")
      tables.meta.putSync(metaKeys.writer, Buffer.from("1\n\nanother"))
      expect((yield* Effect.flip(store.commit(made))).reason).toBe("Inconsistent")
      expect((yield* store.head).nextVersion).toBe(1)
      yield* Effect.promise(() => tables.environment.close())
    }))

  it.scoped("fails once it is closed, as do its streams", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const scope = yield* Scope.make()
      const store = yield* Scope.extend(LmdbLedgerStore.make({ directory }), scope)
      const large = Array.from({ length: 8 }, (_, key) => [[key, "x".repeat(100_000)]] as const)
      yield* grow(store, [{ ...genesis, writes: large }])
      const stream = Stream.tap(store.transactions(0, all), () => Scope.close(scope, Exit.void))
      expect((yield* Effect.flip(Stream.runDrain(stream))).reason).toBe("Io")
      expect((yield* Effect.flip(store.head)).reason).toBe("Io")
      expect((yield* Effect.flip(Stream.runDrain(store.stateItems(0, 0, 1)))).reason).toBe("Io")
    }))
})

describe("the network of a store on LMDB", () => {
  const waypointOf = (made: LedgerStore.Block): Waypoint.Waypoint =>
    Option.match(made.ledgerInfo, {
      onNone: () => ({ version: 0, value: HashValue.zero }),
      onSome: ({ value: { ledgerInfo } }) => Waypoint.fromLedgerInfo(ledgerInfo)
    })
  const other: Waypoint.Waypoint = { version: 0, value: HashValue.zero }

  it.scoped("is the one that the ending of epoch 0 names", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const [first] = yield* withStore({ directory }, (store) => grow(store, [genesis]))
      const own = first === undefined ? other : waypointOf(first)
      expect(yield* refusal({ directory, genesisWaypoint: own })).toBe("it opened")
      expect(yield* refusal({ directory, genesisWaypoint: other })).toBe("OtherNetwork")
      expect(yield* refusal({ directory, readOnly: true, genesisWaypoint: other })).toBe("OtherNetwork")
      expect(yield* refusal({ directory })).toBe("it opened")
    }))

  it.scoped("may be named at the start, and refuses another ledger", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      yield* withStore({ directory, genesisWaypoint: other }, (store) =>
        Effect.gen(function*() {
          const made = yield* nextBlock(store, genesis)
          expect((yield* Effect.flip(store.commit(made))).reason).toBe("Refused")
          expect((yield* store.head).nextVersion).toBe(0)
        }))
      yield* withStore({ directory }, (store) =>
        Effect.gen(function*() {
          const made = yield* nextBlock(store, genesis)
          expect((yield* Effect.flip(store.commit(made))).reason).toBe("Refused")
        }))
    }))
})

describe("a folder that is no store on LMDB", () => {
  const refused: ReadonlyArray<readonly [string, string, (directory: string) => void]> = [
    ["something else", "Foreign", (directory) => fs.writeFileSync(path.join(directory, "letter.txt"), "Dear reader")],
    ["an LMDB file of somebody else", "Foreign", (directory) => fs.rmSync(path.join(directory, "STORE"))],
    ["another marker", "Foreign", (directory) => fs.writeFileSync(path.join(directory, "STORE"), "a shop")],
    [
      "a newer format",
      "NewerFormat",
      (directory) => fs.writeFileSync(path.join(directory, "STORE"), "holdfast ledger store, format 2\n")
    ],
    [
      "other bytes for data",
      "Corrupt",
      (directory) => fs.writeFileSync(path.join(directory, "data.mdb"), new Uint8Array(100_000).fill(1))
    ],
    ["data cut to nearly nothing", "Corrupt", (directory) => fs.truncateSync(path.join(directory, "data.mdb"), 100)],
    ["data cut to the first pages", "Corrupt", (directory) => fs.truncateSync(path.join(directory, "data.mdb"), 8_192)]
  ]
  for (const [what, reason, damage] of refused) {
    it.scoped(`${what}: ${reason}, and nothing changes`, () =>
      Effect.gen(function*() {
        const directory = yield* TempDirectory.make
        if (what !== "something else") yield* withStore({ directory }, (store) => grow(store, [genesis, block]))
        damage(directory)
        const before = snapshotOf(directory)
        expect(yield* refusal({ directory })).toBe(reason)
        expect(yield* refusal({ directory, readOnly: true })).toBe(reason)
        expect(snapshotOf(directory)).toEqual(before)
      }))
  }

  it.scoped("a file: Io", () =>
    Effect.gen(function*() {
      const directory = path.join(yield* TempDirectory.make, "file")
      fs.writeFileSync(directory, "")
      expect(yield* refusal({ directory })).toBe("Io")
    }))

  it.scoped("a missing folder to read: Missing, and nothing is created", () =>
    Effect.gen(function*() {
      const parent = yield* TempDirectory.make
      const directory = path.join(parent, "none")
      expect(yield* refusal({ directory, readOnly: true })).toBe("Missing")
      expect(fs.readdirSync(parent)).toEqual([])
    }))

  const begun: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["an unfinished marker", ["STORE.new"]],
    ["a marker alone", ["STORE"]],
    ["a marker and empty data", ["STORE", "data.mdb"]]
  ]
  for (const [what, kept] of begun) {
    it.scoped(`${what} is the beginning of a store whose writer was killed`, () =>
      Effect.gen(function*() {
        const directory = yield* TempDirectory.make
        yield* withStore({ directory }, () => Effect.void)
        for (const name of fs.readdirSync(directory)) if (name !== "STORE") fs.rmSync(path.join(directory, name))
        if (!kept.includes("STORE")) fs.renameSync(path.join(directory, "STORE"), path.join(directory, "STORE.new"))
        if (kept.includes("data.mdb")) fs.writeFileSync(path.join(directory, "data.mdb"), "")
        expect(yield* refusal({ directory, readOnly: true })).toBe("Missing")
        yield* withStore({ directory }, (store) => grow(store, [genesis, block]))
        expect(yield* refusal({ directory, readOnly: true })).toBe("it opened")
      }))
  }
})
