/**
 * A run: consecutive items of a state, and the range proof of the last one, such as a chunk of a snapshot or a single
 * item with the proof of a store. The run determines the hash of every subtree that begins behind the item before the
 * run.
 *
 * Source: docs/spec/formats.md, section 5.
 */
import { bitAt, equalBytes } from "./Bytes.ts"
import type { RecordBatch } from "./Frames.ts"
import { format, type HashValue, seeds, size, sparseMerklePlaceholder } from "./HashValue.ts"
import { bits, compareBits, sharedBits } from "./KeyHash.ts"
import { refuse } from "./ProofError.ts"
import type { SparseMerkleRangeProof } from "./Proofs.ts"
import * as Sha3 from "./Sha3.ts"
import { type HashedItems, StateItemHasher } from "./StateItemHasher.ts"
import { GrowableBytes } from "./TypedArrays.ts"

/** Records that are hashed at a time: bounds the scratch memory. */
const stride = 1024

/** The end of a path. */
export type PathEnd =
  /** The path ends in the item of the key. `record` is the BCS of the key and its value. */
  | { readonly _tag: "Item"; readonly record: Uint8Array }
  /** The path ends in an empty subtree: the key does not exist. */
  | { readonly _tag: "Empty" }
  /** The path ends in the leaf of another item: the key does not exist. */
  | { readonly _tag: "OtherItem"; readonly keyHash: HashValue }

/** The top of a subtree. */
export interface SubtreeTop {
  readonly hash: HashValue
  /** The key hash of the leaf, where the subtree is known to be a single leaf. */
  readonly leaf: HashValue | undefined
}

/** The items `[from, to)` of the run that are in a subtree. `open`: the last item of the run is one of them. */
interface Subtree {
  readonly from: number
  readonly to: number
  readonly open: boolean
}

/**
 * Receives the records of a run in order, then the range proof of the last one. Keeps 64 bytes for each item, and the
 * record of the wanted key. Throws `BcsError` and `ProofError`.
 */
export class StateRun {
  readonly #wanted: HashValue | undefined
  readonly #hasher = new StateItemHasher(stride)
  readonly #keys = new GrowableBytes(stride * size)
  readonly #leaves = new GrowableBytes(stride * size)
  #record: Uint8Array | undefined
  /** The right siblings of the path to the last item, the top one first, and the depths of their parents. */
  #siblings: ReadonlyArray<HashValue> = []
  #depths: ReadonlyArray<number> = []

  /** `wanted`: the hash of the key whose record the run keeps. */
  constructor(wanted?: HashValue) {
    this.#wanted = wanted
  }

  /** Items so far. */
  get count(): number {
    return this.#keys.length / size
  }

  get firstKey(): HashValue {
    return this.#keyAt(0)
  }

  get lastKey(): HashValue {
    return this.#keyAt(this.count - 1)
  }

