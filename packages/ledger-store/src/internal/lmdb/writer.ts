/** Blocks into a store on LMDB. Synchronous; throws `LedgerStoreError` and `BcsError`. */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import type * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Option from "effect/Option"
import type { Block } from "../../LedgerStore.ts"
import { accumulatorGrowth, type Growth } from "../accumulator/growth.ts"
import { refuse } from "../attempt.ts"
import { checkFirstVersion, checkLedgerInfo, leafHashes, recordParts } from "../blockChecks.ts"
import { type State, type StateRoot, StateSession } from "../state/session.ts"
import { type Preview, preview, stateAfter } from "../state/states.ts"
import { numberKey } from "../u64.ts"
import type { LmdbReader } from "./reader.ts"
import { forgetStates, StaleKeys, staleNode, staleValue, sweep } from "./staleKeys.ts"
import { encodeEpochState, encodeHead, metaKeys, metaText, type StoredHead, type Table, type Tables } from "./tables.ts"
import type { WriterClaim } from "./writerClaim.ts"

/** Bytes of the length before a framed record. */
const frameHeaderBytes = 4

/** How a ledger goes on. */
export interface Advance {
  readonly head: StoredHead
  /** The accumulator leaves of the new versions. */
  readonly leaves: Uint8Array
  readonly count: number
  /** Of the head's state. */
  readonly session: StateSession
  readonly state: State
  /** Of the last version. */
  readonly ledgerInfo: LedgerInfo.LedgerInfoWithSignatures | undefined
  readonly writeTransactions: () => void
}

/** The states that a question for roots led to: mostly those of the next block. */
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

  /** Runs a transaction: all of it is written, or nothing. Refused if this is not the writer any more. */
  transaction<A>(run: () => A): A {
    return this.#tables.environment.transactionSync(() => {
      if (!this.#claim.holds()) {
        refuse("commit", "Inconsistent", "another process has taken this store over: open it again")
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

  /** Nothing is written before everything is checked. */
  commit(block: Block): void {
    const head = this.#reader.storedHead()
    const { transactions } = block
    checkFirstVersion(block.firstVersion, head.nextVersion)
    if (this.#tables.meta.doesExist(metaKeys.state)) {
      refuse("commit", "Refused", "a restore into this store was begun and is not complete: finish it first")
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

  /** Takes the ledger some versions further, whose write sets have led to `state`. All of it is written, or nothing. */
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

  /** Gives up the states that are not to be kept any more, and all that only they needed. */
  prune(): void {
    const { epoch } = this.#reader.storedHead()
    let more = epoch > this.#retainedEpochs
    // One bounded transaction after the other: nobody reads what is removed.
    while (more) more = this.transaction(() => this.#pruneBefore(epoch - this.#retainedEpochs))
  }

  #pruneBefore(epoch: number): boolean {
    forgetStates(this.#tables, epoch)
    return sweep(this.#tables)
  }

  /**
   * The identity that the ledger info which ends epoch 0 gives to a store that has none. Refuses the ledger of another
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
      `a ledger with genesis waypoint ${found}, in a store for that with ${own}`
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
   * What became stale and was written after the last epoch ended belongs to no state that is kept: it goes at once. The
   * rest is noted, and goes with the last epoch that needs it.
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

/** Nothing that should be there is missing, nothing that should not be there stands in the way. */
const checkWritten = (done: unknown): void => {
  if (done === false) refuse("commit", "Corrupt", "a record stands where none should be, or lacks where one should be")
}

export const put = (table: Table, key: Uint8Array, value: Uint8Array): void => checkWritten(table.putSync(key, value))

/** For keys that come after all others of their table. */
export const append = (table: Table, key: Uint8Array, value: Uint8Array): void =>
  checkWritten(table.putSync(key, value, { append: true }))

/** Records that one transaction removes. */
const removedAtOnce = 10_000

/** Removes what stands in a table from a key on, or all of it: in bounded transactions. */
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
