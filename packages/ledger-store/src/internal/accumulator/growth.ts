/** The nodes that new leaves freeze in an accumulator, in the order of freezing. */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"

/**
 * The position of a node in the order of freezing: each leaf, then the subtrees that the leaf completes, from the bottom
 * up. A growing accumulator only appends in that order.
 */
export const frozenPosition = (level: number, index: number): number => {
  const lastLeaf = (index + 1) * 2 ** level - 1
  let ones = 0
  for (let rest = lastLeaf; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2
  return 2 * lastLeaf - ones + level
}

/** The new nodes of a level: `nodes` holds the hashes from index `first` on. */
interface Level {
  readonly first: number
  readonly nodes: Uint8Array
}

export interface Growth {
  /** The roots of the full subtrees of all leaves, left to right. */
  readonly frozenSubtreeRoots: ReadonlyArray<HashValue.HashValue>
  /** Visits every new frozen node, by ascending position. The hash is a view. */
  readonly forEach: (visit: (position: number, hash: HashValue.HashValue) => void) => void
}

const view = ({ first, nodes }: Level, index: number): HashValue.HashValue => {
  const at = (index - first) * HashValue.size
  return nodes.subarray(at, at + HashValue.size)
}

/** Appends `added` leaf hashes, one after the other in `leaves`, to `count` leaves with these frozen subtree roots. */
export const accumulatorGrowth = (
  count: number,
  frozenSubtreeRoots: ReadonlyArray<HashValue.HashValue>,
  leaves: Uint8Array,
  added: number
): Growth => {
  const total = count + added
  /** The given roots by level: a level has one where the leaves end with a full subtree of that height. */
  const held = new Map<number, HashValue.HashValue>()
  for (let level = 0, rest = count, index = frozenSubtreeRoots.length; rest > 0; level++) {
    const root = rest % 2 === 1 ? frozenSubtreeRoots[--index] : undefined
    if (root !== undefined) held.set(level, root)
    rest = Math.floor(rest / 2)
  }
  const levels: Array<Level> = [{ first: count, nodes: leaves.subarray(0, added * HashValue.size) }]
  for (let level = 0, current = levels[0]; current !== undefined; level++) {
    const width = Math.floor(total / 2 ** level)
    if (width < 2) break
    const first = Math.floor(current.first / 2)
    const parents = Math.floor(width / 2) - first
    let below = current.nodes
    if (current.first % 2 === 1) {
      // The first new node is a right child: its left sibling is one of the given roots.
      below = new Uint8Array((width - current.first + 1) * HashValue.size)
      below.set(held.get(level) ?? HashValue.accumulatorPlaceholder)
      below.set(current.nodes, HashValue.size)
    }
    const nodes = new Uint8Array(parents * HashValue.size)
    Sha3.hashPairs(HashValue.seeds.transactionAccumulator, below, parents, nodes)
    current = { first, nodes }
    levels.push(current)
  }
  const roots: Array<HashValue.HashValue> = []
  for (let level = 0, width = total; width > 0; level++) {
    const frozen = levels[level]
    const root = frozen !== undefined && width - 1 >= frozen.first ? view(frozen, width - 1) : held.get(level)
    if (width % 2 === 1 && root !== undefined) roots.push(root)
    width = Math.floor(width / 2)
  }
  return {
    frozenSubtreeRoots: roots.reverse(),
    forEach: (visit) => {
      for (let leaf = count; leaf < total; leaf++) {
        let index = leaf
        for (let level = 0; level < levels.length; level++) {
          const frozen = levels[level]
          if (frozen !== undefined) visit(frozenPosition(level, index), view(frozen, index))
          if (index % 2 === 0) break
          index = (index - 1) / 2
        }
      }
    }
  }
}
