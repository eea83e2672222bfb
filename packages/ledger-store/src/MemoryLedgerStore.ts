/**
 * A ledger store in memory: for tests, development networks and short-lived ledgers.
 *
 * The store keeps all transactions, the states of all versions that end an epoch, and the newest state. Nothing outlives
 * the process.
 */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Proofs from "@holdfast/ledger/Proofs"
import * as StateTree from "@holdfast/ledger/StateTree"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { accumulatorGrowth } from "./internal/accumulator/growth.ts"
import { AccumulatorLevels } from "./internal/accumulator/levels.ts"
import { frozenSubtreeRoots, inclusionProof, rangeProof } from "./internal/accumulator/proofs.ts"
import { checkFirstVersion, checkLedgerInfo, leafHashes, recordParts } from "./internal/blockChecks.ts"
import { batchBytes, RecordLog } from "./internal/records/log.ts"
import { type Preview, preview, stateAfter } from "./internal/state/states.ts"
import { attempt, refuse } from "./internal/storeFailures.ts"
import { type Block, type Head, LedgerStore, type Service } from "./LedgerStore.ts"

type LedgerInfoWithSignatures = LedgerInfo.LedgerInfoWithSignatures

const { commitInfoOf } = LedgerInfo

class Memory {
  readonly #transactions = new RecordLog()
  readonly #infos = new RecordLog()
  /** Epoch-ending ledger infos, by epoch. */
  readonly #endings: Array<LedgerInfoWithSignatures> = []
  readonly #endingRecords = new RecordLog()
  readonly #accumulator = new AccumulatorLevels()
  /** States that end an epoch, by version. */
  readonly #epochStates = new Map<number, StateTree.StateTree>()
  #state = StateTree.empty
  #latest: LedgerInfoWithSignatures | undefined
  /** What `stateRootsAfter` computed last: mostly the next block to commit. */
  #preview: Preview<StateTree.StateTree> | undefined

