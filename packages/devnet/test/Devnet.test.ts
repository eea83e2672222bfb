/**
 * The network: what it grows, that it is the same for ever, and that every part of it is true.
 */
import { expect, it } from "@effect/vitest"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetError from "@holdfast/devnet/DevnetError"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as Summary from "@holdfast/devnet/Summary"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Genesis from "@holdfast/ledger/Genesis"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { type Entry, replay } from "./replay.ts"

const options = (
  input: DevnetOptions.Input = {}
): DevnetOptions.DevnetOptions => new DevnetOptions.DevnetOptions(input)

/** Every test has a store of its own. */
const test = <A, E>(name: string, body: () => Effect.Effect<A, E, LedgerStore.LedgerStore>): void =>
  it.effect(name, () => Effect.provide(body(), Layer.fresh(MemoryLedgerStore.layer)))

/** Epoch-ending ledger infos that the store serves, as BCS. */
const endings = Effect.gen(function*() {
  const store = yield* LedgerStore.LedgerStore
  const batches = yield* Stream.runCollect(store.epochEndingLedgerInfos(0, 1_000_000))
  const bytes = Bytes.concatBytes([...batches])
  const records: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    const start = at + 4
    at = start + new DataView(bytes.buffer).getUint32(at)
    records.push(bytes.subarray(start, at))
  }
  return records
})

/** How often each tag occurs. */
const tally = (tags: Iterable<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return counts
}

const expectAll = (counts: ReadonlyMap<string, number>, tags: ReadonlyArray<string>): void => {
  expect([...tags].filter((tag) => !counts.has(tag))).toEqual([])
}

test("the summary matches the records", () =>
  Effect.gen(function*() {
    const summary = yield* Devnet.grow(options())
    const { entries, faults } = yield* replay
    expect(faults).toEqual([])
    expect(summary.epochEndings.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4])
    for (const ending of summary.epochEndings) {
      const entry = entries[ending.version]!
      expect(entry.stateItems).toBe(ending.stateItems)
      expect(entry.info.stateCheckpointHash).toEqual(ending.stateRoot)
      expect(Bytes.toHex(entry.accumulatorRoot)).toBe(HashValue.format(ending.accumulatorRoot))
    }
    expect(summary.latestEpoch).toBe(5)
    expect(summary.latestVersion).toBe(entries.length - 1)
    expect(Bytes.toHex(entries.at(-1)!.accumulatorRoot)).toBe(HashValue.format(summary.accumulatorRoot))
  }))

test("validators of its epoch sign every ledger info, not always all of them", () =>
  Effect.gen(function*() {
    const network = Devnet.make(options({ epochs: 8, validators: 10, items: 20 }))
    const summary = yield* network.grow
    const history = new EpochHistory.EpochHistory()
    const masks: Array<string> = []
    for (const [epoch, record] of (yield* endings).entries()) {
      expect(history.push(record)).toEqual(summary.epochEndings[epoch]?.waypoint)
      const { signatures } = Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record).value
      expect(signatures.validatorBitmask.length).toBe(epoch === 0 ? 0 : 2)
      if (epoch > 0) masks.push(Bytes.toHex(signatures.validatorBitmask))
    }
    history.checkSignatures()
    expect(new Set(masks).size).toBeGreaterThan(4)
    const within = yield* network.nextBlock
    expect(within.value.ledgerInfo.commitInfo.nextEpochState).toBeUndefined()
    expect(history.verify(within)).toBe(true)
  }))

test("the genesis ledger info follows from the genesis transaction", () =>
  Effect.gen(function*() {
    const { epochEndings } = yield* Devnet.grow(options({ seed: 11, epochs: 1, openBlocks: 0 }))
    const [info] = yield* endings
    const { entries } = yield* replay
    const own = Genesis.ledgerInfo(Bcs.encode(Transaction.Transaction, entries[0]!.transaction))
    expect(Bcs.encode(LedgerInfo.LedgerInfoWithSignatures, own)).toEqual(info)
    expect(Waypoint.fromLedgerInfo(own.value.ledgerInfo)).toEqual(epochEndings[0]?.waypoint)
  }))

