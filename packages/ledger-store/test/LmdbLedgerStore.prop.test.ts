import { describe, expect, it } from "@effect/vitest"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Scan from "@holdfast/ledger/Scan"
import * as Sha3 from "@holdfast/ledger/Sha3"
import { nextBlock, writeSet } from "@holdfast/testkit/SampleLedger"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as lmdb from "lmdb"
import { LmdbReader } from "../src/internal/lmdb/reader.ts"
import { decodeEpochState, openEnvironment, tablesOf } from "../src/internal/lmdb/tables.ts"
import { nodeKey, valueKey } from "../src/internal/state/keys.ts"
import { childrenOf, decodeNode, Leaf, levelsPerNode, Stored } from "../src/internal/state/nodes.ts"
import { storedRoot } from "../src/internal/state/session.ts"
import { numberKey } from "../src/internal/u64.ts"
import { anyBlock } from "./ledger.ts"

type Store = LedgerStore.Service
type Failure = LedgerStoreError.LedgerStoreError

const all = Number.MAX_SAFE_INTEGER

const bytesOf = (stream: Stream.Stream<Uint8Array, Failure>) =>
  Effect.map(Stream.runCollect(stream), (batches) => Bytes.toHex(Bytes.concatBytes([...batches])))

/** The answer, or the reason why there is none. */
const answer = <A>(effect: Effect.Effect<A, Failure>): Effect.Effect<A | string> =>
  Effect.catchAll(effect, ({ reason }) => Effect.succeed<A | string>(reason))

/** The key hashes of a stream of state items. */
const keyHashes = (hex: string): ReadonlyArray<HashValue.HashValue> => {
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"))
  const view = new DataView(bytes.buffer)
  const scan = new Scan.StateRecordScan()
  scan.begin(bytes)
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + view.getUint32(at)
    scan.add(at + 4, end)
    at = end
  }
  const staged = scan.stageKeys()
  return Array.from(
    { length: scan.count },
    (_, index) =>
      Sha3.hashSeeded(HashValue.seeds.stateKey, staged.subarray(scan.stagedStarts[index], scan.stagedEnds[index]))
  )
}

/** Everything that can be asked of a version's state. */
const stateAnswers = (store: Store, version: number) =>
  Effect.gen(function*() {
    const items = yield* answer(bytesOf(store.stateItems(version, 0, all)))
    const count = yield* answer(store.stateItemCount(version))
    const middle = typeof count === "number" ? Math.floor(count / 2) : 0
    const part = yield* answer(bytesOf(store.stateItems(version, middle, 3)))
    const hashes = typeof count === "number" ? keyHashes(items) : []
    const asked = [hashes[0], hashes[middle], hashes.at(-1), HashValue.zero].flatMap((each) => each ?? [])
    const proofs = yield* Effect.forEach(asked, (hash) => answer(store.stateRangeProof(version, hash)))
    return { items, count, part, proofs }
  })

/** The same of a version whose state is not kept any more. */
const givenUp = {
  items: "NotAvailable",
  count: "NotAvailable",
  part: "NotAvailable",
  proofs: ["NotAvailable"]
}

/** Everything else. */
const ledgerAnswers = (store: Store) =>
  Effect.gen(function*() {
    const head = yield* store.head
    const versions = Array.from({ length: head.nextVersion + 1 }, (_, version) => version)
    return {
      head,
      dbState: yield* store.dbState,
      transactions: yield* bytesOf(store.transactions(0, all)),
      part: yield* bytesOf(store.transactions(head.nextVersion >> 1, 3)),
      endings: yield* bytesOf(store.epochEndingLedgerInfos(0, all)),
      rootProofs: yield* Effect.forEach(versions, (version) => answer(store.stateRootProof(version))),
      rangeProofs: yield* Effect.forEach(
        versions,
        (version) => answer(store.transactionRangeProof(version >> 1, version))
      )
    }
  })

