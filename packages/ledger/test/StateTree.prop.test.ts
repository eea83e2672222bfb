import { describe, expect, it } from "@effect/vitest"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateFrontier from "@holdfast/ledger/StateFrontier"
import * as StateTree from "@holdfast/ledger/StateTree"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"

const valueOf = (text: string) => {
  const record = new TextEncoder().encode(text)
  return { valueHash: Sha3.digest(record), record }
}

const change: FastCheck.Arbitrary<StateTree.StateChange> = FastCheck.record({
  keyHash: Arbitraries.crowdedKeyHash,
  value: FastCheck.oneof(FastCheck.constant(undefined), FastCheck.string({ maxLength: 3 }).map(valueOf))
})
const batches = FastCheck.array(FastCheck.array(change, { maxLength: 30 }), { maxLength: 8 })

type Model = ReadonlyMap<string, NonNullable<StateTree.StateChange["value"]>>

const applyTo = (model: Model, changes: ReadonlyArray<StateTree.StateChange>): Model => {
  const next = new Map(model)
  for (const { keyHash, value } of changes) {
    if (value === undefined) next.delete(Bytes.toHex(keyHash))
    else next.set(Bytes.toHex(keyHash), value)
  }
  return next
}

const sorted = (model: Model) => [...model].sort(([a], [b]) => a < b ? -1 : 1)

/** Compares a tree with a plain map: its items, and its proofs and root with those of another implementation. */
const check = (tree: StateTree.StateTree, model: Model): void => {
  const expected = sorted(model).map(([key, { record }]) => ({ key, record: Bytes.toHex(record) }))
  const items = [...StateTree.items(tree)]
  expect(items.map(({ keyHash, record }) => ({ key: Bytes.toHex(keyHash), record: Bytes.toHex(record) })))
    .toEqual(expected)
  expect(StateTree.count(tree)).toBe(expected.length)

  const root = StateTree.root(tree)
  const frontier = new StateFrontier.StateFrontier()
  for (const [key, { record, valueHash }] of sorted(model)) {
    const keyHash = Uint8Array.from(Buffer.from(key, "hex"))
    frontier.push(keyHash, Sha3.hashSeeded(HashValue.seeds.sparseMerkleLeaf, keyHash, valueHash), 1)
    frontier.verify(StateTree.rangeProof(tree, keyHash) ?? [], root)
    expect(StateTree.get(tree, keyHash)?.record).toEqual(record)
  }
  expect(Bytes.toHex(root)).toBe(Bytes.toHex(frontier.root()))
}

describe("StateTree", () => {
  it("equals a map after any batches, and leaves older trees unchanged", () => {
    FastCheck.assert(FastCheck.property(batches, (all) => {
      let tree = StateTree.empty
      let model: Model = new Map()
      const history: Array<readonly [StateTree.StateTree, Model]> = []
      for (const changes of all) {
        tree = StateTree.update(tree, changes)
        model = applyTo(model, changes)
        history.push([tree, model])
      }
      for (const [older, then] of history) check(older, then)
    }))
  })

  it("does not depend on the batches of the changes", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(change, { maxLength: 60 }), (changes) => {
      const atOnce = StateTree.update(StateTree.empty, changes)
      const oneByOne = changes.reduce((tree, each) => StateTree.update(tree, [each]), StateTree.empty)
      expect(Bytes.toHex(StateTree.root(oneByOne))).toBe(Bytes.toHex(StateTree.root(atOnce)))
    }))
  })

  it("returns the items from any index on", () => {
    FastCheck.assert(FastCheck.property(
      FastCheck.array(change, { maxLength: 60 }),
      FastCheck.nat(70),
      FastCheck.nat(70),
      (changes, start, limit) => {
        const tree = StateTree.update(StateTree.empty, changes)
        const keys = [...StateTree.items(tree)].map(({ keyHash }) => Bytes.toHex(keyHash))
        const some = [...StateTree.items(tree, start, limit)].map(({ keyHash }) => Bytes.toHex(keyHash))
        expect(some).toEqual(keys.slice(start, start + limit))
      }
    ))
  })

  it("returns no absent key", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(change, { maxLength: 60 }), Arbitraries.crowdedKeyHash, (changes, absent) => {
        const tree = StateTree.update(StateTree.update(StateTree.empty, changes), [{
          keyHash: absent,
          value: undefined
        }])
        expect(StateTree.get(tree, absent)).toBeUndefined()
        expect(StateTree.rangeProof(tree, absent)).toBeUndefined()
        expect(StateTree.update(tree, [{ keyHash: absent, value: undefined }])).toBe(tree)
      })
    )
  })

  it("is empty without items", () => {
    expect(StateTree.root(StateTree.empty)).toEqual(HashValue.sparseMerklePlaceholder)
    expect(StateTree.count(StateTree.empty)).toBe(0)
    expect([...StateTree.items(StateTree.empty)]).toEqual([])
  })
})
