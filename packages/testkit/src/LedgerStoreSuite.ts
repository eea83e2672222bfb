/**
 * The conformance suite of ledger stores. The test of an adapter makes an empty store; the suite does the rest.
 */
import { describe, expect, it } from "@effect/vitest"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Accumulator from "@holdfast/ledger/Accumulator"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Frames from "@holdfast/ledger/Frames"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Scan from "@holdfast/ledger/Scan"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateFrontier from "@holdfast/ledger/StateFrontier"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { recordsOf } from "./Golden.ts"
import { type BlockOptions, nextBlock, sampleWrites } from "./SampleLedger.ts"

type Store = LedgerStore.Service
type Failure = LedgerStoreError.LedgerStoreError

const all = Number.MAX_SAFE_INTEGER

/** The records of a stream, each batch of which holds whole records. */
const collect = (stream: Stream.Stream<Uint8Array, Failure>): Effect.Effect<ReadonlyArray<Uint8Array>, Failure> =>
  Effect.map(Stream.runCollect(stream), (batches) => [...batches].flatMap(recordsOf))

const reasonOf = <A>(effect: Effect.Effect<A, Failure>): Effect.Effect<string> =>
  Effect.match(effect, { onFailure: ({ reason }) => reason, onSuccess: () => "no failure" })

const commit = (store: Store, options: BlockOptions): Effect.Effect<LedgerStore.Block, Failure> =>
  Effect.tap(nextBlock(store, options), store.commit)

/** The sample ledger, in a store. */
interface Grown {
  readonly store: Store
  readonly blocks: ReadonlyArray<LedgerStore.Block>
  readonly infos: ReadonlyArray<Uint8Array>
  /** The last version of each ended epoch. */
  readonly endings: ReadonlyArray<number>
  /** The latest ledger info. */
  readonly latest: LedgerInfo.LedgerInfoWithSignatures
}

const { commitInfoOf } = LedgerInfo

/** Three epochs that have ended, and one that has not; every shape of block. */
const grow = (store: Store): Effect.Effect<Grown, Failure> =>
  Effect.gen(function*() {
    const blocks = yield* Effect.forEach(
      [
        { writes: sampleWrites(1, 1, 40), close: "endsEpoch", roots: "last" },
        { writes: sampleWrites(2, 6, 5), close: "unsigned", roots: "last" },
        { writes: sampleWrites(3, 5, 3), close: "signed", roots: "each" },
        { writes: sampleWrites(4, 4, 8), close: "endsEpoch", roots: "last" },
        { writes: sampleWrites(5, 1, 0), close: "endsEpoch", roots: "last" },
        { writes: sampleWrites(6, 9, 6), close: "signed", roots: "last" },
        { writes: sampleWrites(7, 3, 2), close: "signed", roots: "last" }
      ] satisfies ReadonlyArray<BlockOptions>,
      (options) => commit(store, options)
    )
    const ledgerInfos = blocks.flatMap(({ ledgerInfo }) => Option.toArray(ledgerInfo))
    const latest = ledgerInfos.at(-1)
    if (latest === undefined) return yield* Effect.dieMessage("the sample ledger is not signed")
    return {
      store,
      blocks,
      infos: blocks.flatMap((block) => block.transactions.map(({ transactionInfo }) => transactionInfo)),
      endings: ledgerInfos
        .filter((ledgerInfo) => commitInfoOf(ledgerInfo).nextEpochState !== undefined)
        .map((ledgerInfo) => commitInfoOf(ledgerInfo).version),
      latest
    }
  })

const epochOf = (grown: Grown, version: number): number => {
  const epoch = grown.endings.findIndex((ending) => version <= ending)
  return epoch === -1 ? grown.endings.length : epoch
}

const leafOf = (grown: Grown, version: number): HashValue.HashValue =>
  TransactionInfo.leafHashes([grown.infos[version] ?? new Uint8Array(0)])

/** Key hashes and leaf hashes of state records, for a frontier. */
const leavesOf = (records: ReadonlyArray<Uint8Array>) => {
  const scan = new Scan.StateRecordScan()
  return records.map((record) => {
    scan.begin(record)
    scan.add(0, record.length)
    const staged = scan.stageKeys()
    const keyHash = Sha3.hashSeeded(
      HashValue.seeds.stateKey,
      staged.subarray(scan.stagedStarts[0], scan.stagedEnds[0])
    )
    const valueHash = Sha3.hashSeeded(
      HashValue.seeds.stateValue,
      record.subarray(scan.valueStarts[0], scan.valueEnds[0])
    )
    return { keyHash, leafHash: Sha3.hashSeeded(HashValue.seeds.sparseMerkleLeaf, keyHash, valueHash) }
  })
}

