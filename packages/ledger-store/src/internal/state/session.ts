/**
 * Changes a stored state in memory. A change makes a new state of an old one; only {@link StateSession.write} writes.
 *
 * A session keeps all records that it reads. It lives for one block, or from the preview of a block until its commit.
 */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as StateNodes from "@holdfast/ledger/StateNodes"
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

/** The bytes of a record of the state tree, which must not change afterwards. Throws where the record is missing. */
export type ReadNode = (version: number, path: Uint8Array) => Uint8Array

/** Where a state lies in the store. */
export interface StateRoot {
  /** The version of the topmost record; without meaning in an empty state. */
  readonly version: number
  readonly count: number
  readonly hash: HashValue.HashValue
}

export const emptyRoot: StateRoot = { version: 0, count: 0, hash: HashValue.sparseMerklePlaceholder }

const noPath = new Uint8Array(0)

/** The topmost record of a state; `undefined` in an empty state. */
export const storedRoot = ({ count, hash, version }: StateRoot): Stored | undefined =>
  count === 0 ? undefined : new Stored(version, noPath, count, hash, 0)

/** A state in memory. */
export interface State {
  readonly top: Node
}

/** Takes the writes of a session: records in the order of their keys, values by ascending key hash. */
export interface StateWriter {
  readonly putNode: (key: Uint8Array, record: Uint8Array) => void
  /** `framed` is the length of the value and the value. */
  readonly putValue: (key: Uint8Array, framed: Uint8Array) => void
  /** No later state has the record under this key, which was written at `version`. */
  readonly staleNode: (key: Uint8Array, version: number) => void
  /** No later state has the value under this key, which was written at `version`. */
  readonly staleValue: (key: Uint8Array, version: number) => void
}

const leafOf: StateNodes.MakeLeaf<Leaf> = (keys, hashes, at, record) => new Leaf(keys, at, hashes, at, unstored, record)

export class StateSession implements States<State> {
  readonly base: State
  readonly #root: StateRoot
  readonly #read: ReadNode
  /** All records that the session has read. */
  readonly #expanded: Array<Stored> = []
  #writes = 0

  constructor(root: StateRoot, read: ReadNode) {
    this.#root = root
    this.#read = read
    this.base = { top: storedRoot(root) }
  }

  /** The state after the changes. Of several changes of one key the last one counts. */
  readonly update = (state: State, changes: ReadonlyArray<StateNodes.StateChange>): State => {
    const top = StateNodes.update(state.top, changes, leafOf, this.#expand)
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

  /** Writes the nodes that `state` has and the base lacks, under `version`, and names the stale ones. */
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

  /** Marks an unchanged record and the records below it that the session has read. */
  #keep(node: Node): void {
    if (node instanceof Stored) {
      node.keptBy = this.#writes
      this.#keep(node.expanded)
    } else if (node instanceof StateNodes.Inner) {
      this.#keep(node.left)
      this.#keep(node.right)
    }
  }

  /** Names the values of a stale record, except values that another record has taken over. */
  #tellStaleValues(node: Node, writer: StateWriter): void {
    if (node instanceof StateNodes.Inner) {
      this.#tellStaleValues(node.left, writer)
      this.#tellStaleValues(node.right, writer)
    } else if (node instanceof Leaf && node.keptBy !== this.#writes) {
      writer.staleValue(valueKey(node.keys, node.keyAt, node.version), node.version)
    }
  }
}
