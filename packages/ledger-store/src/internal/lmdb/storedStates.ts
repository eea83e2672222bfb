/** Reading a stored state: nothing that is read is kept, so that a walk over it takes the memory of one path. */
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import { bitAt, decodeChildren, decodeNode, hashOf, Inner, type Leaf, type Node, Stored } from "../state/nodes.ts"
import { type ReadNode, type StateRoot, storedRoot } from "../state/session.ts"

/** Leaves in ascending order of their key hashes, from the one at index `start` on, at most `limit`. */
export function* leaves(
  root: StateRoot,
  read: ReadNode,
  start: number,
  limit: number
): Generator<Leaf, void, undefined> {
  const ahead: Array<Leaf | Stored | undefined> = [storedRoot(root)]
  let skip = start
  let left = limit
  while (ahead.length > 0 && left > 0) {
    const node = ahead.pop()
    if (node === undefined) continue
    if (skip >= node.count) {
      skip -= node.count
    } else if (node instanceof Stored) {
      const children = decodeChildren(read(node.version, node.path), node.path)
      for (let nibble = children.length - 1; nibble >= 0; nibble--) ahead.push(children[nibble])
    } else {
      left -= 1
      yield node
    }
  }
}

/**
 * The right siblings of the path from the root to a key's leaf, the bottom one first. Empty sides of the path are
 * placeholders. `undefined` where the key does not exist.
 */
export const rangeProof = (
  root: StateRoot,
  read: ReadNode,
  keyHash: HashValue.HashValue
): ReadonlyArray<HashValue.HashValue> | undefined => {
  const siblings: Array<HashValue.HashValue> = []
  let node: Node = storedRoot(root)
  for (let depth = 0; node instanceof Stored || node instanceof Inner;) {
    if (node instanceof Stored) {
      node = decodeNode(read(node.version, node.path), node.path)
      continue
    }
    const isRight = bitAt(keyHash, 0, depth) === 1
    if (!isRight) siblings.push(hashOf(node.right))
    node = isRight ? node.right : node.left
    depth += 1
  }
  const isThere = node !== undefined && Bytes.equalRange(node.keys, node.keyAt, keyHash, 0, HashValue.size)
  return isThere ? siblings.reverse() : undefined
}
