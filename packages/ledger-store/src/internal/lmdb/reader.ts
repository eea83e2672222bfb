/** Reads a store on LMDB. Synchronous; throws `LedgerStoreError` and `BcsError`. */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as Scan from "@holdfast/ledger/Scan"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as Option from "effect/Option"
import type { Head } from "../../LedgerStore.ts"
import { frozenPosition } from "../accumulator/growth.ts"
import { type FrozenNode, frozenSubtreeRoots, inclusionProof, rangeProof } from "../accumulator/proofs.ts"
import { nodeKey, valueKeyBytes, writeValueKey } from "../state/keys.ts"
import { emptyRoot, type ReadNode, type StateRoot } from "../state/session.ts"
import { refuse } from "../storeFailures.ts"
import { numberKey, readU64 } from "../u64.ts"
import { leaves, rangeProof as stateRangeProof } from "./storedStates.ts"
import {
  decodeEpochState,
  decodeHead,
  metaKeys,
  type Snapshot,
  type StoredHead,
  type Table,
  type Tables
} from "./tables.ts"

type LedgerInfoWithSignatures = LedgerInfo.LedgerInfoWithSignatures

const { commitInfoOf } = LedgerInfo

const noHead: StoredHead = { nextVersion: 0, epoch: 0, epochStart: 0, state: emptyRoot }

/** A table that lends values: each stays valid until the next read. */
interface LendingTable {
  readonly getBinaryFast: (key: Uint8Array, options?: { readonly transaction?: Snapshot }) => Uint8Array | undefined
}

/** A plain array: a Buffer compares, slices and prints unlike other bytes, and LMDB lends buffers over larger memory. */
const plain = (buffer: Uint8Array | undefined): Uint8Array | undefined =>
  buffer === undefined ? undefined : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)

export class LmdbReader {
  readonly #tables: Tables
  /** The snapshot that every read uses; the newest data where there is none. */
  readonly #options: { readonly transaction?: Snapshot }

  constructor(tables: Tables, snapshot?: Snapshot) {
    this.#tables = tables
    this.#options = snapshot === undefined ? {} : { transaction: snapshot }
  }

