/**
 * Transactions on their way into a store. Synchronous; throws `LedgerStoreError` and `BcsError`.
 *
 * Their records are written while they come, where nobody looks: beyond the head. Once they are proven a record says so,
 * and they are applied, some at a time: the accumulator grows, the write sets change the state, the head moves. A program
 * that ends between two such steps leaves a store that applies the rest when the import goes on.
 */
import { Bcs, Bytes, HashValue, LedgerInfo, Scan, Sha3, type StateTree } from "@holdfast/ledger"
import { refuse } from "./attempt.ts"
import { numberKey } from "./lmdbKeys.ts"
import type { LmdbReader } from "./lmdbReader.ts"
import { metaKeys, type StoredHead, type Tables } from "./lmdbTables.ts"
import { append, type LmdbWriter, put, removeFrom } from "./lmdbWriter.ts"
import { RecordBuffer } from "./recordBuffer.ts"
import { decodeProven, encodeProven, type ProvenRecord } from "./restoreRecords.ts"
import { stateChanges } from "./stateChanges.ts"
import type { State, StateSession } from "./stateSession.ts"

type LedgerInfoWithSignatures = LedgerInfo.LedgerInfoWithSignatures

/** Bytes of staged transactions that are written in one transaction of the database, about. */
const writeBytes = 4 * 1024 * 1024

/** What one step applies at most, give or take a transaction. */
const appliedTransactions = 2_000
const appliedBytes = 8 * 1024 * 1024

/** `PersistedAuxiliaryInfo::None`: what a record of format V0 has for an auxiliary info. */
const noAuxiliaryInfo = Uint8Array.of(0)

export const provenOf = ({ meta }: Tables): ProvenRecord | undefined => {
  const bytes = meta.get(metaKeys.proven)
  return bytes === undefined ? undefined : decodeProven(bytes)
}

export class TransactionImportWriter {
  readonly #tables: Tables
  readonly #reader: LmdbReader
  readonly #writer: LmdbWriter
  readonly #last: number
  readonly #scan = new Scan.TransactionScan("V1")
  /** `V1` records that are to be written: those of the versions from `#next` on. */
  readonly #staged = new RecordBuffer()
  #next: number
  /** Those that are being applied. */
  readonly #applied = new RecordBuffer()

  constructor(tables: Tables, reader: LmdbReader, writer: LmdbWriter, last: number) {
    this.#tables = tables
    this.#reader = reader
    this.#writer = writer
    this.#last = last
    this.#next = reader.storedHead().nextVersion
  }

  stage(scan: Scan.TransactionScan, bytes: Uint8Array, firstVersion: number): void {
    const from = Math.max(0, this.#next + this.#staged.count - firstVersion)
    const to = Math.min(scan.count, this.#last + 1 - firstVersion)
    const { transactionEnds, transactionStarts, writeSetEnds } = scan
    if (scan.format === "V1") return this.#staged.addAll(bytes, transactionStarts, writeSetEnds, from, to)
    for (let index = from; index < to; index++) {
      const afterTransaction = transactionEnds[index]
      this.#staged.add(
        bytes.subarray(transactionStarts[index], afterTransaction),
        noAuxiliaryInfo,
        bytes.subarray(afterTransaction, writeSetEnds[index])
      )
    }
  }

  /** Writes what is staged if there is enough of it. */
  flush(): void {
    if (this.#staged.length >= writeBytes) this.#writer.transaction(() => this.#write())
  }

  #write(): void {
    const { count } = this.#staged
    for (let index = 0; index < count; index++) {
      append(this.#tables.transactions, numberKey(this.#next + index), this.#staged.record(index))
    }
    this.#next += count
    this.#staged.clear()
  }

  /** All that is staged is proven by this ledger info. It has yet to be applied. */
  settle(proof: LedgerInfoWithSignatures): void {
    this.#writer.transaction(() => {
      this.#write()
      const lastVersion = this.#next - 1
      const closes = proof.value.ledgerInfo.commitInfo.version === lastVersion
      const ledgerInfo = closes ? Bcs.encode(LedgerInfo.LedgerInfoWithSignatures, proof) : undefined
      put(this.#tables.meta, metaKeys.proven, encodeProven({ lastVersion, ledgerInfo }))
    })
  }

  /** Applies some of the transactions that are proven. Says whether there are more. */
  apply(): boolean {
    const proven = provenOf(this.#tables)
    if (proven === undefined) return false
    const head = this.#reader.storedHead()
    if (head.nextVersion > proven.lastVersion) {
      this.#writer.transaction(() => this.#tables.meta.removeSync(metaKeys.proven))
      return false
    }
    const ending = this.#reader.nextEnding(head.nextVersion)
    const last = Math.min(proven.lastVersion, ending?.version ?? proven.lastVersion)
    const bytes = this.#load(head.nextVersion, last)
    const { count } = this.#scan
    const lastApplied = head.nextVersion + count - 1
    const session = this.#writer.newSession(head.state)
    this.#writer.advance({
      head,
      leaves: this.#leaves(bytes),
      count,
      session,
      state: this.#stateAfter(session, head, bytes),
      ledgerInfo: lastApplied === ending?.version
        ? this.#reader.epochEnding(ending.epoch)
        : lastApplied === proven.lastVersion && proven.ledgerInfo !== undefined
        ? Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, proven.ledgerInfo)
        : undefined,
      writeTransactions: () => undefined
    })
    return true
  }

  /** Scans the next records, copied into one array. */
  #load(first: number, last: number): Uint8Array {
    const records = this.#applied
    records.clear()
    for (let version = first; version <= last; version++) {
      records.add(this.#reader.transaction(version))
      if (records.count >= appliedTransactions || records.length >= appliedBytes) break
    }
    const { bytes } = records
    this.#scan.begin(bytes)
    for (let index = 0; index < records.count; index++) this.#scan.add(records.startOf(index), records.endOf(index))
    return bytes
  }

  #leaves(bytes: Uint8Array): Uint8Array {
    const { count, infoEnds, infoStarts } = this.#scan
    const leaves = new Uint8Array(count * HashValue.size)
    Sha3.hashRanges(HashValue.seeds.transactionInfo, bytes, infoStarts, infoEnds, count, leaves)
    return leaves
  }

  /** The state after the write sets, which must have the root that each state checkpoint hash on the way says. */
  #stateAfter(session: StateSession, { nextVersion }: StoredHead, bytes: Uint8Array): State {
    const { checkpointAt, count, writeSetEnds, writeSetStarts } = this.#scan
    let state = session.base
    let changes: Array<StateTree.StateChange> = []
    for (let index = 0; index < count; index++) {
      for (const change of stateChanges(bytes.subarray(writeSetStarts[index], writeSetEnds[index]))) {
        changes.push(change)
      }
      const at = checkpointAt[index] ?? -1
      if (at === -1) continue
      state = session.update(state, changes)
      changes = []
      const root = session.root(state)
      if (!Bytes.equalRange(root, 0, bytes, at, HashValue.size)) {
        refuse(
          "transaction import",
          "Inconsistent",
          `version ${nextVersion + index} has state root ${
            HashValue.format(bytes.subarray(at, at + HashValue.size))
          }, the write sets up to it lead to ${HashValue.format(root)}`
        )
      }
    }
    return session.update(state, changes)
  }
}

/** Removes the transactions that were staged but not proven. */
export const discardTransactions = (tables: Tables, reader: LmdbReader, writer: LmdbWriter): void => {
  const next = Math.max(reader.storedHead().nextVersion, (provenOf(tables)?.lastVersion ?? -1) + 1)
  removeFrom(writer, tables.transactions, numberKey(next))
}
