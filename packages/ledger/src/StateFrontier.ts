/**
 * The left edge of a state tree that is received leaf by leaf, in key order: what is needed to check a state range proof
 * after any leaf, in the memory of one path.
 *
 * The tree is a binary sparse Merkle tree over 256-bit key hashes, most significant bit first. An empty subtree is the
 * sparse placeholder; a subtree with exactly one leaf is that leaf's hash.
 *
 * Source: docs/spec/formats.md, section 5.
 */
import { bitAt, equalBytes } from "./Bytes.ts"
import { format, type HashValue, seeds, size, sparseMerklePlaceholder } from "./HashValue.ts"
import { bits, sharedBits } from "./KeyHash.ts"
import { refuse } from "./ProofError.ts"
import * as Sha3 from "./Sha3.ts"
import { byteAt } from "./TypedArrays.ts"

/** Bytes of a saved frontier before its left siblings. */
const savedHeader = 8 + 2 + 2 * size

/** `node` becomes its parent, whose left child it is. */
const joinRight = (node: HashValue, right: HashValue): void =>
  Sha3.hashPair(seeds.sparseMerkleInternal, node, 0, right, 0, node, 0)

/**
 * Receives leaves in ascending order of their key hashes and keeps the subtrees to the left of the path to the last one.
 */
export class StateFrontier {
  /** Hash of the left sibling whose parent is at depth d, at 32 * d; only where {@link #present} says so. */
  readonly #left = new Uint8Array(bits * size)
  readonly #present = new Uint8Array(bits)
  readonly #key = new Uint8Array(size)
  /** The hash of the last leaf; later of the subtree that holds it. */
  readonly #node = new Uint8Array(size)
  /** Bits that the last leaf shares with the one before it; -1 for the first leaf. */
  #shared = -1
  #count = 0

  /** Leaves received. */
  get count(): number {
    return this.#count
  }

  /**
   * Receives `count` leaves: key hashes and leaf hashes lie one after the other. Throws `ProofError` (`KeyOrder`) unless
   * the keys go on strictly increasing.
   */
  push(keyHashes: Uint8Array, leafHashes: Uint8Array, count: number): void {
    const key = this.#key
    const node = this.#node
    for (let index = 0; index < count; index++) {
      const at = index * size
      if (this.#count > 0) this.#settle(keyHashes, at)
      // Both in one loop: this runs for every item of a state.
      for (let byte = 0; byte < size; byte++) {
        key[byte] = byteAt(keyHashes, at + byte)
        node[byte] = byteAt(leafHashes, at + byte)
      }
      this.#count += 1
    }
  }

  /** The last leaf's subtree is complete up to where the next key parts from it: there it becomes a left sibling. */
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

  /** Replaces the node, a child of a node at depth `from`, by its ancestor just below depth `to`: nothing on the right. */
  #climb(from: number, to: number): void {
    for (let depth = from; depth > to; depth--) {
      if (bitAt(this.#key, 0, depth) === 0) joinRight(this.#node, sparseMerklePlaceholder)
      else this.#joinLeft(depth, this.#node)
      this.#present[depth] = 0
    }
  }

  /** `node` becomes its parent at `depth`, whose right child it is. */
  #joinLeft(depth: number, node: HashValue): void {
    if (this.#present[depth] === 1) {
      Sha3.hashPair(seeds.sparseMerkleInternal, this.#left, depth * size, node, 0, node, 0)
    } else {
      Sha3.hashPair(seeds.sparseMerkleInternal, sparseMerklePlaceholder, 0, node, 0, node, 0)
    }
  }

  /**
   * Checks that the leaves received are all leaves of the tree with that root up to the last one. `rightSiblings` are
   * those of a range proof for the last leaf, the bottom one first. The frontier stays as it is.
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

  /** The root of a tree that holds exactly the leaves received. */
  root(): HashValue {
    if (this.#count === 0) return sparseMerklePlaceholder
    const node = this.#node.slice()
    for (let depth = this.#shared; depth >= 0; depth--) {
      if (bitAt(this.#key, 0, depth) === 0) joinRight(node, sparseMerklePlaceholder)
      else this.#joinLeft(depth, node)
    }
    return node
  }

  /** Key hash of the last leaf received. A copy. */
  lastKeyHash(): HashValue {
    return this.#key.slice()
  }

  /**
   * The frontier as bytes, for {@link StateFrontier.restore}: some hundreds, for that many leaves as may be.
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

  /** The frontier that was saved; `undefined` where these are not the bytes of one. */
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
