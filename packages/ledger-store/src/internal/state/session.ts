/**
 * Changing a stored state in memory: states are made of states, nothing is written before {@link StateSession.write}.
 *
 * What is read on the way is kept until the session goes: a session lives for one block, or from a question for its
 * roots until the block comes.
 */
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"
import type * as StateTree from "@holdfast/ledger/StateTree"
import { nodeKey, valueKey } from "./keys.ts"
import {
  bitAt,
  childrenOf,
  countOf,
  decodeNode,
  encodeNode,
  hashOf,
  Inner,
  join,
  Leaf,
  levelsPerNode,
  type Node,
  pathBelow,
  Stored,
  unstored
} from "./nodes.ts"
import type { States } from "./states.ts"

const { seeds, size } = HashValue

/** The bytes of a state tree record. They must not change afterwards. Throws where it is missing. */
export type ReadNode = (version: number, path: Uint8Array) => Uint8Array

/** Where a state is found in the store. */
export interface StateRoot {
  /** The version of the record at its top; of no meaning in an empty state. */
  readonly version: number
  readonly count: number
  readonly hash: HashValue.HashValue
}

export const emptyRoot: StateRoot = { version: 0, count: 0, hash: HashValue.sparseMerklePlaceholder }

const noPath = new Uint8Array(0)

/** The record at the top of a state; nothing for an empty one. */
export const storedRoot = ({ count, hash, version }: StateRoot): Stored | undefined =>
  count === 0 ? undefined : new Stored(version, noPath, count, hash, 0)

/** A state in memory. */
export interface State {
  readonly top: Node
}

/** Takes what a session has to write. Records come in the order of their keys, values by ascending key hash. */
export interface StateWriter {
  readonly putNode: (key: Uint8Array, record: Uint8Array) => void
  /** `framed` is the record with its length before it. */
  readonly putValue: (key: Uint8Array, framed: Uint8Array) => void
  /** No state from now on has what is under this key, which was written at `version`. */
  readonly staleNode: (key: Uint8Array, version: number) => void
  readonly staleValue: (key: Uint8Array, version: number) => void
}

/** Changes of one update, sorted by key, each key once; where present the new leaf. */
interface Batch {
  readonly changes: ReadonlyArray<StateTree.StateChange>
  readonly leaves: ReadonlyArray<Leaf | undefined>
}

const prepare = (unsorted: ReadonlyArray<StateTree.StateChange>): Batch => {
  // The sort is stable, so of several changes of a key the last one given stands last.
  const sorted = unsorted.slice().sort((a, b) => Bytes.compareBytes(a.keyHash, b.keyHash))
  const changes = sorted.filter((change, index) => {
    const next = sorted[index + 1]
    return next === undefined || !Bytes.equalBytes(change.keyHash, next.keyHash)
  })
  const pairs = new Uint8Array(changes.length * 2 * size)
  let present = 0
  for (const { keyHash, value } of changes) {
    if (value === undefined) continue
    pairs.set(keyHash, 2 * present * size)
    pairs.set(value.valueHash, (2 * present + 1) * size)
    present += 1
  }
  const hashes = new Uint8Array(present * size)
  Sha3.hashPairs(seeds.sparseMerkleLeaf, pairs, present, hashes)
  let index = 0
  const leaves = changes.map(({ value }) => {
    if (value === undefined) return undefined
    const leaf = new Leaf(pairs, 2 * index * size, hashes, index * size, unstored, value.record)
    index += 1
    return leaf
  })
  return { changes, leaves }
}

/** The first change of `[from, to)` whose key has a 1 at `bit`; they agree in all bits before. */
const partition = ({ changes }: Batch, from: number, to: number, bit: number): number => {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    const change = changes[middle]
    if (change !== undefined && bitAt(change.keyHash, 0, bit) === 0) low = middle + 1
    else high = middle
  }
  return low
}

export class StateSession implements States<State> {
  readonly base: State
  readonly #root: StateRoot
  readonly #read: ReadNode
  /** Every record that was looked into. */
  readonly #expanded: Array<Stored> = []
  #writes = 0

  constructor(root: StateRoot, read: ReadNode) {
    this.#root = root
    this.#read = read
    this.base = { top: storedRoot(root) }
  }

