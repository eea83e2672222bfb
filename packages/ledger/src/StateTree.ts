/**
 * The state as a tree in memory: persistent, so that an older state stays what it was for as long as it is held.
 *
 * A binary sparse Merkle tree over 256-bit key hashes, most significant bit first. An empty subtree is the sparse
 * placeholder; a subtree with exactly one leaf *is* that leaf, which sits as high as it can; every other node is the
 * hash of its two sides.
 *
 * Hashes lie in one array a batch and are computed in batches: those of leaves when they are written, those of inner
 * nodes when a root or a proof is asked for, a level at a time.
 *
 * Source: the formats page of the specification, section 5.
 */
import { compareBytes, equalRange } from "./Bytes.ts"
import { type HashValue, seeds, size, sparseMerklePlaceholder } from "./HashValue.ts"
import * as Sha3 from "./Sha3.ts"

/** One key and what stands under it. */
export interface StateItem {
  /** A view. */
  readonly keyHash: HashValue
  /** The bytes that came with the change, untouched. A view. */
  readonly record: Uint8Array
}

/** A key gets a value, or goes (`value` undefined). */
export interface StateChange {
  readonly keyHash: HashValue
  readonly value: {
    readonly valueHash: HashValue
    /** Kept by reference: must not change afterwards. The tree makes nothing of it. */
    readonly record: Uint8Array
  } | undefined
}

class Leaf implements StateItem {
  /** Key hashes and leaf hashes of all leaves of one update; this one's stand at `at`. */
  readonly keys: Uint8Array
  readonly hashes: Uint8Array
  readonly at: number
  // A buffer and two numbers take half the memory of a view.
  readonly buffer: ArrayBufferLike
  readonly start: number
  readonly length: number

  constructor(keys: Uint8Array, hashes: Uint8Array, at: number, record: Uint8Array) {
    this.keys = keys
    this.hashes = hashes
    this.at = at
    this.buffer = record.buffer
    this.start = record.byteOffset
    this.length = record.length
  }

  get count(): number {
    return 1
  }

  get keyHash(): HashValue {
    return this.keys.subarray(this.at, this.at + size)
  }

  get record(): Uint8Array {
    return new Uint8Array(this.buffer, this.start, this.length)
  }
}

const unhashed = new Uint8Array(0)

class Inner {
  readonly left: Node
  readonly right: Node
  readonly count: number
  /** Where the hash stands, once it is known: the only fields that ever change. */
  hashes = unhashed
  at = 0

  constructor(left: Node, right: Node) {
    this.left = left
    this.right = right
    this.count = countOf(left) + countOf(right)
  }
}

type Node = Leaf | Inner | undefined

const countOf = (node: Node): number => node === undefined ? 0 : node.count

/** A state. Make others of it with {@link update}. */
export class StateTree {
  /** @internal */
  readonly top: Node

  /** @internal */
  constructor(top: Node) {
    this.top = top
  }
}

/** The state without items. */
export const empty: StateTree = new StateTree(undefined)

