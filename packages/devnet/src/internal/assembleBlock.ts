/**
 * Makes a block of the ledger from drafts: bytes, hashes and the accumulator root.
 */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as Accumulator from "@holdfast/ledger/Accumulator"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as BcsWriter from "@holdfast/ledger/BcsWriter"
import * as ContractEvent from "@holdfast/ledger/ContractEvent"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import type { Draft } from "./draftTransaction.ts"

const { seeds, size } = HashValue

/** The bytes and hashes of a draft, without a state root. */
export interface Prepared {
  readonly transaction: Uint8Array
  readonly auxiliaryInfo: Uint8Array
  readonly events: Uint8Array
  readonly writeSet: Uint8Array
  readonly info: Omit<TransactionInfo.TransactionInfo["value"], "stateCheckpointHash">
}

export const prepare = (draft: Draft): Prepared => {
  const transaction = Bcs.encode(Transaction.Transaction, draft.transaction)
  const auxiliaryInfo = Bcs.encode(TransactionInfo.PersistedAuxiliaryInfo, draft.auxiliaryInfo)
  const changes: WriteSet.WriteSet = { _tag: "V0", value: { writeSet: draft.writes } }
  const writeSet = Bcs.encode(WriteSet.WriteSet, changes)
  const { bytes, root } = encodeEvents(draft.events)
  return {
    transaction,
    auxiliaryInfo,
    events: bytes,
    writeSet,
    info: {
      gasUsed: draft.gasUsed,
      status: draft.status,
      transactionHash: Transaction.hashedForm(draft.transaction) === draft.transaction
        ? Sha3.hashSeeded(seeds.transaction, transaction)
        : Transaction.hash(draft.transaction),
      eventRootHash: root,
      stateChangeHash: Sha3.hashSeeded(seeds.writeSet, writeSet),
      auxiliaryInfoHash: draft.auxiliaryInfo._tag === "V1"
        ? Sha3.hashSeeded(seeds.auxiliaryInfo, auxiliaryInfo)
        : undefined
    }
  }
}

const encodeEvents = (
  events: Draft["events"]
): { readonly bytes: Uint8Array; readonly root: HashValue.HashValue } => {
  const writer = new BcsWriter.BcsWriter()
  const leaves = new Uint8Array((events.length + 1) * size)
  writer.length(events.length)
  for (const [index, event] of events.entries()) {
    const start = writer.offset
    ContractEvent.ContractEvent.write(writer, event)
    leaves.set(Sha3.hashSeeded(seeds.event, writer.written(start)), index * size)
  }
  return { bytes: writer.finish(), root: Accumulator.rootOfLeaves(seeds.eventAccumulator, leaves, events.length) }
}

/** The transactions of a block, the last of which carries the state root, and the accumulator root after them. */
export interface Sealed {
  readonly transactions: ReadonlyArray<LedgerStore.TransactionToCommit>
  readonly lastVersion: number
  readonly accumulatorRoot: HashValue.HashValue
}

export const seal = (
  head: LedgerStore.Head,
  prepared: ReadonlyArray<Prepared>,
  stateRoot: HashValue.HashValue
): Sealed => {
  const accumulator = new Accumulator.AccumulatorBuilder(
    seeds.transactionAccumulator,
    head.nextVersion,
    head.frozenSubtreeRoots
  )
  const transactions = prepared.map(({ info, ...bytes }, index) => {
    const stateCheckpointHash = index === prepared.length - 1 ? stateRoot : undefined
    const outcome: TransactionInfo.TransactionInfo = { _tag: "V0", value: { ...info, stateCheckpointHash } }
    return { ...bytes, transactionInfo: Bcs.encode(TransactionInfo.TransactionInfo, outcome) }
  })
  accumulator.append(TransactionInfo.leafHashes(transactions.map(({ transactionInfo }) => transactionInfo)))
  return {
    transactions,
    lastVersion: accumulator.count - 1,
    accumulatorRoot: accumulator.root()
  }
}
