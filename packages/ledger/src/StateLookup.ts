/**
 * Looking a key up in a state of which only pieces are read, and proving what is found.
 *
 * A path from the root to a key is proven by its siblings. Those on the right follow from the run that holds the key's
 * place: they are made of its items, or are siblings of its range proof. Those on the left that begin after the item
 * before the run follow from it as well. The others lie before it: the sibling at each of these depths follows from the
 * run that holds its own first item. So a path takes the key's run, and one more for each 1 bit of the key hash above
 * the depth where it parts from the item before the run: about half the logarithm of the number of runs.
 *
 * Whatever the siblings are, and wherever they come from: if they lead to the state root, the path ends in what it
 * shows.
 */
import { bitAt, equalBytes } from "./Bytes.ts"
import { format, type HashValue, seeds, sparseMerklePlaceholder } from "./HashValue.ts"
import { sharedBits, siblingStart } from "./KeyHash.ts"
import { refuse } from "./ProofError.ts"
import type { SparseMerkleRangeProof } from "./Proofs.ts"
import * as Sha3 from "./Sha3.ts"
import type { PathEnd, StateRun, SubtreeTop } from "./StateRun.ts"

/**
 * A left sibling that lies before the run: it is the subtree of all keys that share `depth` bits with the key and then
 * have a 0, of which `start` is the first.
 */
export interface MissingSibling {
  readonly depth: number
  readonly start: HashValue
}

/** A key's path as far as the run that holds its place shows it. */
export interface Lookup {
  readonly keyHash: HashValue
  /** What the path ends in as far as the run shows it. An empty subtree may turn out to be part of another item's leaf. */
  readonly end: PathEnd
  /** Depth of the topmost node of the path that the run shows whole; 0: it shows the root. */
  readonly depth: number
  readonly node: SubtreeTop
  /** What is needed to prove it, the bottom one first. None: the path is whole. */
  readonly missing: ReadonlyArray<MissingSibling>
}

/**
 * Finds a key in the run that holds its place: the last one that begins at or before it, or the first one. `before` is
 * the key hash of the item before the run; none for the first run.
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

/** A missing sibling from the run that holds the first item at or after its start. */
export const siblingIn = ({ depth, start }: MissingSibling, run: StateRun): SubtreeTop => run.subtree(start, depth + 1)

/**
 * Proves a lookup against the state root and returns what the path ends in: `run` is the one it was made in, `left` has
 * the missing siblings by depth.
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
  // The leaf of the item before the run sits so high that the key's place is below it.
  return end._tag === "Empty" && top.leaf !== undefined && node.leaf === undefined
    ? { _tag: "OtherItem", keyHash: top.leaf }
    : end
}

/** A leaf that is alone in a subtree is its top, as high as it can be. */
const join = (zeros: SubtreeTop, ones: SubtreeTop): SubtreeTop => {
  if (isEmpty(zeros) && (isEmpty(ones) || ones.leaf !== undefined)) return ones
  if (isEmpty(ones) && zeros.leaf !== undefined) return zeros
  return { hash: Sha3.hashSeeded(seeds.sparseMerkleInternal, zeros.hash, ones.hash), leaf: undefined }
}

const isEmpty = ({ hash }: SubtreeTop): boolean => equalBytes(hash, sparseMerklePlaceholder)

/**
 * Does the range proof of the item before the run say the same of a lookup? It proves nothing, since what it is held
 * against is not signed; but a run that was damaged does not agree.
 */
export const agrees = (
  { depth, node }: Lookup,
  before: HashValue,
  { rightSiblings }: SparseMerkleRangeProof
): boolean => {
  let above = 0
  for (let level = 0; level < depth - 1; level++) above += 1 - bitAt(before, 0, level)
  const sibling = rightSiblings.at(-1 - above)
  return above < rightSiblings.length && sibling !== undefined ? equalBytes(sibling, node.hash) : isEmpty(node)
}
