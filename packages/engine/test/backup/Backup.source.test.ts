/**
 * What a node answers that is not what was asked for becomes an error that names the request, and no backup.
 */
import { expect, layer } from "@effect/vitest"
import type * as Client from "@holdfast/backup-service/Client"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Frames from "@holdfast/ledger/Frames"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { between, epochEndings, type Kind, ofKind, settings, stateSnapshot } from "../support/backups.ts"
import { clientOf } from "../support/memoryNode.ts"
import { makeStorage } from "../support/memoryStorage.ts"
import { layerSmall, TestNetwork } from "../support/networks.ts"

type Node = Client.Service

/** The payloads of a stream of records. */
const recordsOf = <E>(stream: Stream.Stream<Uint8Array, E>): Effect.Effect<ReadonlyArray<Uint8Array>, E> =>
  Effect.map(Stream.runCollect(stream), (parts) => {
    const splitter = new Frames.FrameSplitter({ maxRecordBytes: 1_000_000 })
    return Chunk.toReadonlyArray(parts).flatMap((part) => splitter.push(part)).flatMap(({ bytes, ends, starts }) =>
      Array.from(starts, (start, index) => bytes.subarray(start, ends[index]))
    )
  })

/** A stream whose records are changed. */
const changed = <E>(
  stream: Stream.Stream<Uint8Array, E>,
  change: (records: ReadonlyArray<Uint8Array>) => ReadonlyArray<Uint8Array>
): Stream.Stream<Uint8Array, E> =>
  Stream.fromEffect(Effect.map(recordsOf(stream), (records) => Frames.frame(change(records))))

const withoutNextEpoch = (record: Uint8Array): Uint8Array => {
  const signed = Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record)
  const { ledgerInfo, signatures } = signed.value
  return Bcs.encode(LedgerInfo.LedgerInfoWithSignatures, {
    ...signed,
    value: {
      ledgerInfo: { ...ledgerInfo, commitInfo: { ...ledgerInfo.commitInfo, nextEpochState: undefined } },
      signatures
    }
  })
}

interface Lie {
  readonly what: string
  readonly kind: Kind
  readonly lie: (node: Node) => Partial<Node>
  readonly error: object
}

const epochEndingLie = (
  what: string,
  change: (records: ReadonlyArray<Uint8Array>) => ReadonlyArray<Uint8Array>,
  error: object
): Lie => ({
  what,
  kind: "epoch endings",
  lie: (node) => ({ epochEndingLedgerInfos: (start, end) => changed(node.epochEndingLedgerInfos(start, end), change) }),
  error
})

const itemLie = (
  what: string,
  change: (records: ReadonlyArray<Uint8Array>) => ReadonlyArray<Uint8Array>,
  error: object
): Lie => ({
  what,
  kind: "state snapshot",
  lie: (node) => ({
    stateItems: (version, start, limit) =>
      start === 40 ? changed(node.stateItems(version, start, limit), change) : node.stateItems(version, start, limit)
  }),
  error
})

const epochRequest = "the ledger infos that end epochs 0 to 4"

const service = (reason: string, endpoint: RegExp): object => ({
  _tag: "BackupServiceError",
  reason,
  endpoint: expect.stringMatching(endpoint)
})

const mismatch = (reason: string, request: RegExp): object => ({
  _tag: "SourceMismatch",
  reason,
  request: expect.stringMatching(request),
  message: expect.stringMatching(request)
})