const bitAt = (key: Uint8Array, start: number, bit: number): number =>
  ((key[start + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1

/** Changes of one update, sorted by key, each key once; where present the new leaf. */
interface Batch {
  readonly changes: ReadonlyArray<StateChange>
  readonly leaves: ReadonlyArray<Leaf | undefined>
}

const prepare = (unsorted: ReadonlyArray<StateChange>): Batch => {
  // The sort is stable, so of several changes of a key the last one given stands last.
  const sorted = unsorted.slice().sort((a, b) => compareBytes(a.keyHash, b.keyHash))
  const changes = sorted.filter((change, index) => {
    const next = sorted[index + 1]
    return next === undefined || compareBytes(change.keyHash, next.keyHash) !== 0
  })
  let present = 0
  for (const change of changes) if (change.value !== undefined) present++
  const keys = new Uint8Array(present * size)
  const hashes = new Uint8Array(present * size)
  const pairs = new Uint8Array(present * 2 * size)
  let at = 0
  const leaves = changes.map(({ keyHash, value }) => {
    if (value === undefined) return undefined
    keys.set(keyHash, at)
    pairs.set(keyHash, 2 * at)
    pairs.set(value.valueHash, 2 * at + size)
    const leaf = new Leaf(keys, hashes, at, value.record)
    at += size
    return leaf
  })
  Sha3.hashPairs(seeds.sparseMerkleLeaf, pairs, present, hashes)
  return { changes, leaves }
}

/** The first change of `[from, to)` whose key has a 1 at `bit`; they agree in all bits before. */
const partition = (batch: Batch, from: number, to: number, bit: number): number => {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    const change = batch.changes[middle]
    if (change !== undefined && bitAt(change.keyHash, 0, bit) === 0) low = middle + 1
    else high = middle
  }
  return low
}

const join = (left: Node, right: Node): Node => {
  if (left === undefined && !(right instanceof Inner)) return right
  if (right === undefined && !(left instanceof Inner)) return left
  return new Inner(left, right)
}

/** `node`, a subtree at `depth`, after the changes `[from, to)`, which all belong below it. */
const apply = (node: Node, batch: Batch, from: number, to: number, depth: number): Node => {
  if (from === to) return node
  if (!(node instanceof Inner) && to === from + 1) {
    const change = batch.changes[from]
    const leaf = batch.leaves[from]
    const replaced = node === undefined ||
      (change !== undefined && equalRange(node.keys, node.at, change.keyHash, 0, size))
    if (replaced) return leaf
    if (leaf === undefined) return node
  }
  const middle = partition(batch, from, to, depth)
  if (node instanceof Inner) {
    const left = apply(node.left, batch, from, middle, depth + 1)
    const right = apply(node.right, batch, middle, to, depth + 1)
    return left === node.left && right === node.right ? node : join(left, right)
  }
  const onRight = node !== undefined && bitAt(node.keys, node.at, depth) === 1
  return join(
    apply(onRight ? undefined : node, batch, from, middle, depth + 1),
    apply(onRight ? node : undefined, batch, middle, to, depth + 1)
  )
}

/**
 * The state after the changes. Of several changes of one key the last one counts; removing a key that is not there
 * changes nothing.
 */
export const update = (tree: StateTree, changes: ReadonlyArray<StateChange>): StateTree => {
  const batch = prepare(changes)
  const top = apply(tree.top, batch, 0, batch.changes.length, 0)
  return top === tree.top ? tree : new StateTree(top)
}

/** Sorts nodes without a hash by their height above the nodes that have one; the height of `node`, -1 if it has one. */
const collect = (node: Node, byHeight: Array<Array<Inner>>): number => {
  if (!(node instanceof Inner) || node.hashes !== unhashed) return -1
  const height = 1 + Math.max(collect(node.left, byHeight), collect(node.right, byHeight))
  const level = byHeight[height]
  if (level === undefined) byHeight[height] = [node]
  else level.push(node)
  return height
}

const copyHash = (node: Node, target: Uint8Array, offset: number): void => {
  const source = node === undefined ? sparseMerklePlaceholder : node.hashes
  const at = node === undefined ? 0 : node.at
  for (let byte = 0; byte < size; byte++) target[offset + byte] = source[at + byte] ?? 0
}

/** Lent to one call at a time, and kept: the pairs of the widest level so far that was not too wide to keep. */
let scratch = new Uint8Array(1024 * 2 * size)
const maxKept = 1024 * 1024

const scratchFor = (nodes: number): Uint8Array => {
  const bytes = nodes * 2 * size
  if (bytes <= scratch.length) return scratch
  const grown = new Uint8Array(bytes)
  if (bytes <= maxKept) scratch = grown
  return grown
}

const hashInner = (top: Node): void => {
  const byHeight: Array<Array<Inner>> = []
  collect(top, byHeight)
  let nodes = 0
  for (const level of byHeight) nodes += level.length
  if (nodes === 0) return
  const hashes = new Uint8Array(nodes * size)
  let at = 0
  for (const level of byHeight) {
    const pairs = scratchFor(level.length)
    let offset = 0
    for (const node of level) {
      copyHash(node.left, pairs, offset)
      copyHash(node.right, pairs, offset + size)
      offset += 2 * size
    }
    Sha3.hashPairs(seeds.sparseMerkleInternal, pairs, level.length, hashes, at)
    for (const node of level) {
      node.hashes = hashes
      node.at = at
      at += size
    }
  }
}

const hashOf = (node: Node): HashValue => {
  const hash = new Uint8Array(size)
  copyHash(node, hash, 0)
  return hash
}

/** The state root. */
export const root = (tree: StateTree): HashValue => {
  hashInner(tree.top)
  return hashOf(tree.top)
}

/** Number of items. */
export const count = (tree: StateTree): number => countOf(tree.top)

/** The leaf of a key; on the way, every inner node and the bit taken there go to `visit`. */
const find = (tree: StateTree, keyHash: HashValue, visit?: (node: Inner, bit: number) => void): Leaf | undefined => {
  let node = tree.top
  for (let depth = 0; node instanceof Inner; depth++) {
    const bit = bitAt(keyHash, 0, depth)
    visit?.(node, bit)
    node = bit === 0 ? node.left : node.right
  }
  return node !== undefined && equalRange(node.keys, node.at, keyHash, 0, size) ? node : undefined
}

/** What stands under a key. */
export const get = (tree: StateTree, keyHash: HashValue): StateItem | undefined => find(tree, keyHash)

/** Items in ascending order of their key hashes, from the one at index `start` on, at most `limit`. */
export function* items(
  tree: StateTree,
  start = 0,
  limit = Number.POSITIVE_INFINITY
): Generator<StateItem, void, undefined> {
  const ahead: Array<Node> = [tree.top]
  let skip = start
  let left = limit
  while (ahead.length > 0 && left > 0) {
    const node = ahead.pop()
    const below = countOf(node)
    if (skip >= below) {
      skip -= below
    } else if (node instanceof Inner) {
      ahead.push(node.right, node.left)
    } else if (node !== undefined) {
      left -= 1
      yield node
    }
  }
}

/**
 * The right siblings of the path from the root to a key's leaf, the bottom one first: the state range proof for that
 * key. Empty sides of the path are placeholders. `undefined` where the key does not exist.
 */
export const rangeProof = (tree: StateTree, keyHash: HashValue): ReadonlyArray<HashValue> | undefined => {
  hashInner(tree.top)
  const siblings: Array<HashValue> = []
  const leaf = find(tree, keyHash, (node, bit) => {
    if (bit === 0) siblings.push(hashOf(node.right))
  })
  return leaf === undefined ? undefined : siblings.reverse()
}