test("validators join, leave and change weight; the state names the next signers", () =>
  Effect.gen(function*() {
    yield* Devnet.grow(options({ items: 10, validators: 5 }))
    const { entries } = yield* replay
    const infos = (yield* endings).map((record) =>
      Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record).value.ledgerInfo.commitInfo
    )
    const key = Bytes.toHex(StateKey.storageEncoding(Genesis.validatorSetKey))
    for (const { epoch, nextEpochState, version } of infos) {
      const write = WriteSet.entries(entries[version]!.writeSet)
        .find(([each]) => Bytes.toHex(StateKey.storageEncoding(each)) === key)
      const value = WriteSet.storedValue(write![1])
      const set = Bcs.decodeUnsafe(Genesis.ValidatorSet, value?._tag === "V0" ? value.value : new Uint8Array())
      expect(Genesis.epochState(epoch + 1, set)).toEqual(nextEpochState)
      expect(set.pendingInactive.length).toBe(1)
      expect(set.pendingActive.length).toBe(1)
      expect(nextEpochState?.verifier.validatorInfos.length).toBe(5)
    }
    const members = infos.map(({ nextEpochState }) => nextEpochState!.verifier.validatorInfos)
    const names = members.map((set) => set.map(({ address }) => Bytes.toHex(address)))
    for (const [index, set] of names.slice(1).entries()) {
      expect(set.filter((name) => !names[index]!.includes(name)).length).toBe(1)
    }
    const powers = new Map(members[0]!.map(({ address, votingPower }) => [Bytes.toHex(address), votingPower]))
    expect(members[1]!.some(({ address, votingPower }) => {
      const before = powers.get(Bytes.toHex(address))
      return before !== undefined && before !== votingPower
    })).toBe(true)
    expect(members.flat().some(({ votingPower }) => votingPower > BigInt(Number.MAX_SAFE_INTEGER))).toBe(true)
  }))

test("all kinds of transactions, statuses, events, keys and writes occur", () =>
  Effect.gen(function*() {
    yield* Devnet.grow(options({ epochs: 12, transactionsPerBlock: 30, items: 300, valueBytes: 20 }))
    const { entries, faults, recreated } = yield* replay
    expect(faults).toEqual([])
    expect(recreated).toBeGreaterThan(50)
    const users = entries.flatMap(({ transaction }) =>
      transaction._tag === "UserTransaction" ? [transaction.value] : []
    )
    const payloads = users.map(({ rawTxn }) => rawTxn.payload)
    const writes = entries.flatMap(({ writeSet }) => WriteSet.entries(writeSet))
    expectAll(tally(entries.map(kindOf)), [
      "GenesisTransaction",
      "UserTransaction",
      "BlockMetadata",
      "BlockMetadataExt V0",
      "BlockMetadataExt V1",
      "BlockMetadataExt V2",
      "StateCheckpoint",
      "BlockEpilogue V0",
      "BlockEpilogue V1",
      "BlockEpilogue V2",
      "ValidatorTransaction DKGResult",
      "ValidatorTransaction ObservedJWKUpdate",
      "ValidatorTransaction ChunkyDKGResult"
    ])
    expectAll(tally(users.map(({ authenticator }) => authenticator._tag)), [
      "Ed25519",
      "MultiEd25519",
      "MultiAgent",
      "FeePayer",
      "SingleSender"
    ])
    expectAll(tally(payloads.map(({ _tag }) => _tag)), [
      "Script",
      "EntryFunction",
      "Multisig",
      "Payload",
      "EncryptedPayload"
    ])
    expectAll(tally(payloads.flatMap((payload) => payload._tag === "EncryptedPayload" ? [payload.value._tag] : [])), [
      "Encrypted",
      "FailedDecryption",
      "Decrypted"
    ])
    expectAll(tally(entries.map(({ info }) => info.status._tag)), [
      "Success",
      "OutOfGas",
      "MoveAbort",
      "ExecutionFailure",
      "MiscellaneousError"
    ])
    expectAll(tally(entries.map(({ auxiliaryInfo }) => auxiliaryInfo._tag)), [
      "None",
      "V1",
      "TimestampNotYetAssignedV1"
    ])
    expectAll(tally(entries.flatMap(({ events }) => events.map(({ _tag }) => _tag))), ["V1", "V2"])
    expectAll(tally(writes.map(([key]) => key._tag)), ["AccessPath", "TableItem", "Raw"])
    expectAll(tally(writes.map(([, op]) => op._tag)), [
      "Creation",
      "Modification",
      "Deletion",
      "CreationWithMetadata",
      "ModificationWithMetadata",
      "DeletionWithMetadata"
    ])
    const metadata = writes.flatMap(([, op]) => "value" in op && "metadata" in op.value ? [op.value.metadata._tag] : [])
    expectAll(tally(metadata), ["V0", "V1"])
    expect(
      writes.some(([, op]) =>
        WriteSet.storedValue(op)?._tag === "V0" && op._tag === "Creation" && op.value.length === 0
      )
    )
      .toBe(true)
  }))

/** A transaction's kind and, where it has some, its variant. */
const kindOf = ({ transaction }: Entry): string => {
  switch (transaction._tag) {
    case "BlockMetadataExt":
    case "BlockEpilogue":
    case "ValidatorTransaction":
      return `${transaction._tag} ${transaction.value._tag}`
    default:
      return transaction._tag
  }
}

test("transactions of bounded size create all founding items in epoch 1", () =>
  Effect.gen(function*() {
    const { epochEndings } = yield* Devnet.grow(
      options({ epochs: 2, items: 4_500, blocksPerEpoch: 2, transactionsPerBlock: 0, valueBytes: 1 })
    )
    const { entries, faults } = yield* replay
    expect(faults).toEqual([])
    const sizes = entries.slice(1).map(({ writeSet }) => WriteSet.entries(writeSet).length).filter((size) => size > 100)
    expect(sizes).toEqual([1_000, 1_000, 250, 1_000, 1_000, 250])
    expect(epochEndings[1]!.stateItems - epochEndings[0]!.stateItems).toBe(4_500)
  }))

