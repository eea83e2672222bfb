/** Writes a store on LMDB. Synchronous; throws `LedgerStoreError` and `BcsError`. */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import type * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Option from "effect/Option"
import type { Block } from "../../LedgerStore.ts"
import { accumulatorGrowth, type Growth } from "../accumulator/growth.ts"
import { checkFirstVersion, checkLedgerInfo, leafHashes, recordParts } from "../blockChecks.ts"
import { type State, type StateRoot, StateSession } from "../state/session.ts"
import { type Preview, preview, stateAfter } from "../state/states.ts"
import { refuse } from "../storeFailures.ts"
import { numberKey } from "../u64.ts"
import type { LmdbReader } from "./reader.ts"
import { forgetStates, StaleKeys, staleNode, staleValue, sweep } from "./staleKeys.ts"
import { encodeEpochState, encodeHead, metaKeys, metaText, type StoredHead, type Table, type Tables } from "./tables.ts"
import type { WriterClaim } from "./writerClaim.ts"

/** Bytes of the length before a framed record. */
const frameHeaderBytes = 4

/** A step of the ledger by some versions. */
export interface Advance {
  readonly head: StoredHead
  /** The accumulator leaves of the new versions. */
  readonly leaves: Uint8Array
  readonly count: number
  /** A session over the state of the head. */
  readonly session: StateSession
  /** The state after the last version. */
  readonly state: State
  /** The ledger info of the last version. */
  readonly ledgerInfo: LedgerInfo.LedgerInfoWithSignatures | undefined
  readonly writeTransactions: () => void
}

/** The states that `stateRootsAfter` computed: mostly those of the next block. */
interface Ahead {
  readonly session: StateSession
  readonly states: Preview<State>
}

export class LmdbWriter {
  readonly #tables: Tables
  readonly #reader: LmdbReader
  readonly #claim: WriterClaim
  readonly #retainedEpochs: number
  #ahead: Ahead | undefined

  constructor(tables: Tables, reader: LmdbReader, claim: WriterClaim, retainedEpochs: number) {
    this.#tables = tables
    this.#reader = reader
    this.#claim = claim
    this.#retainedEpochs = retainedEpochs
  }

