/**
 * The nodes of a stored state tree in memory, and their records in the store.
 *
 * The tree is the binary sparse Merkle tree of the format. The store keeps four of its levels as one record, a 16-way node
 * (a Jellyfish Merkle tree). The children of a record are leaves, which sit as high as they can, and other records. In
 * memory a record becomes its binary nodes again: a {@link Stored} where another record begins, a {@link Leaf}, or an inner
 * node over two sides.
 *
 * A record:
 *
 * ```
 * children  u16   bit n is set where nibble n has a child
 * leaves    u16   bit n is set where that child is a leaf
 * then for each child, by ascending nibble:
 *   leaf    key hash (32) · version of the value (u64) · leaf hash (32)
 *   node    version of the record (u64) · items below (u64) · hash (32)
 * ```
 *
 * Numbers are big-endian.
 */
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as StateNodes from "@holdfast/ledger/StateNodes"
import { byteAt } from "@holdfast/ledger/TypedArrays"
import { refuse } from "../storeFailures.ts"
import { readU64, writeU64 } from "../u64.ts"

/** Binary levels of a record. */
export const levelsPerNode = 4

const { size } = HashValue
const headerBytes = 4
const leafBytes = size + 8 + size
const nodeBytes = 8 + 8 + size

/** The version of a value that is not stored yet. */
export const unstored = -1

/** One item. */
export class Leaf implements StateNodes.Leaf {
  readonly keys: Uint8Array
  readonly keyAt: number
  readonly hashes: Uint8Array
  readonly hashAt: number
  /** The version of the stored value; {@link unstored} for a value that came with a change. */
  readonly version: number
  /** The framed value of a leaf that is not stored yet. */
  readonly record: Uint8Array | undefined
  /** The last {@link StateSession.write} whose state has the leaf: the only field that changes. */
  keptBy = 0

  constructor(
    keys: Uint8Array,
    keyAt: number,
    hashes: Uint8Array,
    hashAt: number,
    version: number,
    record: Uint8Array | undefined
  ) {
    this.keys = keys
    this.keyAt = keyAt
    this.hashes = hashes
    this.hashAt = hashAt
    this.version = version
    this.record = record
  }

  get count(): number {
    return 1
  }

  get keyHash(): HashValue.HashValue {
    return this.keys.subarray(this.keyAt, this.keyAt + size)
  }
}

/** A record in the store, which a walk reads when it comes to it. */
export class Stored extends StateNodes.Unread {
  readonly version: number
  /** The nibbles from the root to the record, a byte each. */
  readonly path: Uint8Array
  /** The nodes of the record, once a session has read it. */
  expanded: Leaf | Inner | undefined
  /** The last {@link StateSession.write} whose state has the record. */
  keptBy = 0

  constructor(version: number, path: Uint8Array, count: number, hashes: Uint8Array, hashAt: number) {
    super(count, hashes, hashAt)
    this.version = version
    this.path = path
    this.expanded = undefined
  }
}

/** A node with two sides. */
export type Inner = StateNodes.Inner<Leaf, Stored>

/** A subtree; `undefined` is the empty one. */
export type Node = StateNodes.Node<Leaf, Stored>

/** The nibble of a key below a record whose path has `level` nibbles. */
export const nibbleAt = (key: Uint8Array, start: number, level: number): number =>
  (byteAt(key, start + (level >> 1)) >> (level % 2 === 0 ? 4 : 0)) & 15

/** The first nibbles of a key: the path of a record on the way to its leaf. */
export const pathTo = (key: Uint8Array, start: number, nibbles: number): Uint8Array => {
  const path = new Uint8Array(nibbles)
  for (let level = 0; level < nibbles; level++) path[level] = nibbleAt(key, start, level)
  return path
}

/** The path of a child. */
export const pathBelow = (path: Uint8Array, nibble: number): Uint8Array => {
  const below = new Uint8Array(path.length + 1)
  below.set(path)
  below[path.length] = nibble
  return below
}