  /** The state after the changes. Of several changes of one key the last one counts. */
  readonly update = (state: State, changes: ReadonlyArray<StateTree.StateChange>): State => {
    const batch = prepare(changes)
    const top = this.#apply(state.top, batch, 0, batch.changes.length, 0)
    return top === state.top ? state : { top }
  }

  readonly root = (state: State): HashValue.HashValue => hashOf(state.top)

  #expand(node: Stored): Leaf | Inner {
    if (node.expanded === undefined) {
      node.expanded = decodeNode(this.#read(node.version, node.path), node.path)
      this.#expanded.push(node)
    }
    return node.expanded
  }

  /** `node`, a subtree at `depth`, after the changes `[from, to)`, which all belong below it. */
  #apply(node: Node, batch: Batch, from: number, to: number, depth: number): Node {
    if (from === to) return node
    if (node instanceof Stored) {
      const before = this.#expand(node)
      const after = this.#apply(before, batch, from, to, depth)
      return after === before ? node : after
    }
    if (!(node instanceof Inner) && to === from + 1) {
      const change = batch.changes[from]
      const leaf = batch.leaves[from]
      const replaced = node === undefined ||
        (change !== undefined && Bytes.equalRange(node.keys, node.keyAt, change.keyHash, 0, size))
      if (replaced) return leaf
      if (leaf === undefined) return node
    }
    const middle = partition(batch, from, to, depth)
    if (node instanceof Inner) {
      const left = this.#apply(node.left, batch, from, middle, depth + 1)
      const right = this.#apply(node.right, batch, middle, to, depth + 1)
      return left === node.left && right === node.right ? node : join(left, right)
    }
    const onRight = node !== undefined && bitAt(node.keys, node.keyAt, depth) === 1
    return join(
      this.#apply(onRight ? undefined : node, batch, from, middle, depth + 1),
      this.#apply(onRight ? node : undefined, batch, middle, to, depth + 1)
    )
  }

  /** Writes what `state` has and the base has not, as of `version`, and tells what is stale. Where the state then lies. */
  write({ top }: State, version: number, writer: StateWriter): StateRoot {
    this.#writes += 1
    const hash = hashOf(top)
    let root: StateRoot = { version, count: countOf(top), hash }
    if (top instanceof Stored) {
      root = this.#root
      this.#keep(top)
    } else if (top !== undefined) {
      this.#writeNode(top, noPath, version, writer)
    }
    for (const node of this.#expanded) {
      if (node.keptBy === this.#writes) continue
      writer.staleNode(nodeKey(node.version, node.path), node.version)
      this.#tellStaleValues(node.expanded, writer)
    }
    return root
  }

  #writeNode(top: Leaf | Inner, path: Uint8Array, version: number, writer: StateWriter): void {
    const children = childrenOf(top, path.length * levelsPerNode)
    writer.putNode(nodeKey(version, path), encodeNode(children, version))
    for (let nibble = 0; nibble < children.length; nibble++) {
      const node = children[nibble]
      if (node instanceof Stored) this.#keep(node)
      else if (node instanceof Inner) this.#writeNode(node, pathBelow(path, nibble), version, writer)
      else if (node?.record !== undefined) writer.putValue(valueKey(node.keys, node.keyAt, version), node.record)
      else if (node !== undefined) node.keptBy = this.#writes
    }
  }

  /** An unchanged record keeps what is below it; only what was looked into needs to be told. */
  #keep(node: Node): void {
    if (node instanceof Stored) {
      node.keptBy = this.#writes
      this.#keep(node.expanded)
    } else if (node instanceof Inner) {
      this.#keep(node.left)
      this.#keep(node.right)
    }
  }

  /** The values of a record that is stale, but for those that have moved to another one. */
  #tellStaleValues(node: Node, writer: StateWriter): void {
    if (node instanceof Inner) {
      this.#tellStaleValues(node.left, writer)
      this.#tellStaleValues(node.right, writer)
    } else if (node instanceof Leaf && node.keptBy !== this.#writes) {
      writer.staleValue(valueKey(node.keys, node.keyAt, node.version), node.version)
    }
  }
}
