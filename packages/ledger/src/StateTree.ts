/**
 * The state as a persistent tree in memory: an update makes a new tree, and leaves the older trees unchanged.
 *
 * The tree computes hashes in batches, with one array for the hashes of a batch: the hashes of leaves with the update,
 * the hashes of inner nodes when a root or a proof needs them, a level at a time. {@link StateNodes} has the shape of
 * the tree.
 *
 * Source: docs/spec/formats.md, section 5.
 */
import { type HashValue, size } from "./HashValue.ts"
import * as StateNodes from "./StateNodes.ts"

/** One key, and the record under the key. */
export interface StateItem extends StateNodes.Leaf {
  /** A view. */
  readonly keyHash: HashValue
  /** The bytes of the change. A view. */
  readonly record: Uint8Array
}

export type { StateChange } from "./StateNodes.ts"

/** A state. {@link update} makes other states of it. */
export interface StateTree {
  readonly top: StateNodes.Node<StateItem>
}

/** The state without items. */
export const empty: StateTree = { top: undefined }

class Item implements StateItem {
  readonly keys: Uint8Array
  readonly keyAt: number
  readonly hashes: Uint8Array
  readonly hashAt: number
  // A buffer and two numbers take half the memory of a view.
  readonly #buffer: ArrayBufferLike
  readonly #start: number
  readonly #length: number

  constructor(keys: Uint8Array, hashes: Uint8Array, at: number, record: Uint8Array) {
    this.keys = keys
    this.keyAt = at
    this.hashes = hashes
    this.hashAt = at
    this.#buffer = record.buffer
    this.#start = record.byteOffset
    this.#length = record.length
  }

  get count(): number {
    return 1
  }

  get keyHash(): HashValue {
    return this.keys.subarray(this.keyAt, this.keyAt + size)
  }

  get record(): Uint8Array {
    return new Uint8Array(this.#buffer, this.#start, this.#length)
  }
}

const itemOf: StateNodes.MakeLeaf<StateItem> = (keys, hashes, at, record) => new Item(keys, hashes, at, record)

/** Nothing is left to read: all of the tree is in memory. */
const read = (unread: never): never => unread

/**
 * The state after the changes. Of several changes of one key the last one counts. The removal of an absent key changes
 * nothing.
 */
export const update = (tree: StateTree, changes: ReadonlyArray<StateNodes.StateChange>): StateTree => {
  const top = StateNodes.update(tree.top, changes, itemOf, read)
  return top === tree.top ? tree : { top }
}

/** The state root. */
export const root = ({ top }: StateTree): HashValue => StateNodes.hashOf(top)

/** Number of items. */
export const count = ({ top }: StateTree): number => StateNodes.countOf(top)

/** The item of a key; `undefined` where the key does not exist. */
export const get = ({ top }: StateTree, keyHash: HashValue): StateItem | undefined =>
  StateNodes.find(top, keyHash, read)

/** The items in ascending order of their key hashes, from index `start` on, at most `limit`. */
export function* items(
  { top }: StateTree,
  start = 0,
  limit = Number.POSITIVE_INFINITY
): Generator<StateItem, void, undefined> {
  const ahead = [top]
  let skip = start
  let left = limit
  while (ahead.length > 0 && left > 0) {
    const node = ahead.pop()
    const below = StateNodes.countOf(node)
    if (skip >= below) {
      skip -= below
    } else if (node instanceof StateNodes.Inner) {
      ahead.push(node.right, node.left)
    } else if (node !== undefined) {
      left -= 1
      yield node
    }
  }
}

/**
 * The range proof of a key: the right siblings of the path from the root to its leaf, the bottom one first. `undefined`
 * where the key does not exist.
 */
export const rangeProof = ({ top }: StateTree, keyHash: HashValue): ReadonlyArray<HashValue> | undefined =>
  StateNodes.rangeProof(top, keyHash, read)
