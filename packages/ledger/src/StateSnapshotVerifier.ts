/**
 * Checks a state snapshot chunk by chunk, in order: every record hashed into the tree, every chunk proven against the
 * state root, nothing missing at the end.
 *
 * Source: docs/spec/formats.md, sections 5 and 9.
 */
import { equalBytes } from "./Bytes.ts"
import type { RecordBatch } from "./Frames.ts"
import { format, type HashValue, size, sparseMerklePlaceholder } from "./HashValue.ts"
import { refuse } from "./ProofError.ts"
import type { SparseMerkleRangeProof } from "./Proofs.ts"
import { StateFrontier } from "./StateFrontier.ts"
import { type HashedItems, StateItemHasher } from "./StateItemHasher.ts"

/** Records hashed at a time: bounds the scratch memory. */
const stride = 4096

/** What a chunk holds, for comparison with its manifest. */
export interface StateChunkFacts {
  readonly firstKey: HashValue
  readonly lastKey: HashValue
  readonly items: number
}

export type { HashedItems } from "./StateItemHasher.ts"

/**
 * Takes the records of a snapshot in order and proves them against its state root. Throws `BcsError` and `ProofError`.
 */
export class StateSnapshotVerifier {
  readonly #root: HashValue
  readonly #frontier: StateFrontier
  readonly #hasher = new StateItemHasher(stride)
  #chunkStart: number
  #firstKey: HashValue | undefined
  #lastProof: SparseMerkleRangeProof | undefined

  /** `frontier`: of the items that were proven before, where a check goes on. */
  constructor(root: HashValue, frontier = new StateFrontier()) {
    this.#root = root
    this.#frontier = frontier
    this.#chunkStart = frontier.count
  }

  /** Items received. */
  get items(): number {
    return this.#frontier.count
  }

  /** What {@link StateFrontier.save} makes of the items so far: proven ones, between two chunks. */
  save(): Uint8Array {
    return this.#frontier.save()
  }

  /** Takes the next records of the chunk under way. `hashed` is called with all of them, some at a time. */
  push(batch: RecordBatch, hashed?: (items: HashedItems) => void): void {
    this.#hasher.hash(batch, (items) => {
      this.#firstKey ??= items.keyHashes.slice(0, size)
      this.#frontier.push(items.keyHashes, items.leafHashes, items.count)
      hashed?.(items)
    })
  }

  /** The chunk is complete: proves it, and everything before it. */
  endChunk(proof: SparseMerkleRangeProof): StateChunkFacts {
    const items = this.items - this.#chunkStart
    const firstKey = this.#firstKey
    if (firstKey === undefined) return refuse("ProofShape", "a chunk without records")
    this.#frontier.verify(proof.rightSiblings, this.#root)
    this.#chunkStart = this.items
    this.#firstKey = undefined
    this.#lastProof = proof
    return { firstKey, lastKey: this.#frontier.lastKeyHash(), items }
  }

  /** The snapshot is complete: every item has been proven, and nothing may stand to the right of the last one. */
  finish(): void {
    if (this.#firstKey !== undefined) refuse("IncompleteState", "the last chunk is not proven")
    if (this.items === 0) refuse("IncompleteState", "there is no chunk")
    // Where all chunks had been proven before there is no last proof: then the root of the items must be the state's.
    const complete = this.#lastProof === undefined
      ? equalBytes(this.#frontier.root(), this.#root)
      : this.#lastProof.rightSiblings.every((sibling) => equalBytes(sibling, sparseMerklePlaceholder))
    if (!complete) {
      refuse(
        "IncompleteState",
        `items are missing after the last one (key hash ${
          format(this.#frontier.lastKeyHash())
        }): the tree goes on to its right`
      )
    }
  }
}