const rootOf = (records: ReadonlyArray<Uint8Array>): HashValue.HashValue => {
  const frontier = new StateFrontier.StateFrontier()
  for (const { keyHash, leafHash } of leavesOf(records)) frontier.push(keyHash, leafHash, 1)
  return frontier.root()
}

/** Declares the tests of a ledger store. `make` gives an empty store, whose scope ends with each test. */
export const ledgerStoreSuite = <E>(name: string, make: Effect.Effect<Store, E, Scope.Scope>): void => {
  /** A test with a store that holds the sample ledger. */
  const withLedger = (title: string, test: (grown: Grown) => Effect.Effect<void, Failure>): void =>
    it.scoped(title, () => Effect.flatMap(Effect.flatMap(make, grow), test))

  describe(`${name}: an empty store`, () => {
    it.scoped("holds nothing but an empty head", () =>
      Effect.gen(function*() {
        const store = yield* make
        expect(yield* store.dbState).toEqual(Option.none())
        expect(yield* store.head).toEqual({
          nextVersion: 0,
          stateRoot: HashValue.sparseMerklePlaceholder,
          frozenSubtreeRoots: [],
          latestLedgerInfo: Option.none()
        })
        expect(yield* collect(store.transactions(0, all))).toEqual([])
        expect(yield* collect(store.epochEndingLedgerInfos(0, all))).toEqual([])
        expect(yield* reasonOf(store.stateItemCount(0))).toBe("NotAvailable")
        expect(yield* reasonOf(collect(store.stateItems(0, 0, all)))).toBe("NotAvailable")
        expect(yield* reasonOf(store.stateRangeProof(0, HashValue.zero))).toBe("NotAvailable")
        expect(yield* reasonOf(store.stateRootProof(0))).toBe("NotAvailable")
        expect(yield* reasonOf(store.transactionRangeProof(0, 0))).toBe("NotAvailable")
      }))
  })

  describe(`${name}: committed data`, () => {
    withLedger("make up the head and the database state", ({ blocks, infos, latest, store }) =>
      Effect.gen(function*() {
        const head = yield* store.head
        const last = blocks.at(-1)?.transactions.length ?? 0
        const builder = new Accumulator.AccumulatorBuilder(
          HashValue.seeds.transactionAccumulator,
          infos.length,
          head.frozenSubtreeRoots
        )
        expect(last).toBeGreaterThan(0)
        expect(head.nextVersion).toBe(infos.length)
        expect(builder.root()).toEqual(commitInfoOf(latest).executedStateId)
        expect(head.latestLedgerInfo).toEqual(Option.some(latest))
        expect(yield* store.dbState).toEqual(Option.some({
          epoch: commitInfoOf(latest).epoch,
          committedVersion: commitInfoOf(latest).version
        }))
        expect(rootOf(yield* collect(store.stateItems(infos.length - 1, 0, all)))).toEqual(head.stateRoot)
      }))

    withLedger("come back as transactions", ({ blocks, store }) =>
      Effect.gen(function*() {
        const expected = blocks.flatMap(({ transactions }) =>
          transactions.map((each) =>
            Bytes.concatBytes([
              each.transaction,
              each.auxiliaryInfo,
              each.transactionInfo,
              each.events,
              each.writeSet
            ])
          )
        )
        const count = expected.length
        for (
          const [start, limit] of [[0, count], [0, 1], [3, 4], [count - 1, 1], [count - 2, 10], [0, all]] as const
        ) {
          expect(yield* collect(store.transactions(start, limit))).toEqual(expected.slice(start, start + limit))
        }
        for (const [start, limit] of [[0, 0], [count, 5], [count + 7, 1], [all, all]] as const) {
          expect(yield* collect(store.transactions(start, limit))).toEqual([])
        }
      }))

    withLedger("come back as epoch endings", ({ blocks, endings, store }) =>
      Effect.gen(function*() {
        const expected = blocks.flatMap(({ ledgerInfo }) =>
          Option.toArray(ledgerInfo)
            .filter((each) => commitInfoOf(each).nextEpochState !== undefined)
            .map((each) => Bcs.encode(LedgerInfo.LedgerInfoWithSignatures, each))
        )
        expect(expected.length).toBe(endings.length)
        const count = endings.length
        for (const [start, end] of [[0, count], [1, 2], [count - 1, count + 5], [0, all]] as const) {
          expect(yield* collect(store.epochEndingLedgerInfos(start, end))).toEqual(expected.slice(start, end))
        }
        for (const [start, end] of [[1, 1], [2, 1], [count, count + 1], [all, all]] as const) {
          expect(yield* collect(store.epochEndingLedgerInfos(start, end))).toEqual([])
        }
      }))

    withLedger("come back as the state of every epoch", ({ blocks, endings, store }) =>
      Effect.gen(function*() {
        for (const version of endings) {
          const records = yield* collect(store.stateItems(version, 0, all))
          const count = yield* store.stateItemCount(version)
          expect(records.length).toBe(count)
          const info = blocks.flatMap(({ transactions }) => transactions)[version]?.transactionInfo
          const root = rootOf(records)
          expect(Bytes.toHex(info ?? new Uint8Array(0))).toContain(Bytes.toHex(root))
          for (const [start, limit] of [[0, 3], [2, 5], [count - 1, 1], [count - 2, 9]] as const) {
            expect(yield* collect(store.stateItems(version, start, limit)))
              .toEqual(records.slice(start, start + limit))
          }
          for (const [start, limit] of [[0, 0], [count, 1], [count + 5, all], [all, all]] as const) {
            expect(yield* collect(store.stateItems(version, start, limit))).toEqual([])
          }
        }
      }))
  })

  describe(`${name}: proofs`, () => {
    withLedger(
      "the ledger info of its epoch proves the transaction info of every version",
      (grown) =>
        Effect.gen(function*() {
          for (let version = 0; version < grown.infos.length; version++) {
            const [proof, ledgerInfo] = yield* grown.store.stateRootProof(version)
            const { epoch, executedStateId, version: covered } = commitInfoOf(ledgerInfo)
            expect(epoch).toBe(epochOf(grown, version))
            expect(covered).toBe(grown.endings[epoch] ?? commitInfoOf(grown.latest).version)
            const { siblings } = proof.ledgerInfoToTransactionInfoProof
            Accumulator.verifyInclusion(leafOf(grown, version), version, siblings, executedStateId)
          }
          expect(yield* reasonOf(grown.store.stateRootProof(grown.infos.length))).toBe("NotAvailable")
        })
    )

    withLedger(
      "the ledger info of the epoch of its last version proves every range",
      (grown) =>
        Effect.gen(function*() {
          const count = grown.infos.length
          for (let first = 0; first < count; first++) {
            for (let last = first; last < count; last++) {
              const [proof, ledgerInfo] = yield* grown.store.transactionRangeProof(first, last)
              expect(commitInfoOf(ledgerInfo).epoch).toBe(epochOf(grown, last))
              const leaves = new Uint8Array((last - first + 3) * HashValue.size)
              for (let version = first; version <= last; version++) {
                leaves.set(leafOf(grown, version), (version - first + 1) * HashValue.size)
              }
              const root = commitInfoOf(ledgerInfo).executedStateId
              Accumulator.verifyRange(leaves, last - first + 1, first, proof, root)
            }
          }
          for (const [first, last] of [[1, 0], [0, count], [count, count], [count + 1, count + 2]] as const) {
            expect(yield* reasonOf(grown.store.transactionRangeProof(first, last))).toBe("NotAvailable")
          }
        })
    )

    withLedger(
      "the proof of every key proves the state up to that key",
      ({ endings, store }) =>
        Effect.gen(function*() {
          for (const version of endings) {
            const leaves = leavesOf(yield* collect(store.stateItems(version, 0, all)))
            const frontier = new StateFrontier.StateFrontier()
            const root = rootOf(yield* collect(store.stateItems(version, 0, all)))
            for (const { keyHash, leafHash } of leaves) {
              frontier.push(keyHash, leafHash, 1)
              const { rightSiblings } = yield* store.stateRangeProof(version, keyHash)
              frontier.verify(rightSiblings, root)
            }
            expect(yield* reasonOf(store.stateRangeProof(version, HashValue.zero))).toBe("NotAvailable")
          }
        })
    )

    withLedger("a version that does not exist has no state", ({ infos, store }) =>
      Effect.gen(function*() {
        for (const version of [infos.length, infos.length + 1000]) {
          expect(yield* reasonOf(store.stateItemCount(version))).toBe("NotAvailable")
          expect(yield* reasonOf(collect(store.stateItems(version, 0, 1)))).toBe("NotAvailable")
          expect(yield* reasonOf(store.stateRangeProof(version, HashValue.zero))).toBe("NotAvailable")
        }
      }))
  })

  describe(`${name}: commits`, () => {
    const next: BlockOptions = { writes: sampleWrites(8, 3, 4), close: "signed", roots: "each" }

    type Change = (block: LedgerStore.Block) => LedgerStore.Block
    const withLedgerInfo = (block: LedgerStore.Block, change: Partial<ReturnType<typeof commitInfoOf>>) => ({
      ...block,
      ledgerInfo: Option.map(block.ledgerInfo, (ledgerInfo): LedgerInfo.LedgerInfoWithSignatures => ({
        _tag: "V0",
        value: {
          ...ledgerInfo.value,
          ledgerInfo: {
            ...ledgerInfo.value.ledgerInfo,
            commitInfo: { ...commitInfoOf(ledgerInfo), ...change }
          }
        }
      }))
    })
    const refused: ReadonlyArray<readonly [string, Change]> = [
      ["a gap", (block) => ({ ...block, firstVersion: block.firstVersion + 1 })],
      ["an overlap", (block) => ({ ...block, firstVersion: block.firstVersion - 1 })],
      ["a missing transaction", (block) => ({ ...block, transactions: block.transactions.slice(1) })],
      ["a write set with another state root", (block) => ({
        ...block,
        transactions: block.transactions.map((each, index, { length }) =>
          index === length - 1 ? { ...each, writeSet: block.transactions[0]?.writeSet ?? each.writeSet } : each
        )
      })],
      ["a malformed write set", (block) => ({
        ...block,
        transactions: block.transactions.map((each) => ({ ...each, writeSet: Uint8Array.of(0, 1) }))
      })],
      ["another accumulator root", (block) => withLedgerInfo(block, { executedStateId: HashValue.zero })],
      ["another epoch", (block) => withLedgerInfo(block, { epoch: 2 })],
      ["another version", (block) => withLedgerInfo(block, { version: block.firstVersion })]
    ]
    for (const [what, change] of refused) {
      withLedger(`${what} is refused, and nothing changes`, ({ store }) =>
        Effect.gen(function*() {
          const before = yield* store.head
          const block = yield* nextBlock(store, next)
          expect(yield* reasonOf(store.commit(change(block)))).toBe("Inconsistent")
          expect(yield* store.head).toEqual(before)
          yield* store.commit(block)
          expect((yield* store.head).nextVersion).toBe(before.nextVersion + next.writes.length)
        }))
    }

    withLedger(
      "previewing roots stores nothing, and every previewed block commits",
      ({ infos, store }) =>
        Effect.gen(function*() {
          const before = yield* store.head
          const block = yield* nextBlock(store, next)
          yield* nextBlock(store, { ...next, writes: sampleWrites(9, 5, 5) })
          expect(yield* store.head).toEqual(before)
          expect(yield* collect(store.transactions(infos.length, all))).toEqual([])
          yield* store.commit(block)
          expect((yield* collect(store.transactions(infos.length, all))).length).toBe(next.writes.length)
        })
    )

    withLedger("a commit does not change an open stream", ({ endings, infos, store }) =>
      Effect.gen(function*() {
        const version = endings[1] ?? 0
        const before = yield* collect(store.stateItems(version, 0, all))
        const during = yield* collect(
          Stream.tap(store.stateItems(version, 0, all), () => Effect.asVoid(commit(store, next)))
        )
        expect(during).toEqual(before)
        const open = yield* Effect.cached(Effect.asVoid(commit(store, next)))
        const count = infos.length + next.writes.length
        const transactions = yield* collect(Stream.tap(store.transactions(0, count), () => open))
        expect(transactions.length).toBe(count)
      }))

    withLedger(
      "unsigned transactions are stored, but not proven",
      ({ infos, latest, store }) =>
        Effect.gen(function*() {
          yield* commit(store, { ...next, close: "unsigned" })
          const version = infos.length
          expect((yield* store.head).nextVersion).toBe(version + next.writes.length)
          expect((yield* store.head).latestLedgerInfo).toEqual(Option.some(latest))
          expect(Option.map(yield* store.dbState, ({ committedVersion }) => committedVersion))
            .toEqual(Option.some(version - 1))
          expect(yield* reasonOf(store.stateRootProof(version))).toBe("NotAvailable")
          expect(yield* reasonOf(store.transactionRangeProof(version, version))).toBe("NotAvailable")
          yield* commit(store, next)
          yield* store.stateRootProof(version)
        })
    )

    it.scoped("large records and long ranges come in batches", () =>
      Effect.gen(function*() {
        const store = yield* make
        const large = "x".repeat(100_000)
        const writes = Array.from({ length: 12 }, (_, index) => [[index, `${index} ${large}`]] as const)
        yield* commit(store, { writes, close: "endsEpoch", roots: "last" })
        for (const stream of [store.transactions(0, all), store.stateItems(11, 0, all)]) {
          const batches = [...yield* Stream.runCollect(stream)]
          expect(batches.length).toBeGreaterThan(2)
          for (const batch of batches) expect(batch.length).toBeLessThan(512 * 1024)
          expect(batches.flatMap(recordsOf).length).toBe(12)
          const framed = Frames.frame(batches.flatMap(recordsOf))
          expect(Bytes.equalBytes(framed, Bytes.concatBytes(batches))).toBe(true)
        }
      }))
  })
}
