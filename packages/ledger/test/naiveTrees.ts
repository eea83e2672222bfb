/**
 * The trees of the formats page written down as they are defined there, without regard to speed, and on another
 * implementation of the hash: what the real ones are compared with.
 */
import { createHash } from "node:crypto"
import { compareBytes } from "../src/Bytes.ts"

export const sha3 = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const hash = createHash("sha3-256")
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

const seeds = new Map<string, Uint8Array>()

/** `SHA3-256(SHA3-256("APTOS::" + name) ‖ parts…)`. */
export const hashOf = (name: string, ...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const seed = seeds.get(name) ?? sha3(new TextEncoder().encode(`APTOS::${name}`))
  seeds.set(name, seed)
  return sha3(seed, ...parts)
}

const padded = (text: string): Uint8Array => Uint8Array.from({ length: 32 }, (_, index) => text.codePointAt(index) ?? 0)

const missingSubtree = padded("ACCUMULATOR_PLACEHOLDER_HASH")
export const emptySubtree = padded("SPARSE_MERKLE_PLACEHOLDER_HASH")

/** `count` different hashes. */
export const someHashes = (count: number, from = 0): ReadonlyArray<Uint8Array> =>
  Array.from({ length: count }, (_, index) => sha3(new TextEncoder().encode(`hash ${from + index}`)))

/** The accumulator over these leaves: a binary tree that is just high enough to have them all at its bottom. */
export class NaiveAccumulator {
  readonly name: string
  readonly leaves: ReadonlyArray<Uint8Array>
  readonly height: number
  readonly #known = new Map<string, Uint8Array>()

  constructor(leaves: ReadonlyArray<Uint8Array>, name = "TransactionAccumulator") {
    this.name = name
    this.leaves = leaves
    let height = 0
    while (2 ** height < leaves.length) height++
    this.height = height
  }

  /** The `index`th node from the left, `level` levels above the leaves. */
  node(level: number, index: number): Uint8Array {
    const leaf = this.leaves[index * 2 ** level]
    if (leaf === undefined) return missingSubtree
    if (level === 0) return leaf
    const key = `${level} ${index}`
    const node = this.#known.get(key) ??
      hashOf(this.name, this.node(level - 1, 2 * index), this.node(level - 1, 2 * index + 1))
    this.#known.set(key, node)
    return node
  }

  root(): Uint8Array {
    return this.node(this.height, 0)
  }

  /** The roots of the full subtrees over the first `count` leaves, left to right. */
  frozenSubtreeRoots(count = this.leaves.length): ReadonlyArray<Uint8Array> {
    const roots: Array<Uint8Array> = []
    let first = 0
    for (let level = 30; level >= 0; level--) {
      if (first + 2 ** level > count) continue
      roots.push(this.node(level, first / 2 ** level))
      first += 2 ** level
    }
    return roots
  }

  /** From the bottom up. */
  siblings(index: number): ReadonlyArray<Uint8Array> {
    return Array.from({ length: this.height }, (_, level) => {
      const position = Math.floor(index / 2 ** level)
      return this.node(level, position % 2 === 0 ? position + 1 : position - 1)
    })
  }

  rangeProof(first: number, last: number) {
    const siblings = (leaf: number, side: number) =>
      this.siblings(leaf).filter((_, level) => Math.floor(leaf / 2 ** level) % 2 === side)
    return { leftSiblings: siblings(first, 1), rightSiblings: siblings(last, 0) }
  }
}

export interface NaiveItem {
  readonly key: Uint8Array
  readonly valueHash: Uint8Array
}

export const leafHash = ({ key, valueHash }: NaiveItem): Uint8Array => hashOf("SparseMerkleLeafNode", key, valueHash)

interface Subtree {
  readonly hash: Uint8Array
  readonly zeros?: Subtree
  readonly ones?: Subtree
}

const bitOf = (key: Uint8Array, bit: number): number => ((key[Math.floor(bit / 8)] ?? 0) >> (7 - bit % 8)) % 2

const subtree = (items: ReadonlyArray<NaiveItem>, depth: number): Subtree => {
  const [only] = items
  if (only === undefined) return { hash: emptySubtree }
  if (items.length === 1) return { hash: leafHash(only) }
  const zeros = subtree(items.filter(({ key }) => bitOf(key, depth) === 0), depth + 1)
  const ones = subtree(items.filter(({ key }) => bitOf(key, depth) === 1), depth + 1)
  return { hash: hashOf("SparseMerkleInternal", zeros.hash, ones.hash), zeros, ones }
}

/** The sparse Merkle tree of items with different keys. */
export class NaiveStateTree {
  /** In ascending order of the keys. */
  readonly items: ReadonlyArray<NaiveItem>
  readonly #top: Subtree

  constructor(items: ReadonlyArray<NaiveItem>) {
    this.items = items.toSorted((a, b) => compareBytes(a.key, b.key))
    this.#top = subtree(items, 0)
  }

  root(): Uint8Array {
    return this.#top.hash
  }

  /** The siblings to the right of the path to a leaf, the bottom one first. */
  rightSiblings(key: Uint8Array): ReadonlyArray<Uint8Array> {
    const siblings: Array<Uint8Array> = []
    let node = this.#top
    for (let depth = 0; node.zeros !== undefined && node.ones !== undefined; depth++) {
      if (bitOf(key, depth) === 0) siblings.unshift(node.ones.hash)
      node = bitOf(key, depth) === 0 ? node.zeros : node.ones
    }
    return siblings
  }
}
