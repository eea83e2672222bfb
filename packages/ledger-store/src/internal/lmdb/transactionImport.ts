/**
 * Imports transactions into a store. Synchronous; throws `LedgerStoreError` and `BcsError`.
 *
 * Transactions wait in memory for their proof. Then the import applies them, a run at a time: one transaction of LMDB
 * writes the records, the accumulator, the state that the write sets lead to, and the head.
 */
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as TransactionChunkVerifier from "@holdfast/ledger/TransactionChunkVerifier"
import { stateChangesOf } from "../state/changes.ts"
import type { State, StateSession } from "../state/session.ts"
import { refuse } from "../storeFailures.ts"
import { numberKey } from "../u64.ts"
import type { LmdbReader } from "./reader.ts"
import { StagedTransactions } from "./stagedTransactions.ts"
import type { StoredHead, Tables } from "./tables.ts"
import { append, type LmdbWriter } from "./writer.ts"

type LedgerInfoWithSignatures = LedgerInfo.LedgerInfoWithSignatures

/** Bytes of the transactions of a run, give or take a batch. A run is applied at once. */
const runBytes = 16 * 1024 * 1024

/** Bytes of the largest batch, about. */
const batchBytes = 256 * 1024

const mebibyte = 1024 * 1024

export class TransactionImportWriter {
  readonly #tables: Tables
  readonly #reader: LmdbReader
  readonly #writer: LmdbWriter
  readonly #last: number
  readonly #maxStagedBytes: number
  /** The staged transactions: the versions before `#next`. */
  #runs: Array<StagedTransactions> = []
  #stagedBytes = 0
  #next: number
  #proof: LedgerInfoWithSignatures | undefined

  constructor(tables: Tables, reader: LmdbReader, writer: LmdbWriter, last: number, maxStagedBytes: number) {
    this.#tables = tables
    this.#reader = reader
    this.#writer = writer
    this.#last = last
    this.#maxStagedBytes = maxStagedBytes
    this.#next = reader.storedHead().nextVersion
  }

  stage(transactions: TransactionChunkVerifier.HashedTransactions): void {
    const { firstVersion, scan } = transactions
    const from = Math.max(0, this.#next - firstVersion)
    const to = Math.min(scan.count, this.#last + 1 - firstVersion)
    if (from >= to) return
    let run = this.#runs.at(-1)
    if (run === undefined || run.bytes >= runBytes) {
      run = new StagedTransactions(this.#next, runBytes + batchBytes)
      this.#runs.push(run)
    }
    const before = run.bytes
    run.add(transactions, from, to)
    this.#next += to - from
    this.#stagedBytes += run.bytes - before
  }

  /** Refuses more bytes than may wait for their proof. */
  checkStaged(): void {
    if (this.#stagedBytes > this.#maxStagedBytes) {
      refuse(
        "transaction import",
        "Refused",
        `a chunk of transactions of more than ${
          Math.floor(this.#maxStagedBytes / mebibyte)
        } MiB: let the restore keep more in memory`
      )
    }
  }

  /** This ledger info proves all staged transactions. {@link apply} applies them. */
  settle(proof: LedgerInfoWithSignatures): void {
    this.#proof = proof
  }

  /** Applies one run, up to the end of an epoch. Returns whether transactions are left. */
  apply(): boolean {
    const run = this.#runs[0]
    if (run === undefined) return false
    const head = this.#reader.storedHead()
    const from = head.nextVersion - run.firstVersion
    const ending = this.#reader.nextEnding(head.nextVersion)
    const to = Math.min(run.count, (ending?.version ?? Infinity) + 1 - run.firstVersion)
    const lastVersion = run.firstVersion + to - 1
    const session = this.#writer.newSession(head.state)
    this.#writer.advance({
      head,
      leaves: run.leaves(from, to),
      count: to - from,
      session,
      state: this.#stateAfter(session, head, run, from, to),
      ledgerInfo: lastVersion === ending?.version
        ? this.#reader.epochEnding(ending.epoch)
        : this.#proof?.value.ledgerInfo.commitInfo.version === lastVersion
        ? this.#proof
        : undefined,
      writeTransactions: () => {
        for (let index = from; index < to; index++) {
          append(this.#tables.transactions, numberKey(run.firstVersion + index), run.record(index))
        }
      }
    })
    if (to === run.count) {
      this.#runs.shift()
      this.#stagedBytes -= run.bytes
    }
    return this.#runs.length > 0
  }

  /** The state after the write sets. At each state checkpoint hash the state must have that root. */
  #stateAfter(session: StateSession, head: StoredHead, run: StagedTransactions, from: number, to: number): State {
    let state = session.base
    /** The first transaction whose changes are not in the state yet. */
    let first = from
    for (let index = from; index < to; index++) {
      const claimed = run.checkpoint(index)
      if (claimed === undefined && index + 1 < to) continue
      state = session.update(state, stateChangesOf(run.writeSets, first, index + 1))
      first = index + 1
      if (claimed === undefined) continue
      const root = session.root(state)
      if (!Bytes.equalBytes(root, claimed)) {
        refuse(
          "transaction import",
          "Inconsistent",
          `version ${head.nextVersion + index - from} has state root ${
            HashValue.format(claimed)
          }, the write sets up to it lead to ${HashValue.format(root)}`
        )
      }
    }
    return state
  }
}
