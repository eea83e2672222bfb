/** Random ledgers for stores: no validators, no signatures. Stores check none of these. */
import {
  Accumulator,
  Bcs,
  HashValue,
  type LedgerInfo,
  Sha3,
  type StateKey,
  Transaction,
  TransactionInfo,
  WriteSet
} from "@holdfast/ledger"
import type { LedgerStore, LedgerStoreError } from "@holdfast/ledger-store"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

type Store = LedgerStore.LedgerStore["Type"]

/** What a transaction does: values by key; a key without a value is removed. */
export type Writes = ReadonlyArray<readonly [key: number, value: string | undefined]>

export interface BlockShape {
  /** One transaction each. */
  readonly writes: ReadonlyArray<Writes>
  readonly close: "unsigned" | "signed" | "endsEpoch"
  /** Does every transaction carry the state root, or only the last? */
  readonly everyRoot: boolean
}

const writes: FastCheck.Arbitrary<Writes> = FastCheck.uniqueArray(
  FastCheck.tuple(
    FastCheck.integer({ min: 0, max: 80 }),
    FastCheck.oneof(
      FastCheck.constant(undefined),
      FastCheck.string({ maxLength: 12 }),
      FastCheck.string({ maxLength: 3 })
    )
  ),
  { selector: ([key]) => key, maxLength: 12 }
)

export const anyBlock: FastCheck.Arbitrary<BlockShape> = FastCheck.record({
  writes: FastCheck.array(writes, { minLength: 1, maxLength: 5 }),
  close: FastCheck.constantFrom("unsigned", "signed", "endsEpoch", "endsEpoch"),
  everyRoot: FastCheck.boolean()
})

const utf8 = new TextEncoder()

export const writeSet = (all: Writes): Uint8Array =>
  Bcs.encode(WriteSet.WriteSet, {
    _tag: "V0",
    value: {
      writeSet: all.map(([key, value]): readonly [StateKey.StateKey, WriteSet.WriteOp] => [
        { _tag: "Raw", value: utf8.encode(`key ${key}`) },
        value === undefined ? { _tag: "Deletion" } : { _tag: "Modification", value: utf8.encode(value) }
      ])
    }
  })

const transactionInfo = (version: number, stateRoot: HashValue.HashValue | undefined): Uint8Array =>
  Bcs.encode(TransactionInfo.TransactionInfo, {
    _tag: "V0",
    value: {
      gasUsed: BigInt(version),
      status: { _tag: "Success" },
      transactionHash: HashValue.zero,
      eventRootHash: HashValue.accumulatorPlaceholder,
      stateChangeHash: HashValue.zero,
      stateCheckpointHash: stateRoot,
      auxiliaryInfoHash: undefined
    }
  })

const ledgerInfo = (
  epoch: number,
  version: number,
  root: HashValue.HashValue,
  endsEpoch: boolean
): LedgerInfo.LedgerInfoWithSignatures => ({
  _tag: "V0",
  value: {
    ledgerInfo: {
      commitInfo: {
        epoch,
        round: BigInt(version),
        id: HashValue.zero,
        executedStateId: root,
        version,
        timestampUsecs: version,
        nextEpochState: endsEpoch ? { epoch: epoch + 1, verifier: { validatorInfos: [] } } : undefined
      },
      consensusDataHash: HashValue.zero
    },
    signatures: { validatorBitmask: new Uint8Array(0), sig: undefined }
  }
})

/** The block of that shape that continues a store, made with the store's own roots. */
export const blockAfter = (
  store: Store,
  { close, everyRoot, writes: all }: BlockShape
): Effect.Effect<LedgerStore.Block, LedgerStoreError.LedgerStoreError> =>
  Effect.gen(function*() {
    const head = yield* store.head
    const writeSets = all.map(writeSet)
    const roots = yield* store.stateRootsAfter(writeSets)
    const { transactionAccumulator } = HashValue.seeds
    const accumulator = new Accumulator.AccumulatorBuilder(
      transactionAccumulator,
      head.nextVersion,
      head.frozenSubtreeRoots
    )
    const transactions = writeSets.map((bytes, index) => {
      const carriesRoot = everyRoot || index === writeSets.length - 1
      const info = transactionInfo(head.nextVersion + index, carriesRoot ? roots[index] : undefined)
      accumulator.append(Sha3.hashSeeded(HashValue.seeds.transactionInfo, info))
      return {
        transaction: Bcs.encode(Transaction.Transaction, { _tag: "StateCheckpoint", value: HashValue.zero }),
        auxiliaryInfo: Bcs.encode(TransactionInfo.PersistedAuxiliaryInfo, { _tag: "None" }),
        transactionInfo: info,
        events: Uint8Array.of(0),
        writeSet: bytes
      }
    })
    const latest = Option.getOrUndefined(head.latestLedgerInfo)?.value.ledgerInfo.commitInfo
    const epoch = latest === undefined ? 0 : latest.nextEpochState?.epoch ?? latest.epoch
    const signed = ledgerInfo(epoch, accumulator.count - 1, accumulator.root(), close === "endsEpoch")
    return {
      firstVersion: head.nextVersion,
      transactions,
      ledgerInfo: close === "unsigned" ? Option.none() : Option.some(signed)
    }
  })

/** A folder that goes with the scope. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-store-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)
