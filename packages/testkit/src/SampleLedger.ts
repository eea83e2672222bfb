/**
 * A small ledger of its own making: no validators, no signatures, every shape of block. Stores check none of these.
 */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Accumulator from "@holdfast/ledger/Accumulator"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Sha3 from "@holdfast/ledger/Sha3"
import type * as StateKey from "@holdfast/ledger/StateKey"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

type Store = LedgerStore.Service

/** What a transaction does: values by key; a key without a value is removed. */
export type Writes = ReadonlyArray<readonly [key: number, value: string | undefined]>

const utf8 = new TextEncoder()

export const writeSet = (writes: Writes): Uint8Array =>
  Bcs.encode(WriteSet.WriteSet, {
    _tag: "V0",
    value: {
      writeSet: writes.map(([key, value]): readonly [StateKey.StateKey, WriteSet.WriteOp] => [
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

export interface BlockOptions {
  /** One transaction each. */
  readonly writes: ReadonlyArray<Writes>
  /** Is the block signed, and does it end its epoch? */
  readonly close: "unsigned" | "signed" | "endsEpoch"
  /** Which transactions carry the state root: only the last, as on a real ledger, or each. */
  readonly roots: "last" | "each"
}

/** The next block of a store's ledger. Stores nothing. */
export const nextBlock = (
  store: Store,
  { close, roots, writes }: BlockOptions
): Effect.Effect<LedgerStore.Block, LedgerStoreError.LedgerStoreError> =>
  Effect.gen(function*() {
    const head = yield* store.head
    const writeSets = writes.map(writeSet)
    const stateRoots = yield* store.stateRootsAfter(writeSets)
    const accumulator = new Accumulator.AccumulatorBuilder(
      HashValue.seeds.transactionAccumulator,
      head.nextVersion,
      head.frozenSubtreeRoots
    )
    const transactions = writeSets.map((bytes, index): LedgerStore.TransactionToCommit => {
      const carriesRoot = roots === "each" || index === writeSets.length - 1
      const info = transactionInfo(head.nextVersion + index, carriesRoot ? stateRoots[index] : undefined)
      accumulator.append(Sha3.hashSeeded(HashValue.seeds.transactionInfo, info))
      return {
        transaction: Bcs.encode(Transaction.Transaction, { _tag: "StateCheckpoint", value: HashValue.zero }),
        auxiliaryInfo: Bcs.encode(TransactionInfo.PersistedAuxiliaryInfo, { _tag: "None" }),
        transactionInfo: info,
        events: Uint8Array.of(0),
        writeSet: bytes
      }
    })
    const epoch = Option.match(head.latestLedgerInfo, {
      onNone: () => 0,
      onSome: ({ value: { ledgerInfo: { commitInfo } } }) =>
        commitInfo.nextEpochState === undefined ? commitInfo.epoch : commitInfo.nextEpochState.epoch
    })
    return {
      firstVersion: head.nextVersion,
      transactions,
      ledgerInfo: close === "unsigned"
        ? Option.none()
        : Option.some(ledgerInfo(epoch, accumulator.count - 1, accumulator.root(), close === "endsEpoch"))
    }
  })

/**
 * Writes from a linear congruential sequence: the same for the same seed. Values are set, set again and removed, keys
 * mostly few.
 */
export const sampleWrites = (seed: number, transactions: number, size: number): ReadonlyArray<Writes> => {
  let state = seed
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
  return Array.from({ length: transactions }, (_, transaction) => {
    const writes = new Map<number, string | undefined>()
    for (let index = 0; index < size; index++) {
      writes.set(next(60), next(4) === 0 ? undefined : `value ${transaction} ${"x".repeat(next(40))}`)
    }
    return [...writes]
  })
}
