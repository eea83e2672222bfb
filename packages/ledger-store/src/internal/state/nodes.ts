/**
 * The nodes of a versioned state tree, as they stand in memory while a state is read or changed.
 *
 * The tree is the binary sparse Merkle tree of the format; four of its levels at a time are kept as one record, a 16-way
 * node (a Jellyfish Merkle tree). A record's children are leaves, which sit as high as they can, and other records. In
 * memory a record becomes its binary nodes again: a {@link Stored} where the next record begins, a {@link Leaf}, or an
 * {@link Inner} over two sides.
 *
 * A record:
 *
 * ```
 * children  u16   bit n is set where there is something below nibble n
 * leaves    u16   bit n is set where that is a leaf
 * then for each child, by ascending nibble:
 *   leaf    key hash (32) · version of the value (u64) · leaf hash (32)
 *   node    version of the record (u64) · items below (u64) · hash (32)
 * ```
 *
 * Numbers are big-endian.
 */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"
import { refuse } from "../attempt.ts"
import { readU64, writeU64 } from "../u64.ts"

/** Binary levels of a record. */
export const levelsPerNode = 4

const { size } = HashValue
const headerBytes = 4
const leafBytes = size + 8 + size
const nodeBytes = 8 + 8 + size

/** The version of a value that is not stored yet. */
export const unstored = -1

/** One item. Hashes are ranges of arrays that leaves share: views cost more than they hold. */
export class Leaf {
  readonly keys: Uint8Array
  readonly keyAt: number
  readonly hashes: Uint8Array
  readonly hashAt: number
  /** The version at which its value is stored; {@link unstored} for one that came with a change. */
  readonly version: number
  /** The framed value of a leaf that is not stored yet. */
  readonly record: Uint8Array | undefined
  /** The last {@link StateSession.write} whose state has it: the only field that ever changes. */
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

/** A record that lies in the store. It stands where its path says, and is read when somebody looks below it. */
export class Stored {
  readonly version: number
  /** The nibbles from the root to it, a byte each. */
  readonly path: Uint8Array
  readonly count: number
  readonly hashes: Uint8Array
  readonly hashAt: number
  /** What is below it, where that is kept; changes, as does what says which write last found it in a state. */
  expanded: Leaf | Inner | undefined
  keptBy = 0

  constructor(version: number, path: Uint8Array, count: number, hashes: Uint8Array, hashAt: number) {
    this.version = version
    this.path = path
    this.count = count
    this.hashes = hashes
    this.hashAt = hashAt
    this.expanded = undefined
  }
}

const unhashed = new Uint8Array(0)

export class Inner {
  readonly left: Node
  readonly right: Node
  readonly count: number
  /** Where the hash stands, once it is known: the only fields that ever change. */
  hashes = unhashed
  hashAt = 0

  constructor(left: Node, right: Node) {
    this.left = left
    this.right = right
    this.count = countOf(left) + countOf(right)
  }
}

/** `undefined` is the empty subtree. */
export type Node = Leaf | Inner | Stored | undefined

export const countOf = (node: Node): number => node === undefined ? 0 : node.count

export const bitAt = (key: Uint8Array, start: number, bit: number): number =>
  ((key[start + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1

/** The nibble of a key below a record whose path has `level` nibbles. */
export const nibbleAt = (key: Uint8Array, start: number, level: number): number =>
  ((key[start + (level >> 1)] ?? 0) >> (level % 2 === 0 ? 4 : 0)) & 15

/** Two sides as one subtree: a leaf whose other side is empty is the subtree itself. */
export const join = (left: Node, right: Node): Node => {
  if (left === undefined && (right === undefined || right instanceof Leaf)) return right
  if (right === undefined && left instanceof Leaf) return left
  return new Inner(left, right)
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
  const children = ((record[0] ?? 0) << 8) | (record[1] ?? 0)
  const leaves = ((record[2] ?? 0) << 8) | (record[3] ?? 0)
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
    for (let index = 0; index < level.length; index += 2) above.push(join(level[index], level[index + 1]))
    level = above
  }
  return level[0]
}

/** The binary nodes of a record at `path`. Keeps `record`, which must not change afterwards. */
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
  } else if (node instanceof Inner) {
    addChildren(children, node.left, path, level + 1, 2 * nibble)
    addChildren(children, node.right, path, level + 1, 2 * nibble + 1)
  }
}

/** The record of these children. What is not stored yet gets `version`. All hashes must be known. */
export const encodeNode = (children: ReadonlyArray<Node>, version: number): Uint8Array => {
  let length = headerBytes
  for (const node of children) if (node !== undefined) length += node instanceof Leaf ? leafBytes : nodeBytes
  const record = new Uint8Array(length)
  let at = headerBytes
  for (let nibble = 0; nibble < children.length; nibble++) {
    const node = children[nibble]
    if (node === undefined) continue
    const byte = nibble < 8 ? 1 : 0
    const bit = 1 << (nibble % 8)
    record[byte] = (record[byte] ?? 0) | bit
    if (node instanceof Leaf) {
      record[byte + 2] = (record[byte + 2] ?? 0) | bit
      copyBytes(node.keys, node.keyAt, record, at)
      writeU64(record, at + size, node.version === unstored ? version : node.version)
      at += size + 8
    } else {
      writeU64(record, at, node instanceof Stored ? node.version : version)
      writeU64(record, at + 8, node.count)
      at += 16
    }
    copyHash(node, record, at)
    at += size
  }
  return record
}

/** A hash's bytes one by one: for so few that is faster than a view and `set`. */
const copyBytes = (source: Uint8Array, from: number, target: Uint8Array, at: number): void => {
  for (let byte = 0; byte < size; byte++) target[at + byte] = source[from + byte] ?? 0
}

const copyHash = (node: Node, target: Uint8Array, at: number): void =>
  node === undefined
    ? copyBytes(HashValue.sparseMerklePlaceholder, 0, target, at)
    : copyBytes(node.hashes, node.hashAt, target, at)

/** Sorts nodes without a hash by their height above those that have one; the height of `node`, -1 if it has one. */
const collect = (node: Node, byHeight: Array<Array<Inner>>): number => {
  if (!(node instanceof Inner) || node.hashes !== unhashed) return -1
  const height = 1 + Math.max(collect(node.left, byHeight), collect(node.right, byHeight))
  const level = byHeight[height]
  if (level === undefined) byHeight[height] = [node]
  else level.push(node)
  return height
}

/** Computes the hashes that are missing, a level at a time. Nothing is read: a stored node knows its hash. */
const hashAll = (top: Node): void => {
  const byHeight: Array<Array<Inner>> = []
  collect(top, byHeight)
  for (const level of byHeight) {
    const pairs = new Uint8Array(level.length * 2 * size)
    let at = 0
    for (const node of level) {
      copyHash(node.left, pairs, at)
      copyHash(node.right, pairs, at + size)
      at += 2 * size
    }
    const hashes = new Uint8Array(level.length * size)
    Sha3.hashPairs(HashValue.seeds.sparseMerkleInternal, pairs, level.length, hashes)
    at = 0
    for (const node of level) {
      node.hashes = hashes
      node.hashAt = at
      at += size
    }
  }
}

/** The hash of a subtree; afterwards all hashes in it are known. A copy. */
export const hashOf = (node: Node): HashValue.HashValue => {
  hashAll(node)
  const hash = new Uint8Array(size)
  copyHash(node, hash, 0)
  return hash
}
