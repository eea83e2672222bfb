/**
 * The nodes of a state tree in memory, and the walks over them. A tree that is in memory as a whole ({@link StateTree})
 * and the trees of a store, of which a walk reads some nodes, share both.
 *
 * The tree is a binary sparse Merkle tree over key hashes. An empty subtree is `undefined` and hashes to the sparse
 * placeholder. A subtree with exactly one item *is* the leaf of that item. The hash of every other node covers the
 * hashes of its two sides.
 *
 * Source: docs/spec/formats.md, section 5.
 */
import { bitAt, compareBytes, copyRange, equalBytes, equalRange } from "./Bytes.ts"
import { type HashValue, seeds, size, sparseMerklePlaceholder } from "./HashValue.ts"
import * as Sha3 from "./Sha3.ts"

/**
 * A subtree that is not empty. Its hash, once known, is the 32 bytes of `hashes` from `hashAt` on. Nodes share arrays,
 * because a view takes more memory than a hash.
 */
export interface Subtree {
  /** Items in the subtree. */
  readonly count: number
  readonly hashes: Uint8Array
  readonly hashAt: number
}

/** One item. Its key hash is the 32 bytes of `keys` from `keyAt` on. */
export interface Leaf extends Subtree {
  readonly keys: Uint8Array
  readonly keyAt: number
}

/** A subtree of a store. A walk reads the subtree when it comes there. */
export abstract class Unread implements Subtree {
  readonly count: number
  readonly hashes: Uint8Array
  readonly hashAt: number

  constructor(count: number, hashes: Uint8Array, hashAt: number) {
    this.count = count
    this.hashes = hashes
    this.hashAt = hashAt
  }
}

const unhashed = new Uint8Array(0)

/** A node with two sides. */
export class Inner<L extends Leaf, U extends Unread = never> implements Subtree {
  readonly left: Node<L, U>
  readonly right: Node<L, U>
  readonly count: number
  /** The place of the hash, once known: the only fields that change. */
  hashes: Uint8Array = unhashed
  hashAt = 0

  constructor(left: Node<L, U>, right: Node<L, U>) {
    this.left = left
    this.right = right
    this.count = countOf(left) + countOf(right)
  }
}

/** A subtree; `undefined` is the empty one. */
export type Node<L extends Leaf, U extends Unread = never> = L | U | Inner<L, U> | undefined

const isInner = <L extends Leaf, U extends Unread>(node: Node<L, U>): node is Inner<L, U> => node instanceof Inner

const isUnread = <L extends Leaf, U extends Unread>(node: Node<L, U>): node is U => node instanceof Unread

/** Items in a subtree. */
export const countOf = (node: Subtree | undefined): number => node === undefined ? 0 : node.count

/** Writes the hash of a subtree, which must be known, to `target`, at `at`. */
export const copyHash = (node: Subtree | undefined, target: Uint8Array, at: number): void =>
  node === undefined
    ? copyRange(sparseMerklePlaceholder, 0, size, target, at)
    : copyRange(node.hashes, node.hashAt, node.hashAt + size, target, at)

/** Joins two sides. A leaf beside an empty side is the subtree itself. */
export const join = <L extends Leaf, U extends Unread>(left: Node<L, U>, right: Node<L, U>): Node<L, U> => {
  if (left === undefined && !isInner(right) && !isUnread(right)) return right
  if (right === undefined && !isInner(left) && !isUnread(left)) return left
  return new Inner(left, right)
}

type AnyInner = Inner<Leaf, Unread>

/** Collects the nodes without a hash by their height above nodes with one. Returns the height of `node`, or -1. */
const collect = (node: Node<Leaf, Unread>, byHeight: Array<Array<AnyInner>>): number => {
  if (!isInner(node) || node.hashes !== unhashed) return -1
  const height = 1 + Math.max(collect(node.left, byHeight), collect(node.right, byHeight))
  const level = byHeight[height]
  if (level === undefined) byHeight[height] = [node]
  else level.push(node)
  return height
}

