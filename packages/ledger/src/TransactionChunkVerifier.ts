/**
 * Checks a chunk of transactions: the parts of each record against its transaction info, and the transaction infos
 * against the accumulator of a ledger info.
 *
 * Source: docs/spec/formats.md, sections 5 and 9.
 */
import * as Accumulator from "./Accumulator.ts"
import { equalRange } from "./Bytes.ts"
import type { RecordBatch } from "./Frames.ts"
import { accumulatorPlaceholder, format, seeds, size } from "./HashValue.ts"
import { refuse } from "./ProofError.ts"
import type { TransactionRangeProof } from "./Proofs.ts"
import { type RecordFormat, TransactionScan } from "./Scan.ts"
import * as Sha3 from "./Sha3.ts"
import { GrowableBytes, int32At, uint32At } from "./TypedArrays.ts"

/** Records that are scanned and hashed at a time: bounds the scratch memory. */
const stride = 1024

/** The only variant of `PersistedAuxiliaryInfo` with a hash. */
const hashedAuxiliaryInfo = 1

/** Memory for the hashes of the records that are scanned at a time. Grows where a record has many events. */
const roomForHashes = (): GrowableBytes => new GrowableBytes(stride * size)

/**
 * Transactions whose records agree with their transaction infos. The proof of the infos follows with the end of the
 * chunk. Valid until the call returns.
 */
export interface HashedTransactions {
  /** The bytes of the batch, into which the offsets of the scan point. */
  readonly bytes: Uint8Array
  readonly scan: TransactionScan
  /** The version of the first transaction of the scan. */
  readonly firstVersion: number
  /** The hashes of the transaction infos, which are the leaves of the accumulator, one after the other. */
  readonly leafHashes: Uint8Array
}

