/** Reads a stored state. Walks keep nothing that they read, so that they take the memory of one path. */
import type * as HashValue from "@holdfast/ledger/HashValue"
import * as StateNodes from "@holdfast/ledger/StateNodes"
import { decodeChildren, decodeNode, type Leaf, Stored } from "../state/nodes.ts"
import { type ReadNode, type StateRoot, storedRoot } from "../state/session.ts"

/** Leaves in ascending order of their key hashes, `limit` at most, from index `start` on. */
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

/** The state range proof for a key: see {@link StateNodes.rangeProof}. */
export const rangeProof = (
  root: StateRoot,
  read: ReadNode,
  keyHash: HashValue.HashValue
): ReadonlyArray<HashValue.HashValue> | undefined =>
  StateNodes.rangeProof(storedRoot(root), keyHash, ({ path, version }: Stored) => decodeNode(read(version, path), path))
