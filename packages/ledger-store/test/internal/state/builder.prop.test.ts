import { describe, expect, it } from "@effect/vitest"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateTree from "@holdfast/ledger/StateTree"
import * as FastCheck from "effect/FastCheck"
import { leaves, rangeProof } from "../../../src/internal/lmdb/storedStates.ts"
import { StateBuilder } from "../../../src/internal/state/builder.ts"
import { nodeKey } from "../../../src/internal/state/keys.ts"
import { emptyRoot, type ReadNode, StateSession } from "../../../src/internal/state/session.ts"

const seed = 20_261_125
const version = 7
const { size } = HashValue

/** Keys in few bits, at the front, in the middle and at the very end, so that paths part everywhere and meet often. */
const anyKeyHash = FastCheck.tuple(FastCheck.nat(255), FastCheck.nat(3), FastCheck.nat(3)).map(([front, middle, end]) =>
  new Uint8Array(size).with(0, front).with(17, middle).with(31, end)
)

const anyKeys = FastCheck.uniqueArray(anyKeyHash, { selector: Bytes.toHex, maxLength: 60 }).map((keys) =>
  keys.toSorted(Bytes.compareBytes)
)

const valueHashOf = (key: Uint8Array): Uint8Array => Sha3.digest(key)

const leafHashOf = (key: Uint8Array): Uint8Array =>
  Sha3.hashSeeded(HashValue.seeds.sparseMerkleLeaf, key, valueHashOf(key))

type Rows = Map<string, Uint8Array>

const putInto = (rows: Rows) => (key: Uint8Array, record: Uint8Array): void => void rows.set(Bytes.toHex(key), record)

const push = (builder: StateBuilder, keys: ReadonlyArray<Uint8Array>): void =>
  builder.push(Bytes.concatBytes(keys), Bytes.concatBytes(keys.map(leafHashOf)), keys.length)

/** What a session writes that is given all keys at once. */
const written = (keys: ReadonlyArray<Uint8Array>) => {
  const rows: Rows = new Map()
  const session = new StateSession(emptyRoot, () => new Uint8Array(0))
  const changes = keys.map((keyHash) => ({ keyHash, value: { valueHash: valueHashOf(keyHash), record: keyHash } }))
  const root = session.write(session.update(session.base, changes), version, {
    putNode: putInto(rows),
    putValue: () => undefined,
    staleNode: () => undefined,
    staleValue: () => undefined
  })
  return { root, rows }
}

describe(`building a state tree from all its items (seed ${seed})`, () => {
  it("writes the records that updates of the tree write, wherever the build stops and continues", () => {
    FastCheck.assert(
      FastCheck.property(anyKeys, FastCheck.array(FastCheck.nat(60), { maxLength: 3 }), (keys, stops) => {
        const rows: Rows = new Map()
        let builder = new StateBuilder(version, putInto(rows))
        let done = 0
        for (const stop of stops.toSorted((a, b) => a - b)) {
          push(builder, keys.slice(done, stop))
          done = Math.max(done, stop)
          builder = StateBuilder.restore(version, putInto(rows), builder.save())
        }
        push(builder, keys.slice(done))
        const root = builder.finish()
        const expected = written(keys)
        expect({ count: root.count, hash: Bytes.toHex(root.hash) }).toEqual({
          count: keys.length,
          hash: Bytes.toHex(expected.root.hash)
        })
        expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected.rows))
      }),
      { seed, numRuns: 300 }
    )
  })

  it("builds a tree that reads back with its items in order and their proofs", () => {
    FastCheck.assert(
      FastCheck.property(anyKeys.filter((keys) => keys.length > 0), (keys) => {
        const rows: Rows = new Map()
        const builder = new StateBuilder(version, putInto(rows))
        push(builder, keys)
        const root = builder.finish()
        const read: ReadNode = (at, path) => rows.get(Bytes.toHex(nodeKey(at, path))) ?? new Uint8Array(0)
        const found = [...leaves(root, read, 0, keys.length + 1)].map((leaf) => Bytes.toHex(leaf.keyHash))
        expect(found).toEqual(keys.map(Bytes.toHex))
        const tree = StateTree.update(
          StateTree.empty,
          keys.map((keyHash) => ({ keyHash, value: { valueHash: valueHashOf(keyHash), record: keyHash } }))
        )
        for (const key of keys) {
          expect(rangeProof(root, read, key)?.map(Bytes.toHex)).toEqual(
            StateTree.rangeProof(tree, key)?.map(Bytes.toHex)
          )
        }
      }),
      { seed, numRuns: 200 }
    )
  })
})