  #get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return plain(table.get(key, this.#options))
  }

  #lend(table: LendingTable, key: Uint8Array): Uint8Array | undefined {
    return plain(table.getBinaryFast(key, this.#options))
  }

  storedHead(): StoredHead {
    const bytes = this.#get(this.#tables.meta, metaKeys.head)
    if (bytes === undefined) return noHead
    return decodeHead(bytes) ?? refuse("head", "Corrupt", "the record of the head cannot be read")
  }

  latestLedgerInfo(): LedgerInfoWithSignatures | undefined {
    const bytes = this.#get(this.#tables.meta, metaKeys.ledgerInfo)
    return bytes === undefined ? undefined : Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, bytes)
  }

  dbState(): Option.Option<LedgerInfo.DbState> {
    const latest = this.latestLedgerInfo()
    if (latest === undefined) return Option.none()
    const { epoch, version } = commitInfoOf(latest)
    return Option.some({ epoch, committedVersion: version })
  }

  head(): Head {
    const { nextVersion, state } = this.storedHead()
    return {
      nextVersion,
      stateRoot: state.hash,
      frozenSubtreeRoots: this.frozenSubtreeRoots(nextVersion),
      latestLedgerInfo: Option.fromNullable(this.latestLedgerInfo())
    }
  }

  frozenSubtreeRoots(count: number): ReadonlyArray<HashValue.HashValue> {
    return frozenSubtreeRoots(this.#frozenNode, count)
  }

  readonly #frozenNode: FrozenNode = (level, index) =>
    (this.#lend(this.#tables.accumulator, numberKey(frozenPosition(level, index))) ??
      refuse("accumulator", "Corrupt", `node ${index} of level ${level} is missing`)).slice()

  readonly readNode: ReadNode = (version, path) => {
    const node = this.#get(this.#tables.nodes, nodeKey(version, path))
    return node ??
      refuse("state tree", "Corrupt", `the node of version ${version} at path [${path.join(" ")}] is missing`)
  }

  stateAt(operation: string, version: number): StateRoot {
    const kept = version < 0 ? undefined : this.#get(this.#tables.states, numberKey(version))
    if (kept !== undefined) {
      return (decodeEpochState(kept) ?? refuse(operation, "Corrupt", `the root of version ${version} cannot be read`))
        .state
    }
    const { nextVersion, state } = this.storedHead()
    return version === nextVersion - 1 ? state : refuse(
      operation,
      "NotAvailable",
      `no state of version ${version}: it ends no epoch, is not kept any more, or is not committed yet`
    )
  }

  /** State items, ascending by key hash. Each is lent. */
  *stateItems(version: number, start: number, limit: number): Generator<Uint8Array, void, undefined> {
    const key = new Uint8Array(valueKeyBytes)
    for (const leaf of leaves(this.stateAt("state items", version), this.readNode, start, limit)) {
      writeValueKey(key, leaf.keys, leaf.keyAt, leaf.version)
      yield this.#lend(this.#tables.values, key) ??
        refuse("state items", "Corrupt", `the value of ${HashValue.format(leaf.keyHash)} at ${leaf.version} is missing`)
    }
  }

  stateRangeProof(version: number, endKeyHash: HashValue.HashValue): Proofs.SparseMerkleRangeProof {
    const rightSiblings = stateRangeProof(this.stateAt("state range proof", version), this.readNode, endKeyHash)
    if (rightSiblings !== undefined) return { rightSiblings }
    return refuse("state range proof", "NotAvailable", `no key ${HashValue.format(endKeyHash)} at version ${version}`)
  }

  /** The root proof of the state that the history begins on. */
  base(): Proofs.StateRootProof | undefined {
    const bytes = this.#get(this.#tables.meta, metaKeys.base)
    return bytes === undefined ? undefined : Bcs.decodeUnsafe(Proofs.StateRootProof, bytes)
  }

  /** The oldest transaction of the store, or the first one to come. */
  firstVersion(): number {
    const base = this.base()
    return base === undefined ? 0 : commitInfoOf(base[1]).version + 1
  }

  #checkKept(operation: string, version: number): void {
    const first = this.firstVersion()
    if (version < first) {
      refuse(operation, "NotAvailable", `version ${version} is not kept: the history begins with version ${first}`)
    }
  }

  /** Transactions, `V1` records. Each is lent. */
  *transactions(start: number, count: number): Generator<Uint8Array, void, undefined> {
    if (count > 0) this.#checkKept("transactions", start)
    const end = Math.min(start + count, this.storedHead().nextVersion)
    for (let version = start; version < end; version++) yield this.#transaction(version)
  }

  #transaction(version: number): Uint8Array {
    return this.#lend(this.#tables.transactions, numberKey(version)) ??
      refuse("transactions", "Corrupt", `the transaction of version ${version} is missing`)
  }

  /** All epoch-ending ledger infos, also those that a restore has added ahead of the ledger. Each is lent. */
  *allEpochEndings(): Generator<Uint8Array, void, undefined> {
    const next = this.nextEpoch()
    for (let epoch = 0; epoch < next; epoch++) yield this.#epochEnding(epoch)
  }

  /** Epoch-ending ledger infos. Each is lent. */
  *epochEndings(start: number, end: number): Generator<Uint8Array, void, undefined> {
    const last = Math.min(end, this.storedHead().epoch)
    for (let epoch = start; epoch < last; epoch++) yield this.#epochEnding(epoch)
  }

  #epochEnding(epoch: number): Uint8Array {
    return this.#lend(this.#tables.endings, numberKey(epoch)) ??
      refuse("epoch endings", "Corrupt", `the ledger info that ends epoch ${epoch} is missing`)
  }

  stateRootProof(version: number): Proofs.StateRootProof {
    const base = this.base()
    if (base !== undefined && version === commitInfoOf(base[1]).version) return base
    this.#checkKept("state root proof", version)
    const ledgerInfo = this.#ledgerInfoOf("state root proof", version)
    const proof = inclusionProof(this.#frozenNode, commitInfoOf(ledgerInfo).version + 1, version)
    const scan = new Scan.TransactionScan("V1")
    const record = this.#transaction(version).slice()
    scan.begin(record)
    scan.add(0, record.length)
    const info = record.subarray(scan.infoStarts[0], scan.infoEnds[0])
    return [{
      ledgerInfoToTransactionInfoProof: proof,
      transactionInfo: Bcs.decodeUnsafe(TransactionInfo.TransactionInfo, info)
    }, ledgerInfo]
  }

  transactionRangeProof(first: number, last: number): Proofs.TransactionRangeProof {
    if (first > last) refuse("transaction range proof", "NotAvailable", `version ${first} comes after ${last}`)
    this.#checkKept("transaction range proof", first)
    const ledgerInfo = this.#ledgerInfoOf("transaction range proof", last)
    return [rangeProof(this.#frozenNode, commitInfoOf(ledgerInfo).version + 1, first, last), ledgerInfo]
  }

  /** The store holds the endings of all epochs before this one. During a restore they are ahead of the ledger. */
  nextEpoch(): number {
    for (const key of this.#tables.endings.getKeys({ ...this.#options, reverse: true, limit: 1 })) {
      return readU64(key, 0) + 1
    }
    return 0
  }

  /** The first epoch-ending version from `version` on. */
  nextEnding(version: number): { readonly version: number; readonly epoch: number } | undefined {
    const from = { ...this.#options, start: numberKey(version), limit: 1 }
    for (const { key, value } of this.#tables.endingVersions.getRange(from)) {
      return { version: readU64(key, 0), epoch: readU64(value, 0) }
    }
    return undefined
  }

  epochEnding(epoch: number): LedgerInfoWithSignatures {
    return Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, this.#epochEnding(epoch).slice())
  }

  /** The latest ledger info of the epoch that a version lies in. */
  #ledgerInfoOf(operation: string, version: number): LedgerInfoWithSignatures {
    const ending = this.nextEnding(version)
    if (ending !== undefined && ending.epoch < this.storedHead().epoch) return this.epochEnding(ending.epoch)
    const latest = this.latestLedgerInfo()
    if (latest !== undefined && version <= commitInfoOf(latest).version) return latest
    return refuse(operation, "NotAvailable", `no ledger info covers version ${version} yet`)
  }
}
