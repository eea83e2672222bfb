/**
 * The left edge of a state tree that arrives leaf by leaf, in key order. The edge suffices to check a state range proof
 * after any leaf, and takes the memory of one path.
 *
 * The tree is a binary sparse Merkle tree over 256-bit key hashes, most significant bit first. An empty subtree is the
 * sparse placeholder; a subtree with exactly one leaf is the hash of that leaf.
 *
 * Source: docs/spec/formats.md, section 5.
 */
import { bitAt, equalBytes } from "./Bytes.ts"
import { format, type HashValue, seeds, size, sparseMerklePlaceholder } from "./HashValue.ts"
import { bits, sharedBits } from "./KeyHash.ts"
import { refuse } from "./ProofError.ts"
import * as Sha3 from "./Sha3.ts"
import { byteAt } from "./TypedArrays.ts"

/** The size of a saved frontier without its left siblings, in bytes. */
const savedHeader = 8 + 2 + 2 * size

/** Replaces a left child by its parent. */
const joinRight = (node: HashValue, right: HashValue): void =>
  Sha3.hashPair(seeds.sparseMerkleInternal, node, 0, right, 0, node, 0)

/**
 * Receives leaves in ascending order of their key hashes. Keeps the hashes of the subtrees on the left of the path to
 * the last leaf.
 */
export class StateFrontier {
  /** At 32 * d: the hash of the left sibling whose parent is at depth d, where {@link #present} is 1 at d. */
  readonly #left = new Uint8Array(bits * size)
  readonly #present = new Uint8Array(bits)
  readonly #key = new Uint8Array(size)
  /** The hash of the last leaf; later of the subtree with the last leaf. */
  readonly #node = new Uint8Array(size)
  /** The number of bits that the last leaf shares with the leaf before; -1 for the first leaf. */
  #shared = -1
  #count = 0

  /** Leaves received. */
  get count(): number {
    return this.#count
  }

  /**
   * Receives `count` leaves, whose key hashes and leaf hashes lie one after the other. Throws `ProofError` (`KeyOrder`)
   * where the keys are not strictly increasing.
   */
  push(keyHashes: Uint8Array, leafHashes: Uint8Array, count: number): void {
    const key = this.#key
    const node = this.#node
    for (let index = 0; index < count; index++) {
      const at = index * size
      if (this.#count > 0) this.#settle(keyHashes, at)
      // One loop copies both: this runs for every item of a state.
      for (let byte = 0; byte < size; byte++) {
        key[byte] = byteAt(keyHashes, at + byte)
        node[byte] = byteAt(leafHashes, at + byte)
      }
      this.#count += 1
    }
  }

  /** Completes the subtree of the last leaf below the depth where the next key parts: it is a left sibling there. */
  #settle(next: Uint8Array, at: number): void {
    const key = this.#key
    const shared = sharedBits(key, 0, next, at)
    if (shared === bits || bitAt(next, at, shared) === 0) {
      refuse(
        "KeyOrder",
        `item ${this.#count}: key hash ${format(next.subarray(at, at + size))} does not come after ${format(key)}`
      )
    }
    this.#climb(Math.max(this.#shared, shared), shared)
    this.#left.set(this.#node, shared * size)
    this.#present[shared] = 1
    this.#shared = shared
  }

