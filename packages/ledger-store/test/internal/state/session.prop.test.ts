import { describe, expect, it } from "@effect/vitest"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateTree from "@holdfast/ledger/StateTree"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import { leaves, rangeProof } from "../../../src/internal/lmdb/storedStates.ts"
import { nodeKey } from "../../../src/internal/state/keys.ts"
import { childrenOf, decodeNode, Leaf, levelsPerNode, Stored } from "../../../src/internal/state/nodes.ts"
import {
  emptyRoot,
  type ReadNode,
  type StateRoot,
  StateSession,
  storedRoot
} from "../../../src/internal/state/session.ts"

/** Framed, as the records of changes are: a length of four bytes before. */
const valueOf = (text: string) => {
  const record = new TextEncoder().encode(`    ${text}`)
  return { valueHash: Sha3.digest(record), record }
}

const change: FastCheck.Arbitrary<StateTree.StateChange> = FastCheck.record({
  keyHash: Arbitraries.crowdedKeyHash,
  value: FastCheck.oneof(FastCheck.constant(undefined), FastCheck.string({ maxLength: 3 }).map(valueOf))
})
const changes = FastCheck.array(change, { maxLength: 24 })
/** Blocks, each of some write sets; those of the second list are asked for and not committed. */
const blocks = FastCheck.array(
  FastCheck.record({ writeSets: FastCheck.array(changes, { maxLength: 3 }), idle: changes }),
  { maxLength: 6 }
)

type Rows = Map<string, Uint8Array>

const readerOf = (nodes: Rows): ReadNode => (version, path) => {
  const node = nodes.get(Bytes.toHex(nodeKey(version, path)))
  if (node === undefined) throw new Error(`no node of version ${version} at ${path.join(" ")}`)
  return node
}

/** The keys of all records and values of a state. */
const reachable = (root: StateRoot, read: ReadNode) => {
  const nodes: Array<string> = []
  const values: Array<string> = []
  const visit = (node: Stored): void => {
    nodes.push(Bytes.toHex(nodeKey(node.version, node.path)))
    const top = decodeNode(read(node.version, node.path), node.path)
    for (const child of childrenOf(top, node.path.length * levelsPerNode)) {
      if (child instanceof Stored) visit(child)
      else if (child instanceof Leaf) values.push(Bytes.toHex(child.keyHash))
    }
  }
  const top = storedRoot(root)
  if (top !== undefined) visit(top)
  return { nodes: nodes.sort(), values: values.sort() }
}

const check = (root: StateRoot, nodes: Rows, values: Rows, oracle: StateTree.StateTree): void => {
  const read = readerOf(nodes)
  const items = [...StateTree.items(oracle)]
  expect(Bytes.toHex(root.hash)).toBe(Bytes.toHex(StateTree.root(oracle)))
  expect(root.count).toBe(items.length)
  const found = [...leaves(root, read, 0, Number.POSITIVE_INFINITY)]
  expect(found.map(({ keyHash }) => Bytes.toHex(keyHash))).toEqual(items.map(({ keyHash }) => Bytes.toHex(keyHash)))
  for (const [start, limit] of [[1, 3], [items.length - 1, 5], [items.length, 1], [3, 0]] as const) {
    const part = [...leaves(root, read, Math.max(0, start), limit)]
    expect(part.map(({ keyHash }) => Bytes.toHex(keyHash)))
      .toEqual(items.slice(Math.max(0, start), Math.max(0, start) + limit).map(({ keyHash }) => Bytes.toHex(keyHash)))
  }
  for (const { keyHash, record } of items) {
    expect(rangeProof(root, read, keyHash)?.map(Bytes.toHex)).toEqual(
      StateTree.rangeProof(oracle, keyHash)?.map(Bytes.toHex)
    )
    expect(values.get(Bytes.toHex(keyHash))).toEqual(record)
  }
  const absent = new Uint8Array(HashValue.size).fill(255)
  expect(rangeProof(root, read, absent)).toBeUndefined()
  const used = reachable(root, read)
  expect([...nodes.keys()].sort()).toEqual(used.nodes)
  expect([...values.keys()].sort()).toEqual(used.values)
}

describe("a stored state", () => {
  it("equals the tree in memory after any blocks, and leaves nothing stale", () => {
    FastCheck.assert(FastCheck.property(blocks, (all) => {
      const nodes: Rows = new Map()
      const values: Rows = new Map()
      let root: StateRoot = emptyRoot
      let oracle = StateTree.empty
      all.forEach(({ idle, writeSets }, version) => {
        const session = new StateSession(root, readerOf(nodes))
        session.update(session.base, idle)
        let state = session.base
        for (const writeSet of writeSets) {
          state = session.update(state, writeSet)
          oracle = StateTree.update(oracle, writeSet)
          expect(Bytes.toHex(session.root(state))).toBe(Bytes.toHex(StateTree.root(oracle)))
        }
        let last = ""
        root = session.write(state, version, {
          putNode: (key, record) => {
            const hex = Bytes.toHex(key)
            expect(hex > last).toBe(true)
            last = hex
            nodes.set(hex, record)
          },
          putValue: (key, framed) => values.set(Bytes.toHex(key.subarray(0, HashValue.size)), framed),
          staleNode: (key) => expect(nodes.delete(Bytes.toHex(key))).toBe(true),
          staleValue: (key) => {
            // A newer value in its place stands under the same hash here.
            const keyHash = key.subarray(0, HashValue.size)
            if (StateTree.get(oracle, keyHash) === undefined) values.delete(Bytes.toHex(keyHash))
          }
        })
        check(root, nodes, values, oracle)
      })
    }))
  })

  it("refuses a damaged record", () => {
    const nodes: Rows = new Map()
    const session = new StateSession(emptyRoot, readerOf(nodes))
    const keyHash = new Uint8Array(HashValue.size)
    const root = session.write(session.update(session.base, [{ keyHash, value: valueOf("x") }]), 7, {
      putNode: (key, record) => nodes.set(Bytes.toHex(key), record),
      putValue: () => undefined,
      staleNode: () => undefined,
      staleValue: () => undefined
    })
    const [record = new Uint8Array(0)] = nodes.values()
    for (let length = 0; length < record.length; length++) {
      const cut: ReadNode = () => record.subarray(0, length)
      expect(() => [...leaves(root, cut, 0, 1)]).toThrow("cannot be read")
    }
  })
})
