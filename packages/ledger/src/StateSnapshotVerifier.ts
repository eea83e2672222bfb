/**
 * Checks a state snapshot chunk by chunk, in order: hashes every record into the tree, proves every chunk against the
 * state root, and refuses a snapshot that lacks items at the end.
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

/** Records that are hashed at a time: bounds the scratch memory. */
const stride = 4096

/** The content of a chunk, for comparison with the manifest. */
export interface StateChunkFacts {
  readonly firstKey: HashValue
  readonly lastKey: HashValue
  readonly items: number
}

export type { HashedItems } from "./StateItemHasher.ts"

/**
 * Receives the records of a snapshot in order and proves them against the state root. Throws `BcsError` and
 * `ProofError`.
 */
export class StateSnapshotVerifier {
  readonly #root: HashValue
  readonly #frontier: StateFrontier
  readonly #hasher = new StateItemHasher(stride)
  #chunkStart: number
  #firstKey: HashValue | undefined
  #lastProof: SparseMerkleRangeProof | undefined

  /** `frontier`: the frontier of the items that an interrupted check has proven. */
  constructor(root: HashValue, frontier = new StateFrontier()) {
    this.#root = root
    this.#frontier = frontier
    this.#chunkStart = frontier.count
  }

  /** Items so far. */
  get items(): number {
    return this.#frontier.count
  }

  /** The output of {@link StateFrontier.save}. Between two chunks all items of the frontier are proven. */
  save(): Uint8Array {
    return this.#frontier.save()
  }

  /** Receives the next records of the chunk, and passes them to `hashed`, some at a time. */
  push(batch: RecordBatch, hashed?: (items: HashedItems) => void): void {
    this.#hasher.hash(batch, (items) => {
      this.#firstKey ??= items.keyHashes.slice(0, size)
      this.#frontier.push(items.keyHashes, items.leafHashes, items.count)
      hashed?.(items)
    })
  }

  /** Ends the chunk: proves all items so far. */
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

  /** Ends the snapshot: all items must be proven, and the tree must be empty on the right of the last item. */
  finish(): void {
    if (this.#firstKey !== undefined) refuse("IncompleteState", "the last chunk is not proven")
    if (this.items === 0) refuse("IncompleteState", "there is no chunk")
    // An interrupted check may have proven all chunks, which leaves no last proof: the items must lead to the root.
    const complete = this.#lastProof === undefined
      ? equalBytes(this.#frontier.root(), this.#root)
      : this.#lastProof.rightSiblings.every((sibling) => equalBytes(sibling, sparseMerklePlaceholder))
    if (!complete) {
      refuse(
        "IncompleteState",
        `items are missing after the last one (key hash ${
          format(this.#frontier.lastKeyHash())
        }): the tree is not empty on its right`
      )
    }
  }
}
