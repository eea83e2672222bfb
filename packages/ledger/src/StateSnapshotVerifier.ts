/**
 * Checks a state snapshot chunk by chunk, in order: every record hashed into the tree, every chunk proven against the
 * state root, nothing missing at the end.
 *
 * Source: the formats page of the specification, sections 5 and 9.
 */
import { equalBytes } from "./Bytes.ts"
import type { RecordBatch } from "./Frames.ts"
import { format, type HashValue, seeds, size, sparseMerklePlaceholder } from "./HashValue.ts"
import { refuse } from "./ProofError.ts"
import type { SparseMerkleRangeProof } from "./Proofs.ts"
import { StateRecordScan } from "./Scan.ts"
import * as Sha3 from "./Sha3.ts"
import { StateFrontier } from "./StateFrontier.ts"

/** Records hashed at a time: bounds the scratch memory. */
const stride = 4096

/** Words of 32 bits in a hash. */
const words = size / Uint32Array.BYTES_PER_ELEMENT

/** What a chunk holds, for comparison with its manifest. */
export interface StateChunkFacts {
  readonly firstKey: HashValue
  readonly lastKey: HashValue
  readonly items: number
}

/**
 * Items that were hashed: the records `first` … `first + count - 1` of a batch. Their hashes lie one after the other,
 * beginning with that of record `first`. Everything is lent until the call returns.
 */
export interface HashedItems {
  readonly batch: RecordBatch
  readonly first: number
  readonly count: number
  readonly keyHashes: Uint8Array
  /** Hashes of the leaves: of key hash and value hash. */
  readonly leafHashes: Uint8Array
}

/**
 * Takes the records of a snapshot in order and proves them against its state root. Throws `BcsError` and `ProofError`.
 */
export class StateSnapshotVerifier {
  readonly #root: HashValue
  readonly #frontier: StateFrontier
  readonly #scan = new StateRecordScan()
  readonly #keyHashes = new Uint8Array(stride * size)
  readonly #valueHashes = new Uint8Array(stride * size)
  /** Key and value hash of each leaf, which then give way to the hashes of the leaves. */
  readonly #leafHashes = new Uint8Array(stride * 2 * size)
  readonly #keyWords = new Uint32Array(this.#keyHashes.buffer)
  readonly #valueWords = new Uint32Array(this.#valueHashes.buffer)
  readonly #leafWords = new Uint32Array(this.#leafHashes.buffer)
  #chunkStart: number
  #firstKey: HashValue | undefined
  #lastProof: SparseMerkleRangeProof | undefined

  /** `frontier`: of the items that were proven before, where a check goes on. */
  constructor(root: HashValue, frontier = new StateFrontier()) {
    this.#root = root
    this.#frontier = frontier
    this.#chunkStart = frontier.count
  }

  /** Items received. */
  get items(): number {
    return this.#frontier.count
  }

  /** What {@link StateFrontier.save} makes of the items so far: proven ones, between two chunks. */
  save(): Uint8Array {
    return this.#frontier.save()
  }

  /** Takes the next records of the chunk under way. `hashed` is called with all of them, some at a time. */
  push(batch: RecordBatch, hashed?: (items: HashedItems) => void): void {
    const scan = this.#scan
    for (let first = 0; first < batch.count; first += stride) {
      const last = Math.min(first + stride, batch.count)
      scan.begin(batch.bytes)
      for (let index = first; index < last; index++) scan.add(batch.starts[index] ?? 0, batch.ends[index] ?? 0)
      this.#hash(batch.bytes)
      hashed?.({ batch, first, count: last - first, keyHashes: this.#keyHashes, leafHashes: this.#leafHashes })
    }
  }

  #hash(bytes: Uint8Array): void {
    const scan = this.#scan
    const count = scan.count
    const keys = this.#keyHashes
    const values = this.#valueHashes
    const leaves = this.#leafHashes
    Sha3.hashRanges(seeds.stateKey, scan.stageKeys(), scan.stagedStarts, scan.stagedEnds, count, keys)
    Sha3.hashRanges(seeds.stateValue, bytes, scan.valueStarts, scan.valueEnds, count, values)
    this.#pairUp(count)
    Sha3.hashPairs(seeds.sparseMerkleLeaf, leaves, count, leaves)
    this.#firstKey ??= keys.slice(0, size)
    this.#frontier.push(keys, leaves, count)
  }

  /** Puts key and value hash of each leaf side by side: word by word, since two views a leaf would cost far more. */
  #pairUp(count: number): void {
    const keys = this.#keyWords
    const values = this.#valueWords
    const leaves = this.#leafWords
    for (let index = 0; index < count; index++) {
      const from = index * words
      const to = 2 * from
      for (let word = 0; word < words; word++) {
        leaves[to + word] = keys[from + word] ?? 0
        leaves[to + words + word] = values[from + word] ?? 0
      }
    }
  }

  /** The chunk is complete: proves it, and everything before it. */
  endChunk(proof: SparseMerkleRangeProof): StateChunkFacts {
    const items = this.items - this.#chunkStart
    const firstKey = this.#firstKey
    if (firstKey === undefined) return refuse("ProofShape", "a chunk without records")
    this.#frontier.verify(proof.rightSiblings, this.#root)
    this.#chunkStart = this.items
    this.#firstKey = undefined
    this.#lastProof = proof
    return { firstKey, lastKey: this.#frontier.lastKeyHash(), items }
  }

  /** The snapshot is complete: every item has been proven, and nothing may stand to the right of the last one. */
  finish(): void {
    if (this.#firstKey !== undefined) refuse("IncompleteState", "the last chunk is not proven")
    if (this.items === 0) refuse("IncompleteState", "there is no chunk")
    // Where all chunks had been proven before there is no last proof: then the root of the items must be the state's.
    const complete = this.#lastProof === undefined
      ? equalBytes(this.#frontier.root(), this.#root)
      : this.#lastProof.rightSiblings.every((sibling) => equalBytes(sibling, sparseMerklePlaceholder))
    if (!complete) {
      refuse(
        "IncompleteState",
        `items are missing after the last one (key hash ${
          format(this.#frontier.lastKeyHash())
        }): the tree goes on to its right`
      )
    }
  }
}
