/** Copies of consecutive transactions, with the offsets of the parts that an import needs. */
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as TransactionChunkVerifier from "@holdfast/ledger/TransactionChunkVerifier"
import { GrowableBytes, GrowableUint32, int32At, uint32At } from "@holdfast/ledger/TypedArrays"
import { RecordBuffer } from "../records/buffer.ts"
import type { WriteSets } from "../state/changes.ts"

/** `PersistedAuxiliaryInfo::None`: the auxiliary info of a record of format V0. */
const noAuxiliaryInfo = Uint8Array.of(0)

export class StagedTransactions {
  readonly firstVersion: number
  readonly #records: RecordBuffer
  readonly #leafHashes = new GrowableBytes()
  /** Where each state checkpoint hash begins; 0 where the transaction info has none. */
  readonly #checkpoints = new GrowableUint32()
  readonly #writeSetStarts = new GrowableUint32()
  readonly #writeSetEnds = new GrowableUint32()

  /** `capacity`: bytes to allocate at once. */
  constructor(firstVersion: number, capacity: number) {
    this.firstVersion = firstVersion
    this.#records = new RecordBuffer(capacity)
  }

  get count(): number {
    return this.#records.count
  }

  get bytes(): number {
    return this.#records.length
  }

  /** Copies the transactions `from` … `to - 1` of a scan, as `V1` records. */
  add({ bytes, leafHashes, scan }: TransactionChunkVerifier.HashedTransactions, from: number, to: number): void {
    const { format, transactionEnds, transactionStarts, writeSetEnds } = scan
    const before = this.count
    this.#leafHashes.append(leafHashes, from * HashValue.size, to * HashValue.size)
    if (format === "V1") {
      this.#records.addAll(bytes, transactionStarts, writeSetEnds, from, to)
    } else {
      for (let index = from; index < to; index++) {
        const afterTransaction = transactionEnds[index]
        this.#records.add(
          bytes.subarray(transactionStarts[index], afterTransaction),
          noAuxiliaryInfo,
          bytes.subarray(afterTransaction, writeSetEnds[index])
        )
      }
    }
    const inserted = format === "V1" ? 0 : noAuxiliaryInfo.length
    for (let index = from; index < to; index++) {
      const shift = this.#records.startOf(before + index - from) - uint32At(transactionStarts, index) + inserted
      const checkpoint = int32At(scan.checkpointAt, index)
      this.#checkpoints.push(checkpoint === -1 ? 0 : checkpoint + shift)
      this.#writeSetStarts.push(uint32At(scan.writeSetStarts, index) + shift)
      this.#writeSetEnds.push(uint32At(writeSetEnds, index) + shift)
    }
  }

  /** The `V1` record of a transaction. A view. */
  record(index: number): Uint8Array {
    return this.#records.record(index)
  }

  /** The write sets of all transactions. Views. */
  get writeSets(): WriteSets {
    return { bytes: this.#records.bytes, starts: this.#writeSetStarts.numbers, ends: this.#writeSetEnds.numbers }
  }

  /** The state checkpoint hash, where the transaction info carries one. A view. */
  checkpoint(index: number): HashValue.HashValue | undefined {
    const at = this.#checkpoints.at(index)
    return at === 0 ? undefined : this.#records.bytes.subarray(at, at + HashValue.size)
  }

  /** The accumulator leaves of the transactions `from` … `to - 1`, one after the other. A view. */
  leaves(from: number, to: number): Uint8Array {
    return this.#leafHashes.bytes.subarray(from * HashValue.size, to * HashValue.size)
  }
}
