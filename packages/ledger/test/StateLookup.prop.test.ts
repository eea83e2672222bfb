import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { compareBytes, concatBytes } from "../src/Bytes.ts"
import type { RecordBatch } from "../src/Frames.ts"
import { frame, FrameSplitter } from "../src/Frames.ts"
import type { HashValue } from "../src/HashValue.ts"
import * as StateKey from "../src/StateKey.ts"
import * as StateLookup from "../src/StateLookup.ts"
import { StateRun } from "../src/StateRun.ts"
import { StateValue } from "../src/StateValue.ts"
import { hashOf, NaiveStateTree, someHashes } from "./naiveTrees.ts"
import { flipped, outcomeOf } from "./refusals.ts"

const seed = 20_261_125

interface Item {
  readonly key: HashValue
  readonly valueHash: Uint8Array
  readonly record: Uint8Array
}

/** Items with raw keys, in the order of their hashes. */
const itemsOf = (names: ReadonlyArray<number>): ReadonlyArray<Item> =>
  [...new Set(names)].map((name): Item => {
    const stateKey: StateKey.StateKey = { _tag: "Raw", value: Uint8Array.of(name >> 8, name & 0xff) }
    const value = Bcs.encode(StateValue, { _tag: "V0", value: Uint8Array.of(name & 0xff) })
    return {
      key: StateKey.hash(stateKey),
      valueHash: hashOf("StateValue", value),
      record: concatBytes([Bcs.encode(StateKey.StateKey, stateKey), value])
    }
  }).sort((a, b) => compareBytes(a.key, b.key))

const batchesOf = (records: ReadonlyArray<Uint8Array>): ReadonlyArray<RecordBatch> =>
  new FrameSplitter({ maxRecordBytes: 1000 }).push(frame(records))

interface Snapshot {
  readonly tree: NaiveStateTree
  readonly chunks: ReadonlyArray<ReadonlyArray<Item>>
}

/** Cuts behind the items that `cuts` name. */
const snapshotOf = (items: ReadonlyArray<Item>, cuts: ReadonlyArray<number>): Snapshot => {
  const ends = [...new Set([...cuts.map((cut) => cut % items.length), items.length - 1])].sort((a, b) => a - b)
  return {
    tree: new NaiveStateTree(items),
    chunks: ends.map((end, index) => items.slice((ends[index - 1] ?? -1) + 1, end + 1))
  }
}

const lastOf = (chunk: ReadonlyArray<Item> | undefined): HashValue => chunk?.at(-1)?.key ?? new Uint8Array(32)

const runOf = ({ chunks, tree }: Snapshot, index: number, wanted?: HashValue): StateRun => {
  const chunk = chunks[index] ?? []
  const run = new StateRun(wanted)
  for (const batch of batchesOf(chunk.map(({ record }) => record))) run.push(batch)
  run.end({ rightSiblings: tree.rightSiblings(lastOf(chunk)) })
  return run
}

/** The chunk that holds the first item at or after a key; the last one where there is none. */
const chunkAt = ({ chunks }: Snapshot, key: HashValue): number => {
  const index = chunks.findIndex((chunk) => compareBytes(lastOf(chunk), key) >= 0)
  return index < 0 ? chunks.length - 1 : index
}

const look = (snapshot: Snapshot, key: HashValue) => {
  const index = chunkAt(snapshot, key)
  const run = runOf(snapshot, index, key)
  const found = StateLookup.lookup(key, run, index === 0 ? undefined : lastOf(snapshot.chunks[index - 1]))
  const read = new Set<number>()
  const left = new Map(found.missing.map((missing) => {
    const at = chunkAt(snapshot, missing.start)
    read.add(at)
    return [missing.depth, StateLookup.siblingIn(missing, runOf(snapshot, at))] as const
  }))
  return { found, run, left, read, index }
}

/** Does the range proof of the chunk before say the same? Of the first chunk there is none to ask. */
const agrees = ({ chunks, tree }: Snapshot, { found, index }: ReturnType<typeof look>): boolean => {
  const before = lastOf(chunks[index - 1])
  return index === 0 || StateLookup.agreesWithPreviousRun(found, before, { rightSiblings: tree.rightSiblings(before) })
}

const anySnapshot = FastCheck.tuple(
  FastCheck.array(FastCheck.nat(2000), { minLength: 1, maxLength: 60 }),
  FastCheck.array(FastCheck.nat(1000), { maxLength: 12 })
).map(([names, cuts]) => ({ names: new Set(names), snapshot: snapshotOf(itemsOf(names), cuts) }))

const strangers = someHashes(8, 500_000)

const [stranger = { key: new Uint8Array(32), valueHash: new Uint8Array(32), record: new Uint8Array(0) }] = itemsOf([
  3001
])

