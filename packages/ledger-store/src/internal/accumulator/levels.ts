/** The frozen nodes of the transaction accumulator in memory: one growing array for each level. */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"
import { lengthened } from "@holdfast/ledger/TypedArrays"

export class AccumulatorLevels {
  /** Level k: the roots of the full subtrees of 2^k leaves, one after the other, and room at the end. */
  readonly #levels: Array<Uint8Array> = []
  #count = 0

  /** Leaves so far. */
  get count(): number {
    return this.#count
  }

  /** Appends `count` leaf hashes that lie one after the other in `leaves`. */
  append(leaves: Uint8Array, count: number): void {
    let before = this.#count
    let after = before + count
    this.#count = after
    let nodes = this.#withRoom(0, after)
    nodes.set(leaves.subarray(0, count * HashValue.size), before * HashValue.size)
    for (let level = 1; after > 1; level++) {
      const firstParent = Math.floor(before / 2)
      const parents = Math.floor(after / 2)
      const above = this.#withRoom(level, parents)
      Sha3.hashPairs(
        HashValue.seeds.transactionAccumulator,
        nodes.subarray(firstParent * 2 * HashValue.size),
        parents - firstParent,
        above,
        firstParent * HashValue.size
      )
      nodes = above
      before = firstParent
      after = parents
    }
  }

  /** A copy of a frozen node. */
  readonly node = (level: number, index: number): HashValue.HashValue => {
    const nodes = this.#levels[level]
    const start = index * HashValue.size
    if (nodes === undefined || (index + 1) * 2 ** level > this.#count) {
      throw new RangeError(`node ${index} of level ${level} is not frozen after ${this.#count} leaves`)
    }
    return nodes.slice(start, start + HashValue.size)
  }

  #withRoom(level: number, nodes: number): Uint8Array {
    const held = this.#levels[level]
    const size = nodes * HashValue.size
    if (held !== undefined && held.length >= size) return held
    const grown = held === undefined ? new Uint8Array(size) : lengthened(held, Math.max(size, 2 * held.length))
    this.#levels[level] = grown
    return grown
  }
}
