/**
 * Merkle accumulators: over the transaction infos of a ledger, and over the events of one transaction.
 *
 * Leaves stand in order. A missing right sibling is the accumulator placeholder. The root of a single leaf is that
 * leaf, and the root of no leaves is the placeholder. The *frozen subtree roots* of n leaves are the roots of the full
 * subtrees, left to right, one for each set bit of n.
 *
 * Source: docs/spec/formats.md, section 5.
 */
import { equalBytes } from "./Bytes.ts"
import { accumulatorPlaceholder, format, type HashValue, seeds, size } from "./HashValue.ts"
import { refuse } from "./ProofError.ts"
import type { TransactionAccumulatorRangeProof } from "./Proofs.ts"
import * as Sha3 from "./Sha3.ts"

/** The most siblings that an inclusion or range proof can have on one side. */
export const maxProofDepth = 63

/**
 * The root over the first `count` leaf hashes of `leaves`, which lie one after the other. Overwrites `leaves`, and
 * needs room for one hash more than `count`.
 */
export const rootOfLeaves = (seed: Uint8Array, leaves: Uint8Array, count: number): HashValue => {
  if (count === 0) return accumulatorPlaceholder
  let width = count
  while (width > 1) {
    if (width % 2 === 1) {
      leaves.set(accumulatorPlaceholder, width * size)
      width += 1
    }
    width /= 2
    Sha3.hashPairs(seed, leaves, width, leaves)
  }
  return leaves.slice(0, size)
}

/** A growing accumulator. Keeps the frozen subtree roots alone: one hash for each level. */
export class AccumulatorBuilder {
  readonly #seed: Uint8Array
  /** The root of the full subtree of 2^level leaves, where bit `level` of the count is set. */
  readonly #frozen: Array<HashValue> = []
  #count: number

  /** Continues after `count` leaves, whose frozen subtree roots are given left to right. */
  constructor(seed: Uint8Array, count = 0, frozenSubtreeRoots: ReadonlyArray<HashValue> = []) {
    this.#seed = seed
    this.#count = count
    const roots = [...frozenSubtreeRoots]
    for (let level = 0, rest = count; rest > 0; level++, rest = Math.floor(rest / 2)) {
      const root = rest % 2 === 1 ? roots.pop() : accumulatorPlaceholder
      if (root === undefined) return refuse("ProofShape", `too few frozen subtree roots for ${count} leaves`)
      this.#frozen[level] = root
    }
    if (roots.length > 0) refuse("ProofShape", `too many frozen subtree roots for ${count} leaves`)
  }

  /** Leaves so far. */
  get count(): number {
    return this.#count
  }

