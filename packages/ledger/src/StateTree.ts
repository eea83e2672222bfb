/**
 * The state as a tree in memory: persistent, so that an older state stays what it was for as long as it is held.
 *
 * Hashes lie in one array a batch and are computed in batches: those of leaves when they are written, those of inner
 * nodes when a root or a proof is asked for, a level at a time. The shape of the tree: {@link StateNodes}.
 *
 * Source: docs/spec/formats.md, section 5.
 */
import { type HashValue, size } from "./HashValue.ts"
import * as StateNodes from "./StateNodes.ts"

/** One key and what stands under it. */
export interface StateItem extends StateNodes.Leaf {
  /** A view. */
  readonly keyHash: HashValue
  /** The bytes that came with the change, untouched. A view. */
  readonly record: Uint8Array
}

export type { StateChange } from "./StateNodes.ts"

/** A state. Make others of it with {@link update}. */
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

/** All of the tree is in memory. */
const read = (unread: never): never => unread

/**
 * The state after the changes. Of several changes of one key the last one counts; removing a key that is not there
 * changes nothing.
 */
export const update = (tree: StateTree, changes: ReadonlyArray<StateNodes.StateChange>): StateTree => {
  const top = StateNodes.update(tree.top, changes, itemOf, read)
  return top === tree.top ? tree : { top }
}

/** The state root. */
export const root = ({ top }: StateTree): HashValue => StateNodes.hashOf(top)

/** Number of items. */
export const count = ({ top }: StateTree): number => StateNodes.countOf(top)

/** What stands under a key. */
export const get = ({ top }: StateTree, keyHash: HashValue): StateItem | undefined =>
  StateNodes.find(top, keyHash, read)

/** Items in ascending order of their key hashes, from the one at index `start` on, at most `limit`. */
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
 * The right siblings of the path from the root to a key's leaf, the bottom one first: the state range proof for that
 * key. `undefined` where the key does not exist.
 */
export const rangeProof = ({ top }: StateTree, keyHash: HashValue): ReadonlyArray<HashValue> | undefined =>
  StateNodes.rangeProof(top, keyHash, read)