  #keyAt(index: number): HashValue {
    return this.#keys.bytes.subarray(index * size, (index + 1) * size)
  }

  /** Receives the next records. */
  push(batch: RecordBatch): void {
    this.#hasher.hash(batch, (items) => this.#take(items))
  }

  #take({ batch, count, first, keyHashes, leafHashes }: HashedItems): void {
    const before = this.count
    this.#keys.append(keyHashes, 0, count * size)
    this.#leaves.append(leafHashes, 0, count * size)
    for (let index = 0; index < count; index++) this.#check(batch, first + index, before + index)
  }

  #check(batch: RecordBatch, record: number, index: number): void {
    const key = this.#keyAt(index)
    if (index > 0 && compareBits(this.#keys.bytes, (index - 1) * size, key, bits) >= 0) {
      const before = format(this.#keyAt(index - 1))
      refuse("KeyOrder", `item ${index}: key hash ${format(key)} does not come after ${before}`)
    }
    if (this.#wanted !== undefined && equalBytes(key, this.#wanted)) {
      this.#record = batch.bytes.slice(batch.starts[record], batch.ends[record])
    }
  }

  /** Ends the run. `proof` is the range proof of the last item. */
  end(proof: SparseMerkleRangeProof): void {
    const siblings = proof.rightSiblings.toReversed()
    if (this.count === 0) refuse("ProofShape", "a range proof of no state items")
    const last = this.lastKey
    const depths: Array<number> = []
    for (let depth = 0; depth < bits && depths.length < siblings.length; depth++) {
      if (bitAt(last, 0, depth) === 0) depths.push(depth)
    }
    if (depths.length < siblings.length) {
      refuse("ProofShape", `the range proof for the items up to ${format(last)} has ${siblings.length} siblings`)
    }
    this.#siblings = siblings
    this.#depths = depths
  }

  /** The right sibling of the path to the last item below the node at a depth; `undefined` where the proof has none. */
  #rightSibling(depth: number): HashValue | undefined {
    const index = this.#depths.indexOf(depth)
    return index < 0 ? undefined : this.#siblings[index]
  }

  /** Whether the path to the last item continues below a depth. */
  #goesOn(depth: number): boolean {
    return (this.#depths.at(-1) ?? -1) >= depth
  }

  /** The items of the subtree at `depth` on the path to `key`. */
  #part(key: HashValue, depth: number): Subtree {
    const from = this.#search((index) => compareBits(this.#keys.bytes, index * size, key, depth) < 0)
    const to = this.#search((index) => compareBits(this.#keys.bytes, index * size, key, depth) <= 0)
    return { from, to, open: to > from && to === this.count }
  }

  /** The first item for which `before` does not hold; it holds for all items before and for none after. */
  #search(before: (index: number) => boolean): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (before(middle)) low = middle + 1
      else high = middle
    }
    return low
  }

  /**
   * The subtree at `depth` on the path to `key`: all items whose key hashes share `depth` bits with the key. None of
   * these items may come before the run.
   */
  subtree(key: HashValue, depth: number): SubtreeTop {
    const part = this.#part(key, depth)
    if (part.from === this.count) return { hash: this.#beyond(key, depth), leaf: undefined }
    const leaf = this.#isLeaf(part, depth) ? this.#keyAt(part.from).slice() : undefined
    return { hash: this.#hash(part, depth), leaf }
  }

  #isLeaf({ from, open, to }: Subtree, depth: number): boolean {
    return to === from + 1 && !(open && this.#goesOn(depth))
  }

  /** A subtree on the right of the last item: a sibling of the proof. */
  #beyond(key: HashValue, depth: number): HashValue {
    const parting = sharedBits(key, 0, this.lastKey, 0)
    return (parting === depth - 1 ? this.#rightSibling(parting) : undefined) ??
      refuse("ProofShape", `the range proof for the items up to ${format(this.lastKey)} has too few siblings`)
  }

  #hash(part: Subtree, depth: number): HashValue {
    const { from, open, to } = part
    if (from === to) return sparseMerklePlaceholder
    if (this.#isLeaf(part, depth)) return this.#leaves.bytes.slice(from * size, to * size)
    const [zeros, ones] = this.#split(part, depth)
    const left = this.#hash(zeros, depth + 1)
    const right = open && !ones.open ? this.#siblingAt(depth) : this.#hash(ones, depth + 1)
    return Sha3.hashSeeded(seeds.sparseMerkleInternal, left, right)
  }

  #siblingAt(depth: number): HashValue {
    return this.#rightSibling(depth) ??
      refuse("ProofShape", `the range proof for the items up to ${format(this.lastKey)} has too few siblings`)
  }

  /** The two sides of a subtree. */
  #split({ from, open, to }: Subtree, depth: number): readonly [zeros: Subtree, ones: Subtree] {
    let low = from
    let high = to
    while (low < high) {
      const middle = (low + high) >>> 1
      if (bitAt(this.#keys.bytes, middle * size, depth) === 0) low = middle + 1
      else high = middle
    }
    const openRight = open && low < to
    return [{ from, to: low, open: open && !openRight }, { from: low, to, open: openRight }]
  }

  /** The end of the path to a key, from the node at `depth` on. No item of that subtree may come before the run. */
  pathEnd(key: HashValue, depth: number): PathEnd {
    let part = this.#part(key, depth)
    if (part.from === this.count) return this.#endBeyond(this.#beyond(key, depth))
    for (let level = depth;; level++) {
      const { from, open, to } = part
      if (from === to) return { _tag: "Empty" }
      if (this.#isLeaf(part, level)) return this.#itemEnd(key, from)
      const [zeros, ones] = this.#split(part, level)
      if (bitAt(key, 0, level) === 1 && open && !ones.open) return this.#endBeyond(this.#siblingAt(level))
      part = bitAt(key, 0, level) === 0 ? zeros : ones
    }
  }

  #itemEnd(key: HashValue, index: number): PathEnd {
    const keyHash = this.#keyAt(index).slice()
    return this.#record !== undefined && equalBytes(keyHash, key)
      ? { _tag: "Item", record: this.#record }
      : { _tag: "OtherItem", keyHash }
  }

  /** The end of a path that leads to the right of all items: the subtree there must be empty. */
  #endBeyond(sibling: HashValue): PathEnd {
    if (!equalBytes(sibling, sparseMerklePlaceholder)) {
      refuse("IncompleteState", `items follow after the last one (key hash ${format(this.lastKey)})`)
    }
    return { _tag: "Empty" }
  }
}
