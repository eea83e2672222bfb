/** Copies of consecutive transactions, with the offsets of the parts that an import needs. */
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as TransactionChunkVerifier from "@holdfast/ledger/TransactionChunkVerifier"
import { GrowableBytes } from "@holdfast/ledger/TypedArrays"
import { RecordBuffer } from "../records/buffer.ts"
import type { WriteSets } from "../state/changes.ts"

/** `PersistedAuxiliaryInfo::None`: the auxiliary info of a record of format V0. */
const noAuxiliaryInfo = Uint8Array.of(0)

export class StagedTransactions {
  readonly firstVersion: number
  readonly #records: RecordBuffer
  readonly #leafHashes = new GrowableBytes()
  readonly #checkpoints: Array<number> = []
  readonly #writeSetStarts: Array<number> = []
  readonly #writeSetEnds: Array<number> = []

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
      const shift = this.#records.startOf(before + index - from) - (transactionStarts[index] ?? 0) + inserted
      const checkpoint = scan.checkpointAt[index] ?? -1
      this.#checkpoints.push(checkpoint === -1 ? -1 : checkpoint + shift)
      this.#writeSetStarts.push((scan.writeSetStarts[index] ?? 0) + shift)
      this.#writeSetEnds.push((writeSetEnds[index] ?? 0) + shift)
    }
  }

  /** The `V1` record of a transaction. A view. */
  record(index: number): Uint8Array {
    return this.#records.record(index)
  }

  /** The write sets of all transactions. Views. */
  get writeSets(): WriteSets {
    return { bytes: this.#records.bytes, starts: this.#writeSetStarts, ends: this.#writeSetEnds }
  }

  /** The state checkpoint hash, where the transaction info carries one. A view. */
  checkpoint(index: number): HashValue.HashValue | undefined {
    const at = this.#checkpoints[index] ?? -1
    return at === -1 ? undefined : this.#records.bytes.subarray(at, at + HashValue.size)
  }

  /** The accumulator leaves of the transactions `from` … `to - 1`, one after the other. A view. */
  leaves(from: number, to: number): Uint8Array {
    return this.#leafHashes.bytes.subarray(from * HashValue.size, to * HashValue.size)
  }
}