  newSession(state: StateRoot): StateSession {
    return new StateSession(state, this.#reader.readNode)
  }

  /** Runs a transaction, which writes all or nothing. Refuses where another process has taken the claim over. */
  transaction<A>(run: () => A): A {
    return this.#tables.environment.transactionSync(() => {
      if (!this.#claim.holds()) {
        refuse(
          "commit",
          "Inconsistent",
          "another process has taken over as the writer of this store: open the store again"
        )
      }
      return run()
    })
  }

  stateRootsAfter(writeSets: ReadonlyArray<Uint8Array>): ReadonlyArray<HashValue.HashValue> {
    const session = this.newSession(this.#reader.storedHead().state)
    const states = preview(session, session.base, writeSets)
    this.#ahead = { session, states }
    return states.states.map(session.root)
  }

  /** All checks come before all writes. */
  commit(block: Block): void {
    const head = this.#reader.storedHead()
    const { transactions } = block
    checkFirstVersion(block.firstVersion, head.nextVersion)
    if (this.#tables.meta.doesExist(metaKeys.state)) {
      refuse("commit", "Refused", "a restore into this store is not complete: finish the restore first")
    }
    const leaves = leafHashes(transactions)
    const session = this.#ahead?.session ?? this.newSession(head.state)
    const state = stateAfter(session, session.base, block, this.#ahead?.states)
    this.advance({
      head,
      leaves,
      count: transactions.length,
      session,
      state,
      ledgerInfo: Option.getOrUndefined(block.ledgerInfo),
      writeTransactions: () => this.#writeTransactions(block)
    })
    this.#ahead = undefined
  }

  /** Appends versions to the ledger, atomically. */
  advance({ count, head, leaves, ledgerInfo, session, state, writeTransactions }: Advance): void {
    const frozen = this.#reader.frozenSubtreeRoots(head.nextVersion)
    const growth = accumulatorGrowth(head.nextVersion, frozen, leaves, count)
    if (ledgerInfo !== undefined) {
      checkLedgerInfo(ledgerInfo, head.epoch, head.nextVersion + count, growth.frozenSubtreeRoots)
    }
    const network = head.epoch > 0 || ledgerInfo === undefined ? undefined : this.networkOf(ledgerInfo)
    this.transaction(() => {
      writeTransactions()
      this.writeAccumulator(growth)
      const version = head.nextVersion + count - 1
      const root = this.#writeState(session, state, Math.max(version, 0), head.epochStart)
      if (network !== undefined) this.writeNetwork(network)
      this.writeHead(head, root, version, ledgerInfo)
    })
  }

  /** Removes the states beyond the retained epochs, and the nodes and values that only those states need. */
  prune(): void {
    const { epoch } = this.#reader.storedHead()
    let more = epoch > this.#retainedEpochs
    // Bounded transactions, one after the other: nobody reads the removed states.
    while (more) more = this.transaction(() => this.#pruneBefore(epoch - this.#retainedEpochs))
  }

  #pruneBefore(epoch: number): boolean {
    forgetStates(this.#tables, epoch)
    return sweep(this.#tables)
  }

  /**
   * The network that the ledger info which ends epoch 0 gives to a store without one. Refuses the ledger of another
   * network.
   */
  networkOf(ledgerInfo: LedgerInfo.LedgerInfoWithSignatures): string | undefined {
    if (ledgerInfo.value.ledgerInfo.commitInfo.nextEpochState === undefined) return undefined
    const own = metaText(this.#tables, metaKeys.network)
    const found = Waypoint.format(Waypoint.fromLedgerInfo(ledgerInfo.value.ledgerInfo))
    if (own === found) return undefined
    return own === undefined ? found : refuse(
      "commit",
      "Refused",
      `the ledger has genesis waypoint ${found}, the store is for genesis waypoint ${own}`
    )
  }

  writeNetwork(network: string): void {
    put(this.#tables.meta, metaKeys.network, Buffer.from(network))
  }

  #writeTransactions({ firstVersion, transactions }: Block): void {
    transactions.forEach((each, index) => {
      append(this.#tables.transactions, numberKey(firstVersion + index), Bytes.concatBytes(recordParts(each)))
    })
  }

  writeAccumulator(growth: Growth): void {
    growth.forEach((position, hash) => append(this.#tables.accumulator, numberKey(position), hash))
  }

  /**
   * Stale records that were written since the last epoch ended belong to no epoch-ending state: they go at once. The others
   * go with the last epoch that needs them.
   */
  #writeState(session: StateSession, state: State, version: number, epochStart: number): StateRoot {
    const { nodes, stale, values } = this.#tables
    const later = new StaleKeys()
    const root = session.write(state, version, {
      putNode: (key, record) => append(nodes, key, record),
      putValue: (key, framed) => put(values, key, framed.subarray(frameHeaderBytes)),
      staleNode: (key, written) => written < epochStart ? later.add(staleNode, key) : remove(nodes, key),
      staleValue: (key, written) => written < epochStart ? later.add(staleValue, key) : remove(values, key)
    })
    const row = later.row()
    if (row !== undefined) append(stale, numberKey(version), row)
    return root
  }

  writeHead(
    head: StoredHead,
    state: StateRoot,
    version: number,
    ledgerInfo: LedgerInfo.LedgerInfoWithSignatures | undefined
  ): void {
    const { endings, endingVersions, meta, states } = this.#tables
    const nextVersion = version + 1
    const endsEpoch = ledgerInfo?.value.ledgerInfo.commitInfo.nextEpochState !== undefined
    const epoch = endsEpoch ? head.epoch + 1 : head.epoch
    put(
      meta,
      metaKeys.head,
      encodeHead({ nextVersion, epoch, epochStart: endsEpoch ? nextVersion : head.epochStart, state })
    )
    if (ledgerInfo === undefined) return
    const record = Bcs.encode(LedgerInfo.LedgerInfoWithSignatures, ledgerInfo)
    put(meta, metaKeys.ledgerInfo, record)
    if (!endsEpoch) return
    put(endings, numberKey(head.epoch), record)
    put(endingVersions, numberKey(version), numberKey(head.epoch))
    put(states, numberKey(version), encodeEpochState({ epoch: head.epoch, state }))
    if (epoch > this.#retainedEpochs) this.#pruneBefore(epoch - this.#retainedEpochs)
  }
}

/** LMDB answers `false` where a record to remove is missing, or a key to append is not the last one. */
const checkWritten = (done: unknown): void => {
  if (done === false) refuse("commit", "Corrupt", "a record is missing, or another record has its key")
}

export const put = (table: Table, key: Uint8Array, value: Uint8Array): void => checkWritten(table.putSync(key, value))

/** Writes a key that comes after all others of the table. */
export const append = (table: Table, key: Uint8Array, value: Uint8Array): void =>
  checkWritten(table.putSync(key, value, { append: true }))

/** Records that one transaction removes at most. */
const removedAtOnce = 10_000

/** Removes the records of a table from a key on, or all records, in bounded transactions. */
export const removeFrom = (writer: LmdbWriter, table: Table, start: Uint8Array | undefined): void => {
  let removed: number
  do {
    removed = writer.transaction(() => {
      const keys = [...table.getKeys({ ...start === undefined ? {} : { start }, limit: removedAtOnce })]
      for (const key of keys) table.removeSync(key)
      return keys.length
    })
  } while (removed === removedAtOnce)
}

const remove = (table: Table, key: Uint8Array): void => checkWritten(table.removeSync(key))