test("sizes are close to the options", () =>
  Effect.gen(function*() {
    yield* Devnet.grow(options({ items: 500, valueBytes: 1_000, transactionBytes: 3_000, epochs: 3 }))
    const store = yield* LedgerStore.LedgerStore
    const { entries } = yield* replay
    const values = entries.slice(1, 30)
      .flatMap(({ writeSet }) => WriteSet.entries(writeSet))
      .flatMap(([, op]) => op._tag === "CreationWithMetadata" ? [op.value.data.length] : [])
    const mean = values.reduce((sum, size) => sum + size, 0) / values.length
    expect(mean).toBeGreaterThan(900)
    expect(mean).toBeLessThan(1_100)
    const { nextVersion } = yield* store.head
    const bytes = yield* Stream.runFold(store.transactions(60, nextVersion), 0, (sum, batch) => sum + batch.length)
    expect(bytes / (nextVersion - 60)).toBeGreaterThan(2_000)
  }))

test("a network of one validator signs its epochs", () =>
  Effect.gen(function*() {
    yield* Devnet.grow(options({ validators: 1, items: 0, blocksPerEpoch: 1 }))
    const history = new EpochHistory.EpochHistory()
    for (const record of yield* endings) history.push(record)
    history.checkSignatures()
    expect((yield* replay).faults).toEqual([])
  }))

test("a ledger is the same after any interruption, whichever network continues it", () =>
  Effect.gen(function*() {
    const short = options({ seed: 5, items: 100, epochs: 2 })
    const long = options({ seed: 5, items: 100, epochs: 4, openBlocks: 3 })
    const first = Devnet.make(short)
    yield* first.grow
    yield* first.nextBlock
    const grown = yield* Devnet.grow(long)
    expect(yield* Devnet.grow(long)).toEqual(grown)
    expect(yield* Summary.read).toEqual(grown)
    const other = yield* Effect.provide(Devnet.grow(long), Layer.fresh(MemoryLedgerStore.layer))
    expect(other).toEqual(grown)
    expect(grown.latestVersion).toBeGreaterThan(grown.epochEndings.at(-1)!.version)
  }))

test("a store with the ledger of other options is refused", () =>
  Effect.gen(function*() {
    yield* Devnet.grow(options({ items: 10, epochs: 1 }))
    for (const other of [{ items: 11 }, { items: 10, seed: 2 }, { items: 10, validators: 8 }]) {
      const refused = yield* Effect.flip(Devnet.make(options(other)).nextBlock)
      expect(refused).toBeInstanceOf(DevnetError.DevnetError)
      expect(refused).toMatchObject({ reason: "OtherLedger" })
    }
  }))

test("a store that ends without a ledger info is refused", () =>
  Effect.gen(function*() {
    const store = yield* LedgerStore.LedgerStore
    const unsigned = LedgerStore.LedgerStore.of({
      ...store,
      commit: (block) => store.commit({ ...block, ledgerInfo: Option.none() })
    })
    const { nextBlock } = Devnet.make(options())
    yield* Effect.provideService(nextBlock, LedgerStore.LedgerStore, unsigned)
    expect(yield* Effect.flip(nextBlock)).toMatchObject({ _tag: "DevnetError", reason: "NotAtBlockEnd" })
  }))

test("a running network appends a block for each interval of the clock", () =>
  Effect.gen(function*() {
    const store = yield* LedgerStore.LedgerStore
    const network = Devnet.make(options({ items: 10, epochs: 2, openBlocks: 4 }))
    const { latestVersion } = yield* network.grow
    const running = yield* Effect.fork(network.run({ blockMillis: 500 }))
    yield* TestClock.adjust("499 millis")
    expect((yield* store.head).nextVersion).toBe(latestVersion + 1)
    yield* TestClock.adjust("1 millis")
    expect((yield* Summary.read).epochEndings.length).toBe(3)
    yield* TestClock.adjust("2500 millis")
    yield* Fiber.interrupt(running)
    expect((yield* Summary.read).epochEndings.length).toBe(4)
    expect((yield* replay).faults).toEqual([])
    yield* TestClock.adjust("1 minute")
    expect((yield* Summary.read).epochEndings.length).toBe(4)
  }))

test("an empty store has no summary", () =>
  Effect.gen(function*() {
    expect(yield* Effect.flip(Summary.read)).toMatchObject({ _tag: "LedgerStoreError", reason: "NotAvailable" })
  }))

it("options out of range are refused", () => {
  expect(() => options({ validators: 0 })).toThrow(/validators/)
  expect(() => options({ seed: 1.5 })).toThrow(/seed/)
  expect(options()).toMatchObject({ seed: 1, epochs: 5, items: 1_000, validators: 7 })
})