/**
 * Memory for the pairs of a level. Each call uses it alone; it is as large as the widest level so far, up to a limit.
 */
let scratch = new Uint8Array(1024 * 2 * size)
const maxKept = 1024 * 1024

const scratchFor = (nodes: number): Uint8Array => {
  const bytes = nodes * 2 * size
  if (bytes <= scratch.length) return scratch
  const larger = new Uint8Array(bytes)
  if (bytes <= maxKept) scratch = larger
  return larger
}

/** Computes the missing hashes, a level at a time. Reads nothing: the hash of an unread subtree is known. */
const hashAll = (top: Node<Leaf, Unread>): void => {
  const byHeight: Array<Array<AnyInner>> = []
  collect(top, byHeight)
  let nodes = 0
  for (const level of byHeight) nodes += level.length
  if (nodes === 0) return
  const hashes = new Uint8Array(nodes * size)
  let hashAt = 0
  for (const level of byHeight) {
    const pairs = scratchFor(level.length)
    let at = 0
    for (const node of level) {
      copyHash(node.left, pairs, at)
      copyHash(node.right, pairs, at + size)
      at += 2 * size
    }
    Sha3.hashPairs(seeds.sparseMerkleInternal, pairs, level.length, hashes, hashAt)
    for (const node of level) {
      node.hashes = hashes
      node.hashAt = hashAt
      hashAt += size
    }
  }
}

/** The hash of a subtree. Afterwards all hashes in the subtree are known. A copy. */
export const hashOf = (node: Node<Leaf, Unread>): HashValue => {
  hashAll(node)
  const hash = new Uint8Array(size)
  copyHash(node, hash, 0)
  return hash
}

/** The hash of a leaf. */
export const leafHash = (keyHash: HashValue, valueHash: HashValue): HashValue =>
  Sha3.hashSeeded(seeds.sparseMerkleLeaf, keyHash, valueHash)

/** Sets the value of a key, or removes the key (`value` undefined). */
export interface StateChange {
  readonly keyHash: HashValue
  readonly value: {
    readonly valueHash: HashValue
    /** Any bytes. The tree keeps a reference, so the bytes must not change afterwards. */
    readonly record: Uint8Array
  } | undefined
}

/** Makes a leaf. Its key hash begins at `at` of `keys`, its hash at `at` of `hashes`. */
export type MakeLeaf<L extends Leaf> = (keys: Uint8Array, hashes: Uint8Array, at: number, record: Uint8Array) => L

/** Changes in the order of their keys, each key once. The leaf is `undefined` where the key is removed. */
type Batch<L extends Leaf> = ReadonlyArray<readonly [keyHash: HashValue, leaf: L | undefined]>

const batchOf = <L extends Leaf>(unsorted: ReadonlyArray<StateChange>, makeLeaf: MakeLeaf<L>): Batch<L> => {
  // The sort is stable: the last change of a key stays behind the others.
  const sorted = unsorted.slice().sort((a, b) => compareBytes(a.keyHash, b.keyHash))
  const changes = sorted.filter((change, index) => {
    const next = sorted[index + 1]
    return next === undefined || !equalBytes(change.keyHash, next.keyHash)
  })
  let present = 0
  for (const { value } of changes) if (value !== undefined) present++
  const keys = new Uint8Array(present * size)
  const hashes = new Uint8Array(present * size)
  const pairs = new Uint8Array(present * 2 * size)
  let at = 0
  const batch = changes.map(({ keyHash, value }) => {
    if (value === undefined) return [keyHash, undefined] as const
    keys.set(keyHash, at)
    pairs.set(keyHash, 2 * at)
    pairs.set(value.valueHash, 2 * at + size)
    const leaf = makeLeaf(keys, hashes, at, value.record)
    at += size
    return [keyHash, leaf] as const
  })
  Sha3.hashPairs(seeds.sparseMerkleLeaf, pairs, present, hashes)
  return batch
}