/** Receives the records of chunks, one chunk after the other. Throws `BcsError` and `ProofError`. */
export class TransactionChunkVerifier {
  readonly #scans: { readonly [F in RecordFormat]: TransactionScan } = {
    V0: new TransactionScan("V0"),
    V1: new TransactionScan("V1")
  }
  readonly #computed = roomForHashes()
  readonly #events = roomForHashes()
  readonly #eventLeaves = roomForHashes()
  readonly #eventRoots = roomForHashes()
  /** The hashes of the transaction infos, behind 32 bytes of room for a left sibling. */
  readonly #leaves = roomForHashes()
  #scan = this.#scans.V1
  #first = 0
  #count = 0

  /** Starts a chunk. `firstVersion` is the version of its first record. */
  begin(firstVersion: number, recordFormat: RecordFormat): void {
    this.#scan = this.#scans[recordFormat]
    this.#first = firstVersion
    this.#count = 0
  }

  /** Records of the chunk so far. */
  get count(): number {
    return this.#count
  }

  /** Receives the next records of the chunk, and passes them to `hashed`, some at a time. */
  push(batch: RecordBatch, hashed?: (transactions: HashedTransactions) => void): void {
    const { bytes } = batch
    const scan = this.#scan
    for (let first = 0; first < batch.count; first += stride) {
      scan.scan(batch, first, Math.min(first + stride, batch.count))
      const leafHashes = this.#check(bytes)
      hashed?.({ bytes, scan, firstVersion: this.#first + this.#count - scan.count, leafHashes })
    }
  }

  /** Returns the hashes of the transaction infos. */
  #check(bytes: Uint8Array): Uint8Array {
    const scan = this.#scan
    const count = scan.count
    const computed = this.#computed.reserve(count * size)

    Sha3.hashRanges(seeds.transaction, bytes, scan.transactionStarts, scan.transactionEnds, count, computed)
    for (const [index, replacement] of scan.replacements) {
      computed.set(Sha3.hashSeeded(seeds.transaction, replacement), index * size)
    }
    this.#compare("transaction", computed, bytes, scan.transactionHashAt)

    Sha3.hashRanges(seeds.writeSet, bytes, scan.writeSetStarts, scan.writeSetEnds, count, computed)
    this.#compare("write set", computed, bytes, scan.stateChangeAt)

    this.#compare("event root", this.#hashEvents(bytes), bytes, scan.eventRootAt)
    this.#checkAuxiliaryInfos(bytes)

    const leaves = this.#leaves.reserve((this.#count + count + 2) * size)
    const leavesAt = (this.#count + 1) * size
    Sha3.hashRanges(seeds.transactionInfo, bytes, scan.infoStarts, scan.infoEnds, count, leaves, leavesAt)
    this.#count += count
    return leaves.subarray(leavesAt, leavesAt + count * size)
  }

  #compare(what: string, computed: Uint8Array, bytes: Uint8Array, at: Uint32Array): void {
    for (let index = 0; index < this.#scan.count; index++) {
      if (!equalRange(computed, index * size, bytes, uint32At(at, index), size)) this.#mismatch(what, index, computed)
    }
  }

  #mismatch(what: string, index: number, computed: Uint8Array): never {
    const found = format(computed.subarray(index * size, (index + 1) * size))
    return refuse(
      "HashMismatch",
      `version ${
        this.#first + this.#count + index
      }: the hash of the ${what}, ${found}, is not the one in its transaction info`
    )
  }

  #hashEvents(bytes: Uint8Array): Uint8Array {
    const scan = this.#scan
    const total = scan.eventCount
    const hashes = this.#events.reserve((total + 1) * size)
    const roots = this.#eventRoots.reserve(scan.count * size)
    Sha3.hashRanges(seeds.event, bytes, scan.eventStarts, scan.eventEnds, total, hashes)
    for (let index = 0; index < scan.count; index++) {
      const first = uint32At(scan.eventFirst, index)
      const count = uint32At(scan.eventFirst, index + 1) - first
      if (count === 0) {
        roots.set(accumulatorPlaceholder, index * size)
      } else if (count === 1) {
        roots.set(hashes.subarray(first * size, (first + 1) * size), index * size)
      } else {
        const leaves = this.#eventLeaves.reserve((count + 1) * size)
        leaves.set(hashes.subarray(first * size, (first + count) * size))
        roots.set(Accumulator.rootOfLeaves(seeds.eventAccumulator, leaves, count), index * size)
      }
    }
    return roots
  }

  #checkAuxiliaryInfos(bytes: Uint8Array): void {
    const scan = this.#scan
    const computed = this.#computed.bytes
    Sha3.hashRanges(seeds.auxiliaryInfo, bytes, scan.auxStarts, scan.auxEnds, scan.count, computed)
    for (let index = 0; index < scan.count; index++) {
      const at = int32At(scan.auxiliaryHashAt, index)
      const version = this.#first + this.#count + index
      if (scan.format === "V0") {
        if (at !== -1) {
          refuse(
            "NoAuxiliaryInfo",
            `version ${version}: its transaction info has an auxiliary info hash, which records of format V0 cannot prove`
          )
        }
      } else if (scan.auxVariant[index] === hashedAuxiliaryInfo) {
        if (at === -1 || !equalRange(computed, index * size, bytes, at, size)) {
          this.#mismatch("auxiliary info", index, computed)
        }
      } else if (at !== -1) {
        refuse(
          "HashMismatch",
          `version ${version}: its transaction info has the hash of an auxiliary info, but there is none`
        )
      }
    }
  }

  /**
   * Ends the chunk: proves the transaction infos against the accumulator root of the ledger info. The caller checks the
   * signature of the ledger info.
   */
  end([proof, { value: { ledgerInfo } }]: TransactionRangeProof): void {
    const { executedStateId, version } = ledgerInfo.commitInfo
    const last = this.#first + this.#count - 1
    if (last > version) {
      refuse(
        "BeyondLedgerInfo",
        `version ${last} lies beyond version ${version} of the ledger info that should prove it`
      )
    }
    Accumulator.verifyRange(
      this.#leaves.reserve((this.#count + 2) * size),
      this.#count,
      this.#first,
      proof,
      executedStateId
    )
  }
}