const unreadable = (path: Uint8Array): never =>
  refuse("state tree", "Corrupt", `the node at path [${path.join(" ")}] cannot be read`)

/** The children of a record at `path`, by nibble. Keeps `record`, which must not change afterwards. */
export const decodeChildren = (record: Uint8Array, path: Uint8Array): ReadonlyArray<Leaf | Stored | undefined> => {
  if (record.length < headerBytes) unreadable(path)
  const children = (byteAt(record, 0) << 8) | byteAt(record, 1)
  const leaves = (byteAt(record, 2) << 8) | byteAt(record, 3)
  const found: Array<Leaf | Stored | undefined> = []
  let at = headerBytes
  for (let nibble = 0; nibble < 16; nibble++) {
    const bit = 1 << nibble
    if ((children & bit) === 0) {
      found.push(undefined)
    } else if ((leaves & bit) === 0) {
      if (at + nodeBytes > record.length) unreadable(path)
      const below = pathBelow(path, nibble)
      found.push(new Stored(readU64(record, at), below, readU64(record, at + 8), record, at + 16))
      at += nodeBytes
    } else {
      if (at + leafBytes > record.length) unreadable(path)
      found.push(new Leaf(record, at, record, at + size + 8, readU64(record, at + size), undefined))
      at += leafBytes
    }
  }
  return at === record.length ? found : unreadable(path)
}

/** The topmost binary node of a record with these children, by nibble. */
export const topOf = (children: ReadonlyArray<Node>): Node => {
  let level = children
  while (level.length > 1) {
    const above: Array<Node> = []
    for (let index = 0; index < level.length; index += 2) above.push(StateNodes.join(level[index], level[index + 1]))
    level = above
  }
  return level[0]
}

/** The topmost binary node of a record at `path`. Keeps `record`, which must not change afterwards. */
export const decodeNode = (record: Uint8Array, path: Uint8Array): Leaf | Inner => {
  const top = topOf(decodeChildren(record, path))
  return top === undefined || top instanceof Stored ? unreadable(path) : top
}

const noChildren: ReadonlyArray<Node> = Array.from({ length: 16 })

/** The children of a record whose topmost binary node stands at `depth`, by nibble. */
export const childrenOf = (top: Node, depth: number): ReadonlyArray<Node> => {
  const children = noChildren.slice()
  addChildren(children, top, depth / levelsPerNode, 0, 0)
  return children
}

const addChildren = (children: Array<Node>, node: Node, path: number, level: number, nibble: number): void => {
  if (node instanceof Leaf) {
    children[nibbleAt(node.keys, node.keyAt, path)] = node
  } else if (level === levelsPerNode) {
    children[nibble] = node
  } else if (node instanceof StateNodes.Inner) {
    addChildren(children, node.left, path, level + 1, 2 * nibble)
    addChildren(children, node.right, path, level + 1, 2 * nibble + 1)
  }
}

/** The record of these children, whose hashes must be known. New children get `version`. */
export const encodeNode = (children: ReadonlyArray<Node>, version: number): Uint8Array => {
  let length = headerBytes
  for (const node of children) if (node !== undefined) length += node instanceof Leaf ? leafBytes : nodeBytes
  const record = new Uint8Array(length)
  let at = headerBytes
  let present = 0
  let leaves = 0
  for (let nibble = 0; nibble < children.length; nibble++) {
    const node = children[nibble]
    if (node === undefined) continue
    present |= 1 << nibble
    if (node instanceof Leaf) {
      leaves |= 1 << nibble
      Bytes.copyRange(node.keys, node.keyAt, node.keyAt + size, record, at)
      writeU64(record, at + size, node.version === unstored ? version : node.version)
      at += size + 8
    } else {
      writeU64(record, at, node instanceof Stored ? node.version : version)
      writeU64(record, at + 8, node.count)
      at += 16
    }
    StateNodes.copyHash(node, record, at)
    at += size
  }
  record.set([present >> 8, present & 0xff, leaves >> 8, leaves & 0xff])
  return record
}
