/**
 * Hashes the items of a state, as a snapshot streams them, into the leaves of the state tree.
 *
 * Source: docs/spec/formats.md, sections 4 and 5.
 */
import type { RecordBatch } from "./Frames.ts"
import { seeds, size } from "./HashValue.ts"
import { StateRecordScan } from "./Scan.ts"
import * as Sha3 from "./Sha3.ts"
import { uint32At } from "./TypedArrays.ts"

/** Words of 32 bits in a hash. */
const words = size / Uint32Array.BYTES_PER_ELEMENT

/**
 * Hashed items: the records `first` … `first + count - 1` of a batch. Their hashes lie one after the other, the hash of
 * record `first` at 0. Valid until the call returns.
 */
export interface HashedItems {
  readonly batch: RecordBatch
  readonly first: number
  readonly count: number
  readonly keyHashes: Uint8Array
  /** The hashes of the leaves: of key hash and value hash. */
  readonly leafHashes: Uint8Array
}

/** Hashes a limited number of records at a time, in 128 bytes of memory for each of them. */
export class StateItemHasher {
  readonly #stride: number
  readonly #scan = new StateRecordScan()
  readonly #keyHashes: Uint8Array
  readonly #valueHashes: Uint8Array
  /** The key hash and the value hash of each leaf; afterwards the hashes of the leaves. */
  readonly #leafHashes: Uint8Array
  readonly #keyWords: Uint32Array
  readonly #valueWords: Uint32Array
  readonly #leafWords: Uint32Array

  /** `stride`: records that are hashed at a time. */
  constructor(stride: number) {
    this.#stride = stride
    this.#keyHashes = new Uint8Array(stride * size)
    this.#valueHashes = new Uint8Array(stride * size)
    this.#leafHashes = new Uint8Array(stride * 2 * size)
    this.#keyWords = new Uint32Array(this.#keyHashes.buffer)
    this.#valueWords = new Uint32Array(this.#valueHashes.buffer)
    this.#leafWords = new Uint32Array(this.#leafHashes.buffer)
  }

  /** Hashes the items of a batch, and passes them to `hashed`, some at a time. Throws `BcsError`. */
  hash(batch: RecordBatch, hashed: (items: HashedItems) => void): void {
    const scan = this.#scan
    const keyHashes = this.#keyHashes
    const leafHashes = this.#leafHashes
    for (let first = 0; first < batch.count; first += this.#stride) {
      scan.scan(batch, first, Math.min(first + this.#stride, batch.count))
      const { count } = scan
      Sha3.hashRanges(seeds.stateKey, scan.stageKeys(), scan.stagedStarts, scan.stagedEnds, count, keyHashes)
      Sha3.hashRanges(seeds.stateValue, batch.bytes, scan.valueStarts, scan.valueEnds, count, this.#valueHashes)
      this.#pairUp(count)
      Sha3.hashPairs(seeds.sparseMerkleLeaf, leafHashes, count, leafHashes)
      hashed({ batch, first, count, keyHashes, leafHashes })
    }
  }

  /** Puts key hash and value hash of each leaf side by side, word by word: two views for each leaf cost far more. */
  #pairUp(count: number): void {
    const keys = this.#keyWords
    const values = this.#valueWords
    const leaves = this.#leafWords
    for (let index = 0; index < count; index++) {
      const from = index * words
      const to = 2 * from
      for (let word = 0; word < words; word++) {
        leaves[to + word] = uint32At(keys, from + word)
        leaves[to + words + word] = uint32At(values, from + word)
      }
    }
  }
}
