/**
 * Changing a stored state in memory: states are made of states, nothing is written before {@link StateSession.write}.
 *
 * What is read on the way is kept until the session goes: a session lives for one block, or from a question for its
 * roots until the block comes.
 */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as StateNodes from "@holdfast/ledger/StateNodes"
import type * as StateTree from "@holdfast/ledger/StateTree"
import { nodeKey, valueKey } from "./keys.ts"
import {
  childrenOf,
  decodeNode,
  encodeNode,
  type Inner,
  Leaf,
  levelsPerNode,
  type Node,
  pathBelow,
  Stored,
  unstored
} from "./nodes.ts"
import type { States } from "./states.ts"

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

const newLeaf: StateNodes.MakeLeaf<Leaf> = (keys, hashes, at, record) =>
  new Leaf(keys, at, hashes, at, unstored, record)

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
    const top = StateNodes.update(state.top, changes, newLeaf, this.#expand)
    return top === state.top ? state : { top }
  }

  readonly root = (state: State): HashValue.HashValue => StateNodes.hashOf(state.top)

  readonly #expand = (node: Stored): Leaf | Inner => {
    if (node.expanded === undefined) {
      node.expanded = decodeNode(this.#read(node.version, node.path), node.path)
      this.#expanded.push(node)
    }
    return node.expanded
  }

  /** Writes what `state` has and the base has not, as of `version`, and tells what is stale. Where the state then lies. */
  write({ top }: State, version: number, writer: StateWriter): StateRoot {
    this.#writes += 1
    const hash = StateNodes.hashOf(top)
    let root: StateRoot = { version, count: StateNodes.countOf(top), hash }
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
      else if (node instanceof StateNodes.Inner) this.#writeNode(node, pathBelow(path, nibble), version, writer)
      else if (node?.record !== undefined) writer.putValue(valueKey(node.keys, node.keyAt, version), node.record)
      else if (node !== undefined) node.keptBy = this.#writes
    }
  }

  /** An unchanged record keeps what is below it; only what was looked into needs to be told. */
  #keep(node: Node): void {
    if (node instanceof Stored) {
      node.keptBy = this.#writes
      this.#keep(node.expanded)
    } else if (node instanceof StateNodes.Inner) {
      this.#keep(node.left)
      this.#keep(node.right)
    }
  }

  /** The values of a record that is stale, but for those that have moved to another one. */
  #tellStaleValues(node: Node, writer: StateWriter): void {
    if (node instanceof StateNodes.Inner) {
      this.#tellStaleValues(node.left, writer)
      this.#tellStaleValues(node.right, writer)
    } else if (node instanceof Leaf && node.keptBy !== this.#writes) {
      writer.staleValue(valueKey(node.keys, node.keyAt, node.version), node.version)
    }
  }
}