  get #nextVersion(): number {
    return this.#transactions.count
  }

  dbState(): Option.Option<LedgerInfo.DbState> {
    if (this.#latest === undefined) return Option.none()
    const { epoch, version } = commitInfoOf(this.#latest)
    return Option.some({ epoch, committedVersion: version })
  }

  head(): Head {
    return {
      nextVersion: this.#nextVersion,
      stateRoot: StateTree.root(this.#state),
      frozenSubtreeRoots: frozenSubtreeRoots(this.#accumulator.node, this.#accumulator.count),
      latestLedgerInfo: Option.fromNullable(this.#latest)
    }
  }

  epochEndings(start: number, end: number): IterableIterator<Uint8Array> {
    return this.#endingRecords.batches(start, end)
  }

  transactions(start: number, count: number): IterableIterator<Uint8Array> {
    return this.#transactions.batches(start, Math.min(start + count, this.#nextVersion))
  }

  stateAt(operation: string, version: number): StateTree.StateTree {
    return this.#epochStates.get(version) ??
      (version === this.#nextVersion - 1
        ? this.#state
        : refuse(
          operation,
          "NotAvailable",
          `no state of version ${version}: it ends no epoch, or is not committed yet`
        ))
  }

  stateRangeProof(version: number, endKeyHash: HashValue.HashValue): Proofs.SparseMerkleRangeProof {
    const rightSiblings = StateTree.rangeProof(this.stateAt("state range proof", version), endKeyHash)
    if (rightSiblings !== undefined) return { rightSiblings }
    return refuse("state range proof", "NotAvailable", `no key ${HashValue.format(endKeyHash)} at version ${version}`)
  }

  stateRootProof(version: number): Proofs.StateRootProof {
    const ledgerInfo = this.#ledgerInfoOf("state root proof", version)
    const info = this.#infos.get(version) ??
      refuse("state root proof", "Corrupt", `the transaction info of version ${version} is missing`)
    return [{
      ledgerInfoToTransactionInfoProof: inclusionProof(
        this.#accumulator.node,
        commitInfoOf(ledgerInfo).version + 1,
        version
      ),
      transactionInfo: Bcs.decodeUnsafe(TransactionInfo.TransactionInfo, info)
    }, ledgerInfo]
  }

  transactionRangeProof(first: number, last: number): Proofs.TransactionRangeProof {
    if (first > last) refuse("transaction range proof", "NotAvailable", `version ${first} comes after ${last}`)
    const ledgerInfo = this.#ledgerInfoOf("transaction range proof", last)
    return [rangeProof(this.#accumulator.node, commitInfoOf(ledgerInfo).version + 1, first, last), ledgerInfo]
  }

  /** The latest ledger info of the epoch that a version lies in. */
  #ledgerInfoOf(operation: string, version: number): LedgerInfoWithSignatures {
    let low = 0
    let high = this.#endings.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const ending = this.#endings[middle]
      if (ending !== undefined && commitInfoOf(ending).version < version) low = middle + 1
      else high = middle
    }
    const ledgerInfo = this.#endings[low] ?? this.#latest
    if (ledgerInfo !== undefined && version <= commitInfoOf(ledgerInfo).version) return ledgerInfo
    return refuse(operation, "NotAvailable", `no ledger info covers version ${version} yet`)
  }

  stateRootsAfter(writeSets: ReadonlyArray<Uint8Array>): ReadonlyArray<HashValue.HashValue> {
    this.#preview = preview(StateTree, this.#state, writeSets)
    return this.#preview.states.map(StateTree.root)
  }

  /** All checks come before all changes. */
  commit(block: Block): void {
    const { firstVersion, transactions } = block
    checkFirstVersion(firstVersion, this.#nextVersion)
    const leaves = leafHashes(transactions)
    const state = stateAfter(
      StateTree,
      this.#state,
      block,
      this.#preview?.base === this.#state ? this.#preview : undefined
    )
    const signed = Option.getOrUndefined(block.ledgerInfo)
    if (signed !== undefined) {
      const held = this.#accumulator.count
      const before = frozenSubtreeRoots(this.#accumulator.node, held)
      const growth = accumulatorGrowth(held, before, leaves, transactions.length)
      checkLedgerInfo(signed, this.#endings.length, held + transactions.length, growth.frozenSubtreeRoots)
    }

    for (const each of transactions) {
      this.#transactions.append(recordParts(each))
      this.#infos.append([each.transactionInfo])
    }
    this.#accumulator.append(leaves, transactions.length)
    this.#state = state
    this.#preview = undefined
    if (signed === undefined) return
    this.#latest = signed
    if (commitInfoOf(signed).nextEpochState === undefined) return
    this.#endings.push(signed)
    this.#endingRecords.append([Bcs.encode(LedgerInfo.LedgerInfoWithSignatures, signed)])
    this.#epochStates.set(commitInfoOf(signed).version, state)
  }
}

/** Framed items, about {@link batchBytes} at a time. */
function* itemBatches(
  state: StateTree.StateTree,
  start: number,
  limit: number
): Generator<Uint8Array, void, undefined> {
  let records: Array<Uint8Array> = []
  let size = 0
  for (const { record } of StateTree.items(state, start, limit)) {
    records.push(record)
    size += record.length
    if (size >= batchBytes) {
      yield Bytes.concatBytes(records)
      records = []
      size = 0
    }
  }
  if (size > 0) yield Bytes.concatBytes(records)
}

/** Makes each batch when the reader pulls. */
const streamOf = (batches: () => IterableIterator<Uint8Array>): Stream.Stream<Uint8Array> =>
  Stream.suspend(() => Stream.fromIteratorSucceed(batches(), 1))

/** An empty ledger store in memory. */
export const make: Effect.Effect<Service> = Effect.sync(() => {
  const memory = new Memory()
  return LedgerStore.of({
    dbState: Effect.sync(() => memory.dbState()),
    epochEndingLedgerInfos: (start, end) => streamOf(() => memory.epochEndings(start, end)),
    stateItemCount: (version) =>
      attempt("state item count", "Corrupt", () => StateTree.count(memory.stateAt("state item count", version))),
    stateItems: (version, start, limit) =>
      Stream.unwrap(Effect.map(
        attempt("state items", "Corrupt", () => memory.stateAt("state items", version)),
        (state) => streamOf(() => itemBatches(state, start, limit))
      )),
    stateRangeProof: (version, endKeyHash) =>
      attempt("state range proof", "Corrupt", () => memory.stateRangeProof(version, endKeyHash)),
    stateRootProof: (version) => attempt("state root proof", "Corrupt", () => memory.stateRootProof(version)),
    transactions: (start, count) => streamOf(() => memory.transactions(start, count)),
    transactionRangeProof: (first, last) =>
      attempt("transaction range proof", "Corrupt", () => memory.transactionRangeProof(first, last)),
    head: Effect.sync(() => memory.head()),
    stateRootsAfter: (writeSets) => attempt("state roots", "Inconsistent", () => memory.stateRootsAfter(writeSets)),
    commit: (block) => attempt("commit", "Inconsistent", () => memory.commit(block))
  })
})

/** An empty ledger store in memory. */
export const layer: Layer.Layer<LedgerStore> = Layer.effect(LedgerStore, make)
