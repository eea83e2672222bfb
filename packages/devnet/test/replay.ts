/**
 * A second opinion on a ledger: decodes every record that a store serves and works out hashes, roots and state anew, with
 * another SHA3 and the plainest of trees.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as BcsReader from "@holdfast/ledger/BcsReader"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as ContractEvent from "@holdfast/ledger/ContractEvent"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StateValue from "@holdfast/ledger/StateValue"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"

const sha3 = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const hash = createHash("sha3-256")
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const seeded = (name: string, ...parts: ReadonlyArray<Uint8Array>): Uint8Array =>
  sha3(sha3(new TextEncoder().encode(`APTOS::${name}`)), ...parts)

/** The root of an accumulator over these leaves. */
const accumulatorRoot = (name: string, leaves: ReadonlyArray<Uint8Array>): Uint8Array => {
  let level = [...leaves]
  while (level.length > 1) {
    const above: Array<Uint8Array> = []
    for (let at = 0; at < level.length; at += 2) {
      above.push(seeded(name, level[at]!, level[at + 1] ?? HashValue.accumulatorPlaceholder))
    }
    level = above
  }
  return level[0] ?? HashValue.accumulatorPlaceholder
}

interface Leaf {
  readonly key: string
  readonly hash: Uint8Array
}

const bit = (key: string, depth: number): number => (Number.parseInt(key[depth >> 2]!, 16) >> (3 - (depth & 3))) & 1

const stateRoot = (leaves: ReadonlyArray<Leaf>, depth = 0): Uint8Array => {
  const [only] = leaves
  if (only === undefined) return HashValue.sparseMerklePlaceholder
  if (leaves.length === 1) return only.hash
  const left = leaves.filter((leaf) => bit(leaf.key, depth) === 0)
  const right = leaves.filter((leaf) => bit(leaf.key, depth) === 1)
  return seeded("SparseMerkleInternal", stateRoot(left, depth + 1), stateRoot(right, depth + 1))
}

/** What a transaction record says. */
export interface Entry {
  readonly version: number
  readonly transaction: Transaction.Transaction
  readonly auxiliaryInfo: TransactionInfo.PersistedAuxiliaryInfo
  readonly info: TransactionInfo.TransactionInfo["value"]
  readonly events: ReadonlyArray<ContractEvent.ContractEvent>
  readonly writeSet: WriteSet.WriteSet
  /** State items after it. */
  readonly stateItems: number
  /** The accumulator's root after it. */
  readonly accumulatorRoot: Uint8Array
}

export interface Replay {
  readonly entries: ReadonlyArray<Entry>
  /** Whatever does not agree with the records' own hashes, and every write that the state does not allow. */
  readonly faults: ReadonlyArray<string>
  /** Keys that were created again after they had been deleted. */
  readonly recreated: number
}

/** All records of the store, decoded and checked. */
export const replay = Effect.gen(function*() {
  const store = yield* LedgerStore.LedgerStore
  const { nextVersion } = yield* store.head
  const batches = yield* Stream.runCollect(store.transactions(0, nextVersion))
  const bytes = Bytes.concatBytes([...batches])
  const view = new DataView(bytes.buffer)
  const entries: Array<Entry> = []
  const faults: Array<string> = []
  const leaves: Array<Uint8Array> = []
  const state = new Map<string, Uint8Array>()
  const deleted = new Set<string>()
  let recreated = 0
  for (let at = 0; at < bytes.length;) {
    const version = entries.length
    const same = (what: string, found: Uint8Array | undefined, expected: Uint8Array | undefined): void => {
      if (Bytes.toHex(found ?? new Uint8Array()) !== Bytes.toHex(expected ?? new Uint8Array())) {
        faults.push(`version ${version}: ${what}`)
      }
    }
    const start = at + 4
    at = start + view.getUint32(at)
    const reader = new BcsReader.BcsReader(bytes, start, at)
    const raw = <A>(codec: Bcs.Codec<A>): readonly [A, Uint8Array] => {
      const from = reader.offset
      return [codec.read(reader), bytes.subarray(from, reader.offset)]
    }
    const [transaction] = raw(Transaction.Transaction)
    const [auxiliaryInfo, auxiliaryBytes] = raw(TransactionInfo.PersistedAuxiliaryInfo)
    const [{ value: info }, infoBytes] = raw(TransactionInfo.TransactionInfo)
    const [events] = raw(Bcs.sequence(ContractEvent.ContractEvent))
    const [writeSet, writeSetBytes] = raw(WriteSet.WriteSet)
    reader.finish()

    same(
      "transaction hash",
      seeded("Transaction", Bcs.encode(Transaction.Transaction, asSent(transaction))),
      info.transactionHash
    )
    const hashes = events.map((event) => seeded("ContractEvent", Bcs.encode(ContractEvent.ContractEvent, event)))
    same("event root", accumulatorRoot("EventAccumulator", hashes), info.eventRootHash)
    same("state change hash", seeded("WriteSet", writeSetBytes), info.stateChangeHash)
    same(
      "auxiliary info hash",
      auxiliaryInfo._tag === "V1" ? seeded("PersistedAuxiliaryInfo", auxiliaryBytes) : undefined,
      info.auxiliaryInfoHash
    )
    leaves.push(seeded("TransactionInfo", infoBytes))

    for (const [key, op] of WriteSet.entries(writeSet)) {
      const keyHash = seeded("StateKey", StateKey.storageEncoding(key))
      const name = Bytes.toHex(keyHash)
      const creates = op._tag.startsWith("Creation")
      if (creates === state.has(name)) faults.push(`version ${version}: ${op._tag} of ${name}`)
      if (creates && deleted.has(name)) recreated += 1
      const value = WriteSet.storedValue(op)
      if (value === undefined) {
        state.delete(name)
        deleted.add(name)
      } else {
        const valueHash = seeded("StateValue", Bcs.encode(StateValue.StateValue, value))
        state.set(name, seeded("SparseMerkleLeafNode", keyHash, valueHash))
      }
    }
    if (info.stateCheckpointHash !== undefined) {
      same("state root", stateRoot([...state].map(([key, hash]) => ({ key, hash }))), info.stateCheckpointHash)
    }
    entries.push({
      version,
      transaction,
      auxiliaryInfo,
      info,
      events,
      writeSet,
      stateItems: state.size,
      accumulatorRoot: info.stateCheckpointHash === undefined
        ? new Uint8Array()
        : accumulatorRoot("TransactionAccumulator", leaves)
    })
  }
  if (entries.length !== nextVersion) faults.push(`${entries.length} records of ${nextVersion}`)
  return { entries, faults, recreated } satisfies Replay
})

/** An encrypted payload as its sender hashed it. */
const asSent = (transaction: Transaction.Transaction): Transaction.Transaction => {
  if (transaction._tag !== "UserTransaction") return transaction
  const { authenticator, rawTxn } = transaction.value
  const { payload } = rawTxn
  if (payload._tag !== "EncryptedPayload" || payload.value._tag === "Encrypted") return transaction
  const sent = { _tag: "EncryptedPayload", value: { _tag: "Encrypted", value: payload.value.value.original } } as const
  return { _tag: "UserTransaction", value: { rawTxn: { ...rawTxn, payload: sent }, authenticator } }
}
