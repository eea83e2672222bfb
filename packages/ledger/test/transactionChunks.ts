import * as Bcs from "../src/Bcs.ts"
import { concatBytes } from "../src/Bytes.ts"
import { ContractEvent } from "../src/ContractEvent.ts"
import type { TransactionRangeProof } from "../src/Proofs.ts"
import type { RecordFormat } from "../src/Scan.ts"
import { Transaction } from "../src/Transaction.ts"
import { TransactionChunkVerifier } from "../src/TransactionChunkVerifier.ts"
import { PersistedAuxiliaryInfo, TransactionInfo } from "../src/TransactionInfo.ts"
import { WriteSet } from "../src/WriteSet.ts"
import { batchOfRecords } from "./batches.ts"
import { hashOf, NaiveAccumulator, someHashes } from "./naiveTrees.ts"
import { ledgerInfo, unsigned } from "./signing.ts"
import { wireTypes } from "./wireTypes.ts"

/** A record of a transaction chunk, taken apart. */
export interface Parts {
  readonly transaction: Transaction
  /** In format V0 `None`. */
  readonly auxiliary: PersistedAuxiliaryInfo
  readonly info: TransactionInfo
  readonly events: ReadonlyArray<ContractEvent>
  readonly writeSet: WriteSet
}

const none: PersistedAuxiliaryInfo = { _tag: "None" }

export const partsOf = (record: Uint8Array, format: RecordFormat = "V1"): Parts => {
  const [transaction, [auxiliary, [info, [events, writeSet]]]] = format === "V1"
    ? Bcs.decodeUnsafe(wireTypes["transaction record V1"], record)
    : withNoAuxiliary(Bcs.decodeUnsafe(wireTypes["transaction record V0"], record))
  return { transaction, auxiliary, info, events, writeSet }
}

const withNoAuxiliary = <A, B>([transaction, outcome]: readonly [A, B]) => [transaction, [none, outcome]] as const

export const recordOf = (
  { auxiliary, events, info, transaction, writeSet }: Parts,
  format: RecordFormat = "V1"
): Uint8Array =>
  concatBytes([
    Bcs.encode(Transaction, transaction),
    format === "V1" ? Bcs.encode(PersistedAuxiliaryInfo, auxiliary) : new Uint8Array(0),
    Bcs.encode(TransactionInfo, info),
    Bcs.encode(Bcs.sequence(ContractEvent), events),
    Bcs.encode(WriteSet, writeSet)
  ])

export const withInfo = (parts: Parts, changes: Partial<TransactionInfo["value"]>): Parts => ({
  ...parts,
  info: { _tag: "V0", value: { ...parts.info.value, ...changes } }
})

/** The parts with an info that states their hashes; `hashed` is the transaction whose bytes its hash covers. */
export const consistent = (parts: Omit<Parts, "info">, hashed = parts.transaction): Parts => ({
  ...parts,
  info: {
    _tag: "V0",
    value: {
      gasUsed: 1n,
      status: { _tag: "Success" },
      transactionHash: hashOf("Transaction", Bcs.encode(Transaction, hashed)),
      eventRootHash: new NaiveAccumulator(
        parts.events.map((event) => hashOf("ContractEvent", Bcs.encode(ContractEvent, event))),
        "EventAccumulator"
      ).root(),
      stateChangeHash: hashOf("WriteSet", Bcs.encode(WriteSet, parts.writeSet)),
      stateCheckpointHash: undefined,
      auxiliaryInfoHash: parts.auxiliary._tag === "V1"
        ? hashOf("PersistedAuxiliaryInfo", Bcs.encode(PersistedAuxiliaryInfo, parts.auxiliary))
        : undefined
    }
  }
})

/** A proof for the records from version `first` on, in a ledger where `after` more versions follow. */
export const proofOf = (all: ReadonlyArray<Parts>, first: number, after: number): TransactionRangeProof => {
  const accumulator = new NaiveAccumulator([
    ...someHashes(first),
    ...all.map(({ info }) => hashOf("TransactionInfo", Bcs.encode(TransactionInfo, info))),
    ...someHashes(after, 500_000)
  ])
  const last = first + all.length - 1
  const version = last + after
  return [accumulator.rangeProof(first, last), unsigned(ledgerInfo({ version, executedStateId: accumulator.root() }))]
}

/** Checks a chunk as a whole; in batches that begin at these indices, if some are given. */
export const verifyChunk = (
  records: ReadonlyArray<Uint8Array>,
  first: number,
  format: RecordFormat,
  proof: TransactionRangeProof,
  cuts: ReadonlyArray<number> = [],
  verifier = new TransactionChunkVerifier()
): void => {
  verifier.begin(first, format)
  const starts = [0, ...cuts.toSorted((a, b) => a - b), records.length]
  for (const [index, start] of starts.slice(0, -1).entries()) {
    verifier.push(batchOfRecords(records.slice(start, starts[index + 1])))
  }
  verifier.end(proof)
}
