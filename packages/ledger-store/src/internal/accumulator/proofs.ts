/** Proofs and roots of the transaction accumulator, made from its frozen nodes. */
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as Proofs from "@holdfast/ledger/Proofs"
import * as Sha3 from "@holdfast/ledger/Sha3"

/**
 * The root of the full subtree of 2^level leaves that begins at leaf `index` · 2^level. The accumulator must hold all of
 * these leaves.
 */
export type FrozenNode = (level: number, index: number) => HashValue.HashValue

/** Levels below the root of `count` leaves. */
const height = (count: number): number => {
  let levels = 0
  for (let width = 1; width < count; width *= 2) levels++
  return levels
}

/** A node of the accumulator over the first `count` leaves: frozen, a placeholder, or partly filled. */
const nodeAt = (frozen: FrozenNode, count: number, level: number, index: number): HashValue.HashValue => {
  const width = 2 ** level
  if ((index + 1) * width <= count) return frozen(level, index)
  if (index * width >= count) return HashValue.accumulatorPlaceholder
  const left = nodeAt(frozen, count, level - 1, 2 * index)
  const right = nodeAt(frozen, count, level - 1, 2 * index + 1)
  const hash = new Uint8Array(HashValue.size)
  Sha3.hashPair(HashValue.seeds.transactionAccumulator, left, 0, right, 0, hash, 0)
  return hash
}

/** Siblings of the leaf at `index` in the accumulator over the first `count` leaves, bottom up. */
export const inclusionProof = (
  frozen: FrozenNode,
  count: number,
  index: number
): Proofs.TransactionAccumulatorProof => {
  const siblings: Array<HashValue.HashValue> = []
  let position = index
  for (let level = 0; level < height(count); level++) {
    siblings.push(nodeAt(frozen, count, level, position % 2 === 0 ? position + 1 : position - 1))
    position = Math.floor(position / 2)
  }
  return { siblings }
}

/** Siblings left and right of the leaves `first` … `last` in the accumulator over the first `count` leaves, bottom up. */
export const rangeProof = (
  frozen: FrozenNode,
  count: number,
  first: number,
  last: number
): Proofs.TransactionAccumulatorRangeProof => {
  const leftSiblings: Array<HashValue.HashValue> = []
  const rightSiblings: Array<HashValue.HashValue> = []
  let left = first
  let right = last
  for (let level = 0; level < height(count); level++) {
    if (left % 2 === 1) leftSiblings.push(nodeAt(frozen, count, level, left - 1))
    if (right % 2 === 0) rightSiblings.push(nodeAt(frozen, count, level, right + 1))
    left = Math.floor(left / 2)
    right = Math.floor(right / 2)
  }
  return { leftSiblings, rightSiblings }
}

/** The roots of the full subtrees of `count` leaves, left to right. */
export const frozenSubtreeRoots = (frozen: FrozenNode, count: number): ReadonlyArray<HashValue.HashValue> => {
  const roots: Array<HashValue.HashValue> = []
  let width = count
  for (let level = 0; width > 0; level++) {
    if (width % 2 === 1) roots.push(frozen(level, width - 1))
    width = Math.floor(width / 2)
  }
  return roots.reverse()
}
