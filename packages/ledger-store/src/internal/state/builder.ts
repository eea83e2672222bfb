/**
 * Builds the records of a state tree from all its items in the order of their key hashes, in the memory of one path. A
 * record goes to the writer once its last item has passed.
 */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as KeyHash from "@holdfast/ledger/KeyHash"
import * as StateNodes from "@holdfast/ledger/StateNodes"
import { byteAt } from "@holdfast/ledger/TypedArrays"
import { readU64, writeU64 } from "../u64.ts"
import { nodeKey } from "./keys.ts"
import { decodeChildren, encodeNode, Leaf, nibbleAt, type Node, pathTo, Stored, topOf } from "./nodes.ts"
import type { StateRoot } from "./session.ts"

const { size } = HashValue
/** Bits of a nibble. */
const nibbleBits = 4

/** Takes a record and its key. Records come from the bottom up, those of equal height in the order of their keys. */
export type PutNode = (key: Uint8Array, record: Uint8Array) => void

/** The children of an incomplete record, by nibble. */
type OpenRecord = Array<Node>

const newRecord = (): OpenRecord => Array.from({ length: 16 })

export class StateBuilder {
  readonly #version: number
  readonly #put: PutNode
  /** The records on the path to the last item; the record at index n has a path of n nibbles. */
  #open: Array<OpenRecord> = []
  /** The last item, whose record the next item decides. */
  #last: Leaf | undefined
  /** Nibbles that the last item shares with the item before. */
  #shared = 0
  #count = 0

  constructor(version: number, put: PutNode) {
    this.#version = version
    this.#put = put
  }

  /** Items so far. */
  get count(): number {
    return this.#count
  }

  /**
   * Takes `count` items: their key hashes, strictly increasing over all calls, and the hashes of their leaves, one after
   * the other. The builder keeps both arrays, which must not change.
   */
  push(keyHashes: Uint8Array, leafHashes: Uint8Array, count: number): void {
    for (let index = 0; index < count; index++) {
      const at = index * size
      const last = this.#last
      if (last !== undefined) {
        const shared = Math.floor(KeyHash.sharedBits(last.keys, last.keyAt, keyHashes, at) / nibbleBits)
        this.#place(last, Math.max(this.#shared, shared))
        this.#close(last, shared)
        this.#shared = shared
      }
      this.#last = new Leaf(keyHashes, at, leafHashes, at, this.#version, undefined)
    }
    this.#count += count
  }

  /** Puts an item into the record at `level`: the lowest one that it shares with a neighbour. */
  #place(leaf: Leaf, level: number): void {
    while (this.#open.length <= level) this.#open.push(newRecord())
    const record = this.#open[level]
    if (record !== undefined) record[nibbleAt(leaf.keys, leaf.keyAt, level)] = leaf
  }

  /** Completes the records on the path to `leaf` below `level`. */
  #close(leaf: Leaf, level: number): void {
    while (this.#open.length > level + 1) {
      const depth = this.#open.length - 1
      const node = this.#complete(this.#open.pop() ?? newRecord(), leaf, depth)
      const above = this.#open[depth - 1]
      if (above !== undefined) above[nibbleAt(leaf.keys, leaf.keyAt, depth - 1)] = node
    }
  }

  #complete(children: OpenRecord, leaf: Leaf, depth: number): Stored {
    const path = pathTo(leaf.keys, leaf.keyAt, depth)
    const top = topOf(children)
    const hash = StateNodes.hashOf(top)
    this.#put(nodeKey(this.#version, path), encodeNode(children, this.#version))
    return new Stored(this.#version, path, StateNodes.countOf(top), hash, 0)
  }

  /** All items were pushed. Returns where the state lies. */
  finish(): StateRoot {
    const last = this.#last
    if (last === undefined) return { version: this.#version, count: 0, hash: HashValue.sparseMerklePlaceholder }
    this.#place(last, this.#shared)
    this.#close(last, 0)
    const { count, hashes } = this.#complete(this.#open.pop() ?? newRecord(), last, 0)
    this.#last = undefined
    return { version: this.#version, count, hash: hashes }
  }

  /**
   * The progress, for {@link StateBuilder.restore}.
   *
   * ```
   * count u64 · shared u8 · last key hash · its leaf hash · then each open record: length u16 · record
   * ```
   */
  save(): Uint8Array {
    const last = this.#last
    if (last === undefined) return new Uint8Array(0)
    const records = this.#open.map((children) => encodeNode(children, this.#version))
    const bytes = new Uint8Array(savedHeader + records.reduce((total, record) => total + 2 + record.length, 0))
    writeU64(bytes, 0, this.#count)
    bytes[8] = this.#shared
    bytes.set(last.keyHash, 9)
    bytes.set(last.hashes.subarray(last.hashAt, last.hashAt + size), 9 + size)
    let at = savedHeader
    for (const record of records) {
      bytes[at] = record.length >> 8
      bytes[at + 1] = record.length & 0xff
      bytes.set(record, at + 2)
      at += 2 + record.length
    }
    return bytes
  }

  /** Continues from saved progress. Keeps `bytes`, which must not change. */
  static restore(version: number, put: PutNode, bytes: Uint8Array): StateBuilder {
    const builder = new StateBuilder(version, put)
    if (bytes.length === 0) return builder
    builder.#count = readU64(bytes, 0)
    builder.#shared = byteAt(bytes, 8)
    const last = new Leaf(bytes, 9, bytes, 9 + size, version, undefined)
    builder.#last = last
    for (let at = savedHeader; at < bytes.length;) {
      const end = at + 2 + (byteAt(bytes, at) << 8) + byteAt(bytes, at + 1)
      builder.#open.push([
        ...decodeChildren(bytes.subarray(at + 2, end), pathTo(last.keys, last.keyAt, builder.#open.length))
      ])
      at = end
    }
    return builder
  }
}

const savedHeader = 8 + 1 + 2 * size