/** What somebody who writes the chunks might do about an item. */
const forgeries: ReadonlyArray<(chunk: ReadonlyArray<Item>, target: Item) => ReadonlyArray<Item>> = [
  (chunk, target) => chunk.map((item) => item === target ? { ...target, record: flipped(target.record) } : item),
  (chunk, target) => chunk.length === 1 ? chunk : chunk.filter((item) => item !== target),
  (chunk, target) => chunk.includes(target) ? [...chunk, stranger].sort((a, b) => compareBytes(a.key, b.key)) : chunk
]

const tally = new Map<string, number>()

describe(`looking a state key up (seed ${seed})`, () => {
  it("F-29: every existing key is found and proven, and no chunk is read twice", () => {
    FastCheck.assert(
      FastCheck.property(anySnapshot, ({ snapshot }) => {
        const root = snapshot.tree.root()
        for (const { key, record } of snapshot.chunks.flat()) {
          const looked = look(snapshot, key)
          const { found, index, left, read, run } = looked
          expect(agrees(snapshot, looked)).toBe(true)
          expect(found.end).toEqual({ _tag: "Item", record })
          StateLookup.prove(found, run, left, root)
          expect(found.missing.length === 0 || index > 0).toBe(true)
          for (const at of read) expect(at).toBeLessThan(index)
        }
      }),
      { seed, numRuns: 40 }
    )
  })

  it("F-30: every absent key is proven absent", () => {
    FastCheck.assert(
      FastCheck.property(anySnapshot, FastCheck.array(FastCheck.nat(4000)), ({ names, snapshot }, others) => {
        const root = snapshot.tree.root()
        const absent = [
          ...itemsOf(others.filter((name) => !names.has(name))).map(({ key }) => key),
          ...strangers,
          new Uint8Array(32),
          new Uint8Array(32).fill(255),
          // Neighbours of what is there: their paths end in its leaf.
          ...snapshot.chunks.flat().map(({ key }) => key.with(31, (key[31] ?? 0) ^ 1))
        ]
        for (const key of absent) {
          const looked = look(snapshot, key)
          const { found, left, run } = looked
          expect(agrees(snapshot, looked)).toBe(true)
          expect(found.end._tag).not.toBe("Item")
          StateLookup.prove(found, run, left, root)
        }
      }),
      { seed, numRuns: 40 }
    )
  })

  it("F-31: changed chunks never prove a falsehood", () => {
    FastCheck.assert(
      FastCheck.property(
        anySnapshot,
        FastCheck.nat(),
        FastCheck.constantFrom(...forgeries),
        ({ snapshot }, at, forge) => {
          const all = snapshot.chunks.flat()
          const target = all[at % all.length]
          if (target === undefined) return
          const forged = { tree: snapshot.tree, chunks: snapshot.chunks.map((chunk) => forge(chunk, target)) }
          for (const key of [target.key, stranger.key]) {
            const outcome = outcomeOf(() => {
              const { found, left, run } = look(forged, key)
              StateLookup.prove(found, run, left, snapshot.tree.root())
              const isThere = key === target.key
              expect(found.end).toMatchObject(isThere ? { _tag: "Item", record: target.record } : {})
              expect(found.end._tag === "Item").toBe(isThere)
            })
            expect(["accepted", "RootMismatch", "ProofShape", "IncompleteState", "KeyOrder"]).toContain(outcome)
            tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
          }
        }
      ),
      { seed, numRuns: 150 }
    )
    expect(tally.get("RootMismatch")).toBeGreaterThan(50)
  })

  it("F-31: a chunk with a changed item disagrees with the range proof of the chunk before", () => {
    FastCheck.assert(
      FastCheck.property(anySnapshot, FastCheck.nat(), ({ snapshot }, at) => {
        const all = snapshot.chunks.flat()
        const target = all[at % all.length]
        const [changed] = forgeries
        if (target === undefined || changed === undefined) return
        const forged = { tree: snapshot.tree, chunks: snapshot.chunks.map((chunk) => changed(chunk, target)) }
        const looked = look(forged, target.key)
        expect(agrees(forged, looked)).toBe(looked.index === 0)
      }),
      { seed, numRuns: 60 }
    )
  })

  it("reads at most one chunk more for each level of a tree of chunks", () => {
    const items = itemsOf(Array.from({ length: 2000 }, (_, name) => name))
    const snapshot = snapshotOf(items, Array.from({ length: 256 }, (_, index) => index * 8))
    const counts = items.filter((_, index) => index % 50 === 0).map(({ key }) => look(snapshot, key).read.size)
    expect(snapshot.chunks.length).toBeGreaterThan(240)
    expect(Math.max(...counts)).toBeLessThan(14)
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeLessThan(6)
  })
})