const lies: ReadonlyArray<Lie> = [
  epochEndingLie(
    "epochs in another order",
    (records) => records.toReversed(),
    mismatch("WrongEpoch", new RegExp(epochRequest))
  ),
  epochEndingLie(
    "an epoch twice",
    (records) => [...records.slice(0, 1), ...records.slice(0, 4)],
    mismatch("WrongEpoch", new RegExp(epochRequest))
  ),
  epochEndingLie(
    "a ledger info that ends no epoch",
    (records) => records.map((record, index) => index === 2 ? withoutNextEpoch(record) : record),
    mismatch("WrongEpoch", new RegExp(epochRequest))
  ),
  epochEndingLie(
    "a ledger info that is none",
    (records) => records.map((record, index) => index === 2 ? record.slice(1) : record),
    mismatch("Malformed", new RegExp(epochRequest))
  ),
  epochEndingLie(
    "an empty record",
    (records) => records.map((record, index) => index === 4 ? new Uint8Array() : record),
    mismatch("Malformed", new RegExp(epochRequest))
  ),
  epochEndingLie(
    "too few epochs",
    (records) => records.slice(0, 4),
    service("ShortCount", /^\/epoch_ending_ledger_infos\/0\/5$/)
  ),
  epochEndingLie("no epochs", () => [], service("ShortCount", /^\/epoch_ending_ledger_infos\/0\/5$/)),
  epochEndingLie(
    "too many epochs",
    (records) => [...records, ...records],
    service("Malformed", /^\/epoch_ending_ledger_infos\/0\/5$/)
  ),
  itemLie(
    "too few items",
    (records) => records.slice(0, -1),
    service("ShortCount", /^\/state_snapshot_chunk\/\d+\/40\/40$/)
  ),
  itemLie(
    "too many items",
    (records) => [...records, ...records.slice(-1)],
    service("Malformed", /^\/state_snapshot_chunk\/\d+\/40\/40$/)
  ),
  itemLie("no items", () => [], service("ShortCount", /^\/state_snapshot_chunk\/\d+\/40\/40$/)),
  {
    what: "items without a key",
    kind: "state snapshot",
    lie: (node) => ({
      stateItems: (version, start, limit) =>
        changed(node.stateItems(version, start, limit), (records) => records.map(() => Uint8Array.of(0xff)))
    }),
    error: mismatch("Malformed", /state items from \d+ on of version \d+/)
  },
  {
    what: "an item count of zero",
    kind: "state snapshot",
    lie: () => ({ stateItemCount: () => Effect.succeed(0) }),
    error: mismatch("NoStateItems", /the state items of version \d+/)
  },
  {
    what: "a larger item count",
    kind: "state snapshot",
    lie: (node) => ({ stateItemCount: (version) => Effect.map(node.stateItemCount(version), (count) => count + 1) }),
    error: service("ShortCount", /^\/state_snapshot_chunk\//)
  },
  {
    what: "a root without a state checkpoint hash",
    kind: "state snapshot",
    lie: (node) => ({
      stateRootProof: (version) =>
        Effect.map(node.stateRootProof(version), ([{ ledgerInfoToTransactionInfoProof, transactionInfo }, signed]) =>
          [
            {
              ledgerInfoToTransactionInfoProof,
              transactionInfo: {
                ...transactionInfo,
                value: { ...transactionInfo.value, stateCheckpointHash: undefined }
              }
            },
            signed
          ] as const)
    }),
    error: mismatch("NoStateCheckpoint", /the state root of version \d+/)
  },
  {
    what: "the ledger info of another epoch",
    kind: "state snapshot",
    lie: (node) => ({ epochEndingLedgerInfos: (start, end) => node.epochEndingLedgerInfos(start - 1, end - 1) }),
    error: mismatch("WrongEpoch", /the ledger info that ends epoch 3/)
  },
  {
    what: "a ledger info that does not end the epoch",
    kind: "state snapshot",
    lie: (node) => ({
      epochEndingLedgerInfos: (start, end) =>
        changed(node.epochEndingLedgerInfos(start, end), (records) => records.map(withoutNextEpoch))
    }),
    error: mismatch("WrongEpoch", /the ledger info that ends epoch 3/)
  },
  {
    what: "too few transactions",
    kind: "transactions",
    lie: (node) => ({ transactions: (start, count) => node.transactions(start, count - 1) }),
    error: service("ShortCount", /^\/transactions\/0\/46$/)
  },
  {
    what: "too many transactions",
    kind: "transactions",
    lie: (node) => ({ transactions: (start, count) => node.transactions(start, count + 1) }),
    error: service("Malformed", /^\/transactions\/0\/46$/)
  },
  {
    what: "a stream that ends within a record",
    kind: "transactions",
    lie: (node) => ({
      transactions: (start, count) =>
        Stream.concat(node.transactions(start, count - 1), Stream.make(Uint8Array.of(0, 0, 1, 0, 7)))
    }),
    error: service("Malformed", /^\/transactions\/0\/46$/)
  },
  {
    what: "a record that claims to be huge",
    kind: "transactions",
    lie: () => ({ transactions: () => Stream.make(Uint8Array.of(0x7f, 0xff, 0xff, 0xff)) }),
    error: service("TooLarge", /^\/transactions\/0\/46$/)
  }
]

layer(layerSmall)("a node that answers with", (it) => {
  for (const { error, kind, lie, what } of lies) {
    it.effect(`O-5: ${what} (${kind})`, () =>
      Effect.gen(function*() {
        const { store } = yield* TestNetwork
        const node = clientOf(store)
        const { files, open, storage } = makeStorage()
        const found = yield* Effect.flip(between({ ...node, ...lie(node) }, storage, ofKind[kind]))
        expect(found).toMatchObject(error)
        expect([...files.keys()].filter((file) => !/\.(chunk|proof)$/.test(file))).toEqual([])
        expect(open.writes).toBe(0)
      }))
  }

  it.effect("less than what is asked for, since it is behind", () =>
    Effect.gen(function*() {
      const { store, summary } = yield* TestNetwork
      const { storage } = makeStorage()
      const beyond = summary.latestVersion + 1
      const take = TransactionBackup.take({ firstVersion: beyond, lastVersion: beyond + 9, settings })
      expect(yield* Effect.flip(between(clientOf(store), storage, take))).toMatchObject({ reason: "ShortCount" })
      for (const open of [epochEndings(4, 5), stateSnapshot(5)]) {
        expect(yield* Effect.flip(between(clientOf(store), storage, open))).toMatchObject({ reason: "ShortCount" })
      }
    }))

  it.effect("nothing, since nothing was asked: reversed ranges are refused", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      const { log, storage } = makeStorage()
      for (
        const take of [
          EpochEndingBackup.take({ firstEpoch: 3, lastEpoch: 2, settings }),
          TransactionBackup.take({ firstVersion: 3, lastVersion: 2, settings })
        ]
      ) {
        expect(yield* Effect.flip(between(clientOf(store), storage, take))).toMatchObject({ _tag: "ImpossibleRequest" })
      }
      expect(log).toEqual([])
    }))
})
