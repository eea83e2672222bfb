/**
 * Finds a key in a state of which only some runs are read, and proves the finding.
 *
 * The siblings of the path from the root to a key prove the path. The right siblings follow from the run with the place
 * of the key: they consist of items of the run, or are siblings of its range proof. The left siblings that begin behind
 * the item before the run follow from the run, too. Every other left sibling follows from the run with the first item
 * of that sibling. So a path takes the run of the key, and one run more for each 1 bit of the key hash above the depth
 * where the key parts from the item before the run: about half the logarithm of the number of runs.
 *
 * If the siblings lead to the state root, the path is proven, wherever the siblings come from.
 */
import { bitAt, equalBytes } from "./Bytes.ts"
import { format, type HashValue, seeds, sparseMerklePlaceholder } from "./HashValue.ts"
import { sharedBits, siblingStart } from "./KeyHash.ts"
import { refuse } from "./ProofError.ts"
import type { SparseMerkleRangeProof } from "./Proofs.ts"
import * as Sha3 from "./Sha3.ts"
import type { PathEnd, StateRun, SubtreeTop } from "./StateRun.ts"

/**
 * A left sibling that lies before the run: the subtree of all keys that share `depth` bits with the key and have a 0
 * next. `start` is the first of these keys.
 */
export interface MissingSibling {
  readonly depth: number
  readonly start: HashValue
}

/** The path to a key, as far as the run with the place of the key shows the path. */
export interface Lookup {
  readonly keyHash: HashValue
  /** The end of the path in the run. An empty subtree may prove to be part of the leaf of another item. */
  readonly end: PathEnd
  /** The depth of the topmost node of the path whose subtree the run shows whole; 0 is the root. */
  readonly depth: number
  readonly node: SubtreeTop
  /** The siblings that the proof still lacks, the bottom one first. */
  readonly missing: ReadonlyArray<MissingSibling>
}

/**
 * Finds a key in the run with its place: the last run that begins at or before the key, or the first run. `before` is
 * the key hash of the item before the run, `undefined` for the first run.
 *
 * Throws `ProofError`.
 */
export const lookup = (keyHash: HashValue, run: StateRun, before: HashValue | undefined): Lookup => {
  const parting = before === undefined ? -1 : sharedBits(before, 0, keyHash, 0)
  const depth = parting + 1
  const missing: Array<MissingSibling> = []
  for (let level = parting; level >= 0; level--) {
    if (bitAt(keyHash, 0, level) === 1) missing.push({ depth: level, start: siblingStart(keyHash, level) })
  }
  return { keyHash, end: run.pathEnd(keyHash, depth), depth, node: run.subtree(keyHash, depth), missing }
}

/** A missing sibling, from the run with the first item at or after the start of the sibling. */
export const siblingIn = ({ depth, start }: MissingSibling, run: StateRun): SubtreeTop => run.subtree(start, depth + 1)

/**
 * Proves a lookup against the state root and returns the end of the path. `run` is the run of the lookup, `left` the
 * missing siblings by depth.
 *
 * Throws `ProofError` (`ProofShape`, `RootMismatch`).
 */
export const prove = (
  { depth, end, keyHash, node }: Lookup,
  run: StateRun,
  left: ReadonlyMap<number, SubtreeTop>,
  root: HashValue
): PathEnd => {
  const what = `the path to key hash ${format(keyHash)}`
  let top = node
  for (let level = depth - 1; level >= 0; level--) {
    top = bitAt(keyHash, 0, level) === 0
      ? join(top, run.subtree(siblingStart(keyHash, level), level + 1))
      : join(left.get(level) ?? refuse("ProofShape", `${what} lacks its sibling at depth ${level}`), top)
  }
  if (!equalBytes(top.hash, root)) {
    refuse("RootMismatch", `${what} leads to state root ${format(top.hash)}, not to ${format(root)}`)
  }
  // The leaf of the item before the run sits so high that the place of the key is below that leaf.
  return end._tag === "Empty" && top.leaf !== undefined && node.leaf === undefined
    ? { _tag: "OtherItem", keyHash: top.leaf }
    : end
}

/** The node over two sides. A leaf without any neighbour in a subtree is the top of that subtree. */
const join = (zeros: SubtreeTop, ones: SubtreeTop): SubtreeTop => {
  if (isEmpty(zeros) && (isEmpty(ones) || ones.leaf !== undefined)) return ones
  if (isEmpty(ones) && zeros.leaf !== undefined) return zeros
  return { hash: Sha3.hashSeeded(seeds.sparseMerkleInternal, zeros.hash, ones.hash), leaf: undefined }
}

const isEmpty = ({ hash }: SubtreeTop): boolean => equalBytes(hash, sparseMerklePlaceholder)

/**
 * Whether the range proof of the item before the run agrees with a lookup. Agreement proves nothing, because the lookup
 * is not proven; but a damaged run does not agree.
 */
export const agreesWithPreviousRun = (
  { depth, node }: Lookup,
  before: HashValue,
  { rightSiblings }: SparseMerkleRangeProof
): boolean => {
  let above = 0
  for (let level = 0; level < depth - 1; level++) above += 1 - bitAt(before, 0, level)
  const sibling = rightSiblings.at(-1 - above)
  return above < rightSiblings.length && sibling !== undefined ? equalBytes(sibling, node.hash) : isEmpty(node)
}