  /** Appends `count` leaf hashes that lie one after the other in `leaves`. */
  append(leaves: Uint8Array, count = leaves.length / size): void {
    let position = this.#count
    let nodes = leaves.slice(0, count * size)
    let width = count
    this.#count += count
    for (let level = 0; width > 0; level++) {
      if (position % 2 === 1) {
        // The first node is a right child, whose left sibling is the frozen node of this level.
        const joined = new Uint8Array((width + 1) * size)
        joined.set(this.#frozen[level] ?? accumulatorPlaceholder)
        joined.set(nodes.subarray(0, width * size), size)
        nodes = joined
        width += 1
        position -= 1
      }
      if (width % 2 === 1) {
        this.#frozen[level] = nodes.slice((width - 1) * size, width * size)
        width -= 1
      }
      position /= 2
      width /= 2
      Sha3.hashPairs(this.#seed, nodes, width, nodes)
    }
  }

  /** The roots of the full subtrees, left to right. */
  frozenSubtreeRoots(): ReadonlyArray<HashValue> {
    const roots: Array<HashValue> = []
    for (let level = 0, rest = this.#count; rest > 0; level++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) roots.unshift(this.#frozen[level] ?? accumulatorPlaceholder)
    }
    return roots
  }

  root(): HashValue {
    let root: HashValue | undefined
    let rest = this.#count
    for (let level = 0; rest > 0; level++) {
      const left = rest % 2 === 1 ? this.#frozen[level] : undefined
      if (left !== undefined) {
        root = root === undefined
          ? (rest === 1 ? left : Sha3.hashSeeded(this.#seed, left, accumulatorPlaceholder))
          : Sha3.hashSeeded(this.#seed, left, root)
      } else if (root !== undefined) {
        root = Sha3.hashSeeded(this.#seed, root, accumulatorPlaceholder)
      }
      rest = Math.floor(rest / 2)
    }
    return root ?? accumulatorPlaceholder
  }
}

/**
 * Checks that a leaf is the one at `index` of the transaction accumulator with that root.
 *
 * Throws `ProofError` (`ProofShape`, `RootMismatch`).
 */
export const verifyInclusion = (
  leaf: HashValue,
  index: number,
  siblings: ReadonlyArray<HashValue>,
  root: HashValue
): void => {
  if (siblings.length > maxProofDepth) refuse("ProofShape", `an inclusion proof with ${siblings.length} siblings`)
  let node = leaf
  let position = index
  for (const sibling of siblings) {
    node = position % 2 === 0
      ? Sha3.hashSeeded(seeds.transactionAccumulator, node, sibling)
      : Sha3.hashSeeded(seeds.transactionAccumulator, sibling, node)
    position = Math.floor(position / 2)
  }
  if (position !== 0) refuse("ProofShape", `${siblings.length} siblings do not reach leaf ${index}`)
  expectRoot(node, root, `leaf ${index}`)
}

/**
 * Checks that `count` consecutive leaves from `first` on are in the transaction accumulator with that root. Their
 * hashes lie one after the other in `leaves`, from byte 32 on. Overwrites `leaves`, and needs room for one hash more at
 * either end.
 *
 * Throws `ProofError` (`ProofShape`, `RootMismatch`).
 */
export const verifyRange = (
  leaves: Uint8Array,
  count: number,
  first: number,
  proof: TransactionAccumulatorRangeProof,
  root: HashValue
): void => {
  const { leftSiblings, rightSiblings } = proof
  if (leftSiblings.length > maxProofDepth || rightSiblings.length > maxProofDepth) {
    refuse("ProofShape", `a range proof with ${leftSiblings.length} + ${rightSiblings.length} siblings`)
  }
  if (count === 0) refuse("ProofShape", "a range proof of no leaves")
  const what = `leaves ${first} to ${first + count - 1}`
  let left = 0
  let right = 0
  let start = size
  let width = count
  let position = first
  while (width > 1 || left < leftSiblings.length || right < rightSiblings.length) {
    if (position % 2 === 1) {
      const sibling = leftSiblings[left++] ?? refuse("ProofShape", `the proof of ${what} lacks a left sibling`)
      start -= size
      leaves.set(sibling, start)
      width += 1
    }
    if (width % 2 === 1) {
      const sibling = rightSiblings[right++] ?? refuse("ProofShape", `the proof of ${what} lacks a right sibling`)
      leaves.set(sibling, start + width * size)
      width += 1
    }
    width /= 2
    position = Math.floor(position / 2)
    // Parents move back to byte 32, so that the next left sibling has room before them.
    const nodes = leaves.subarray(start)
    Sha3.hashPairs(seeds.transactionAccumulator, nodes, width, nodes)
    leaves.copyWithin(size, start, start + width * size)
    start = size
  }
  if (position !== 0) refuse("ProofShape", `the proof of ${what} does not reach the root`)
  expectRoot(leaves.subarray(start, start + size), root, what)
}

const expectRoot = (found: HashValue, expected: HashValue, what: string): void => {
  if (!equalBytes(found, expected)) {
    refuse("RootMismatch", `${what}: accumulator root ${format(found)}, not ${format(expected)}`)
  }
}