/** The keys of nodes and values that the kept states need, and those that are there. */
const inventory = (directory: string) =>
  Effect.gen(function*() {
    const environment = openEnvironment(lmdb, directory, true)
    const tables = environment === undefined ? undefined : tablesOf(environment)
    if (tables === undefined) return yield* Effect.dieMessage("no store")
    const reader = new LmdbReader(tables)
    const nodes = new Set<string>()
    const values = new Set<string>()
    const visit = (node: Stored): void => {
      nodes.add(Bytes.toHex(nodeKey(node.version, node.path)))
      const top = decodeNode(reader.readNode(node.version, node.path), node.path)
      for (const child of childrenOf(top, node.path.length * levelsPerNode)) {
        if (child instanceof Stored) visit(child)
        else if (child instanceof Leaf) values.add(Bytes.toHex(valueKey(child.keys, child.keyAt, child.version)))
      }
    }
    const kept = [...tables.states.getRange({})].flatMap(({ value }) => decodeEpochState(value)?.state ?? [])
    for (const root of [...kept, reader.storedHead().state]) {
      const top = storedRoot(root)
      if (top !== undefined) visit(top)
    }
    const found = {
      needed: { nodes: [...nodes].sort(), values: [...values].sort() },
      there: {
        nodes: [...tables.nodes.getKeys({})].map(Bytes.toHex),
        values: [...tables.values.getKeys({})].map(Bytes.toHex)
      },
      noted: [...tables.stale.getKeys({ start: numberKey(0) })].length
    }
    yield* Effect.promise(() => tables.environment.close())
    return found
  })

/** What happens between opening a store and closing it again: blocks, and writes that are asked about and not committed. */
const session = FastCheck.array(FastCheck.record({ shape: anyBlock, idle: anyBlock }), { minLength: 1, maxLength: 6 })
const scenario = FastCheck.record({
  sessions: FastCheck.array(session, { minLength: 1, maxLength: 4 }),
  retainedEpochs: FastCheck.constantFrom(undefined, 1, 2, 4)
})

const seed = 20_261_123
const runs = 20

describe(`a store on LMDB, seed ${seed}`, () => {
  FastCheck.sample(scenario, { seed, numRuns: runs }).forEach(({ retainedEpochs, sessions }, run) => {
    it.scoped(`answers as a store in memory does: run ${run}, retaining ${retainedEpochs ?? "all"}`, () =>
      Effect.gen(function*() {
        const directory = yield* TempDirectory.make
        const memory = yield* MemoryLedgerStore.make
        const options = { directory, ...(retainedEpochs === undefined ? {} : { retainedEpochs }) }
        const endings: Array<number> = []
        const live = (blocks: (typeof sessions)[number]) =>
          Effect.gen(function*() {
            const store = yield* LmdbLedgerStore.make(options)
            for (const { idle, shape } of blocks) {
              // Whether the roots were asked for before or not.
              const block = yield* nextBlock(shape.roots === "each" ? store : memory, shape)
              if (idle.roots === "each") {
                const asked = idle.writes.map(writeSet)
                expect(yield* store.stateRootsAfter(asked)).toEqual(yield* memory.stateRootsAfter(asked))
              }
              yield* memory.commit(block)
              yield* store.commit(block)
              if (shape.close === "endsEpoch") endings.push((yield* memory.head).nextVersion - 1)
            }
            expect(yield* ledgerAnswers(store)).toEqual(yield* ledgerAnswers(memory))
            const newest = (yield* memory.head).nextVersion - 1
            const kept = new Set([...endings.slice(-(retainedEpochs ?? endings.length)), newest])
            for (const version of [...endings, newest]) {
              const expected = kept.has(version) ? yield* stateAnswers(memory, version) : givenUp
              expect(yield* stateAnswers(store, version)).toEqual(expected)
            }
          })
        for (const blocks of sessions) yield* Effect.scoped(live(blocks))
        const { needed, there } = yield* inventory(directory)
        expect(there).toEqual(needed)
      }))
  })
})

describe("a smaller retention", () => {
  it.scoped("removes states when the store opens", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const shapes = FastCheck.sample(anyBlock, { seed, numRuns: 30 })
      yield* Effect.scoped(Effect.gen(function*() {
        const store = yield* LmdbLedgerStore.make({ directory })
        for (const shape of shapes) {
          yield* store.commit(yield* nextBlock(store, { ...shape, close: "endsEpoch" }))
        }
      }))
      const before = yield* inventory(directory)
      expect(before.there).toEqual(before.needed)
      const store = yield* LmdbLedgerStore.make({ directory, retainedEpochs: 2 })
      expect(Option.map(yield* store.dbState, ({ epoch }) => epoch)).toEqual(Option.some(29))
      const { needed, noted, there } = yield* inventory(directory)
      expect(there).toEqual(needed)
      expect(there.nodes.length).toBeLessThan(before.there.nodes.length)
      expect(noted).toBeLessThanOrEqual(2)
    }))
})