/** The first of the changes `[from, to)` whose key has a 1 at `depth`. The keys share all bits before. */
const partition = (batch: Batch<Leaf>, from: number, to: number, depth: number): number => {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    const change = batch[middle]
    if (change !== undefined && bitAt(change[0], 0, depth) === 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Reads a subtree. Returns the same node for the same subtree, so that a walk notices that nothing has changed. */
export type Read<L extends Leaf, U extends Unread> = (unread: U) => Node<L, U>

/** The subtree `node` at `depth` after the changes `[from, to)`, all of which belong below it. */
const apply = <L extends Leaf, U extends Unread>(
  node: Node<L, U>,
  batch: Batch<L>,
  from: number,
  to: number,
  depth: number,
  read: Read<L, U>
): Node<L, U> => {
  if (from === to) return node
  if (isUnread(node)) {
    const before = read(node)
    const after = apply(before, batch, from, to, depth, read)
    return after === before ? node : after
  }
  if (isInner(node)) {
    const middle = partition(batch, from, to, depth)
    const left = apply(node.left, batch, from, middle, depth + 1, read)
    const right = apply(node.right, batch, middle, to, depth + 1, read)
    return left === node.left && right === node.right ? node : join(left, right)
  }
  const change = to === from + 1 ? batch[from] : undefined
  if (change !== undefined) {
    const [keyHash, leaf] = change
    if (node === undefined || equalRange(node.keys, node.keyAt, keyHash, 0, size)) return leaf
    if (leaf === undefined) return node
  }
  const middle = partition(batch, from, to, depth)
  const onRight = node !== undefined && bitAt(node.keys, node.keyAt, depth) === 1
  return join(
    apply(onRight ? undefined : node, batch, from, middle, depth + 1, read),
    apply(onRight ? node : undefined, batch, middle, to, depth + 1, read)
  )
}

/**
 * The tree below `top` after the changes; `top` itself where nothing changes. Of several changes of one key the last
 * one counts. The removal of an absent key changes nothing.
 */
export const update = <L extends Leaf, U extends Unread>(
  top: Node<L, U>,
  changes: ReadonlyArray<StateChange>,
  makeLeaf: MakeLeaf<L>,
  read: Read<L, U>
): Node<L, U> => {
  const batch = batchOf(changes, makeLeaf)
  return apply(top, batch, 0, batch.length, 0, read)
}

/** The leaf of a key. Passes every inner node on the path to `visit`, with the bit of the key there. */
export const find = <L extends Leaf, U extends Unread>(
  top: Node<L, U>,
  keyHash: HashValue,
  read: Read<L, U>,
  visit?: (node: Inner<L, U>, bit: number) => void
): L | undefined => {
  let node = top
  let depth = 0
  for (;;) {
    if (isUnread(node)) {
      node = read(node)
    } else if (isInner(node)) {
      const bit = bitAt(keyHash, 0, depth)
      visit?.(node, bit)
      node = bit === 0 ? node.left : node.right
      depth += 1
    } else {
      return node !== undefined && equalRange(node.keys, node.keyAt, keyHash, 0, size) ? node : undefined
    }
  }
}

/**
 * The range proof of a key: the right siblings of the path from the root to its leaf, the bottom one first, with
 * placeholders for empty ones. `undefined` where the key does not exist.
 */
export const rangeProof = <L extends Leaf, U extends Unread>(
  top: Node<L, U>,
  keyHash: HashValue,
  read: Read<L, U>
): ReadonlyArray<HashValue> | undefined => {
  const siblings: Array<HashValue> = []
  const leaf = find(top, keyHash, read, (node, bit) => {
    if (bit === 0) siblings.push(hashOf(node.right))
  })
  return leaf === undefined ? undefined : siblings.reverse()
}