  /**
   * Replaces the node, a child of a node at depth `from`, by its ancestor just below depth `to`; the right is empty.
   */
  #climb(from: number, to: number): void {
    for (let depth = from; depth > to; depth--) {
      if (bitAt(this.#key, 0, depth) === 0) joinRight(this.#node, sparseMerklePlaceholder)
      else this.#joinLeft(depth, this.#node)
      this.#present[depth] = 0
    }
  }

  /** Replaces a right child by its parent at `depth`. */
  #joinLeft(depth: number, node: HashValue): void {
    if (this.#present[depth] === 1) {
      Sha3.hashPair(seeds.sparseMerkleInternal, this.#left, depth * size, node, 0, node, 0)
    } else {
      Sha3.hashPair(seeds.sparseMerkleInternal, sparseMerklePlaceholder, 0, node, 0, node, 0)
    }
  }

  /**
   * Checks that the tree with that root has exactly these leaves up to the last one. `rightSiblings` come from the
   * range proof of the last leaf, the bottom one first. Leaves the frontier unchanged.
   *
   * Throws `ProofError` (`ProofShape`, `RootMismatch`).
   */
  verify(rightSiblings: ReadonlyArray<HashValue>, root: HashValue): void {
    const what = `the range proof for the items up to ${format(this.#key)}`
    if (this.#count === 0) refuse("ProofShape", "a range proof of no state items")
    if (rightSiblings.length > bits) refuse("ProofShape", `${what} has ${rightSiblings.length} siblings`)
    const node = this.#node.slice()
    let zerosAhead = 0
    for (let depth = 0; depth < bits; depth++) zerosAhead += 1 - bitAt(this.#key, 0, depth)
    let used = 0
    let dropping = true
    for (let depth = bits - 1; depth >= 0; depth--) {
      const right = bitAt(this.#key, 0, depth) === 1
      const left = this.#present[depth] === 1
      if (dropping && (right ? !left : zerosAhead > rightSiblings.length)) {
        if (!right) zerosAhead -= 1
        continue
      }
      dropping = false
      if (right) {
        this.#joinLeft(depth, node)
      } else {
        joinRight(node, rightSiblings[used++] ?? refuse("ProofShape", `${what} has too few siblings`))
        zerosAhead -= 1
      }
    }
    if (used !== rightSiblings.length) {
      refuse("ProofShape", `${what} has ${rightSiblings.length - used} siblings too many`)
    }
    if (!equalBytes(node, root)) {
      refuse("RootMismatch", `${what} leads to state root ${format(node)}, not to ${format(root)}`)
    }
  }

  /** The root of the tree with exactly these leaves. */
  root(): HashValue {
    if (this.#count === 0) return sparseMerklePlaceholder
    const node = this.#node.slice()
    for (let depth = this.#shared; depth >= 0; depth--) {
      if (bitAt(this.#key, 0, depth) === 0) joinRight(node, sparseMerklePlaceholder)
      else this.#joinLeft(depth, node)
    }
    return node
  }

  /** The key hash of the last leaf. A copy. */
  lastKeyHash(): HashValue {
    return this.#key.slice()
  }

  /**
   * The frontier as bytes, for {@link StateFrontier.restore}: some hundreds, however many the leaves.
   *
   * ```
   * count u64 · shared i16 · last key hash · hash of its subtree
   * then for each left sibling, by depth: depth u8 · hash        numbers big-endian
   * ```
   */
  save(): Uint8Array {
    const depths = Array.from({ length: bits }, (_, depth) => depth).filter((depth) => this.#present[depth] === 1)
    const bytes = new Uint8Array(savedHeader + depths.length * (1 + size))
    const view = new DataView(bytes.buffer)
    view.setBigUint64(0, BigInt(this.#count))
    view.setInt16(8, this.#shared)
    bytes.set(this.#key, 10)
    bytes.set(this.#node, 10 + size)
    let at = savedHeader
    for (const depth of depths) {
      bytes[at] = depth
      bytes.set(this.#left.subarray(depth * size, (depth + 1) * size), at + 1)
      at += 1 + size
    }
    return bytes
  }

  /** The frontier of the output of {@link StateFrontier.save}; `undefined` for any other bytes. */
  static restore(bytes: Uint8Array): StateFrontier | undefined {
    if (bytes.length < savedHeader || (bytes.length - savedHeader) % (1 + size) !== 0) return undefined
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const frontier = new StateFrontier()
    frontier.#count = Number(view.getBigUint64(0))
    frontier.#shared = view.getInt16(8)
    frontier.#key.set(bytes.subarray(10, 10 + size))
    frontier.#node.set(bytes.subarray(10 + size, savedHeader))
    for (let at = savedHeader; at < bytes.length; at += 1 + size) {
      const depth = byteAt(bytes, at)
      frontier.#present[depth] = 1
      frontier.#left.set(bytes.subarray(at + 1, at + 1 + size), depth * size)
    }
    return frontier
  }
}
