import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { BcsError } from "../src/BcsError.ts"
import { compareBytes, toHex } from "../src/Bytes.ts"
import { StateKey, storageEncoding } from "../src/StateKey.ts"
import { type StateChunkFacts, StateSnapshotVerifier } from "../src/StateSnapshotVerifier.ts"
import { StateValue } from "../src/StateValue.ts"
import { batchOfRecords } from "./batches.ts"
import { emptySubtree, hashOf, type NaiveItem, NaiveStateTree, someHashes } from "./naiveTrees.ts"
import { changedLists, expectRefused, flipped, outcomeOf } from "./refusals.ts"

const seed = 20_250_303

interface Item extends NaiveItem {
  readonly record: Uint8Array
}

const itemOf = ([key, value]: readonly [StateKey, StateValue]): Item => ({
  key: hashOf("StateKey", storageEncoding(key)),
  valueHash: hashOf("StateValue", Bcs.encode(StateValue, value)),
  record: Bcs.encode(Bcs.pair(StateKey, StateValue), [key, value])
})

const sorted = (items: ReadonlyArray<Item>): ReadonlyArray<Item> => items.toSorted((a, b) => compareBytes(a.key, b.key))

const anyItem = FastCheck.tuple(Arbitraries.value(StateKey), Arbitraries.value(StateValue)).map(itemOf)

const anyItems = (minLength: number) =>
  FastCheck.uniqueArray(anyItem, { minLength, maxLength: 40, selector: ({ key }) => toHex(key) }).map(sorted)

const rawItem = (index: number): Item =>
  itemOf([{ _tag: "Raw", value: Uint8Array.of(index % 256, Math.floor(index / 256)) }, {
    _tag: "V0",
    value: new Uint8Array(3)
  }])

/** The items in chunks that begin at these indices, taken modulo their number. */
const chunksOf = (items: ReadonlyArray<Item>, starts: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<Item>> => {
  const cuts = [...new Set([0, ...starts.map((start) => start % items.length)])].sort((a, b) => a - b)
  return cuts.map((cut, index) => items.slice(cut, cuts[index + 1]))
}

const push = (verifier: StateSnapshotVerifier, items: ReadonlyArray<Item>): void =>
  verifier.push(batchOfRecords(items.map(({ record }) => record)))

/** Takes the chunks, each with the proof for the last item that `proven` says it has; then the snapshot is complete. */
const verify = (
  tree: NaiveStateTree,
  chunks: ReadonlyArray<ReadonlyArray<Item>>,
  proven: ReadonlyArray<ReadonlyArray<Item>> = chunks,
  root = tree.root()
): ReadonlyArray<StateChunkFacts> => {
  const verifier = new StateSnapshotVerifier(root)
  const facts = chunks.map((chunk, index) => {
    push(verifier, chunk)
    return verifier.endChunk({ rightSiblings: tree.rightSiblings(proven[index]?.at(-1)?.key ?? root) })
  })
  verifier.finish()
  return facts
}

describe(`state snapshots (seed ${seed})`, () => {
  it("F-9: a snapshot verifies in any chunks and batches, and the facts about the chunks are right", () => {
    FastCheck.assert(
      FastCheck.property(
        anyItems(1),
        FastCheck.array(FastCheck.nat(), { maxLength: 6 }),
        FastCheck.nat(),
        (items, starts, cut) => {
          const tree = new NaiveStateTree(items)
          const verifier = new StateSnapshotVerifier(tree.root())
          for (const chunk of chunksOf(items, starts)) {
            const last = chunk.at(-1)?.key ?? new Uint8Array(0)
            push(verifier, chunk.slice(0, cut % (chunk.length + 1)))
            push(verifier, chunk.slice(cut % (chunk.length + 1)))
            const { firstKey, items: count, lastKey } = verifier.endChunk({ rightSiblings: tree.rightSiblings(last) })
            expect([toHex(firstKey), toHex(lastKey), count]).toEqual([
              toHex(chunk[0]?.key ?? last),
              toHex(last),
              chunk.length
            ])
          }
          verifier.finish()
          expect(verifier.items).toBe(items.length)
        }
      ),
      { seed, numRuns: 60 }
    )
  })

  it("F-9: a snapshot verifies with more items than are hashed at a time", () => {
    const items = sorted(Array.from({ length: 9_000 }, (_, index) => rawItem(index)))
    const facts = verify(new NaiveStateTree(items), chunksOf(items, [8_500]))
    expect(facts.map((chunk) => chunk.items)).toEqual([8_500, 500])
  })

  it("F-9: a snapshot with other, more, fewer or reordered items is refused", () => {
    FastCheck.assert(
      FastCheck.property(anyItems(3), FastCheck.nat(), FastCheck.nat(), anyItem, (items, start, picked, other) => {
        const tree = new NaiveStateTree(items)
        const chunks = chunksOf(items, [1 + start % (items.length - 1)])
        const which = picked % chunks.length
        const chunk = chunks[which] ?? []
        const at = picked % chunk.length
        const changes = [
          chunk.with(at, other),
          chunk.with(at, { ...other, record: flipped(chunk[at]?.record ?? other.record) }),
          chunk.toSpliced(at, 0, other),
          chunk.toSpliced(at, 0, chunk[at] ?? other),
          ...(chunk.length > 1 ? [chunk.toReversed(), chunk.toSpliced(at, 1)] : [])
        ]
        for (const changed of changes) {
          const check = () => verify(tree, chunks.with(which, changed), chunks)
          try {
            expect(outcomeOf(check)).toMatch(/^(RootMismatch|ProofShape|KeyOrder)$/)
          } catch (error) {
            // A changed bit may make a record unreadable.
            if (!(error instanceof BcsError)) throw error
          }
        }
        expect(outcomeOf(() => verify(tree, chunks, chunks, flipped(tree.root())))).toBe("RootMismatch")
        expect(outcomeOf(() => verify(tree, chunks.toReversed()))).toMatch(/^(RootMismatch|ProofShape|KeyOrder)$/)
        expect(outcomeOf(() => verify(tree, chunks, chunks.toReversed()))).toMatch(/^(RootMismatch|ProofShape)$/)
        expect(outcomeOf(() => verify(tree, chunks.slice(1)))).toMatch(/^(RootMismatch|ProofShape)$/)
      }),
      { seed, numRuns: 60 }
    )
  })

  it("F-9: a chunk with any other proof is refused", () => {
    FastCheck.assert(
      FastCheck.property(anyItems(2), FastCheck.nat(), (items, picked) => {
        const tree = new NaiveStateTree(items)
        const chunk = items.slice(0, 1 + picked % items.length)
        const [stranger = emptySubtree] = someHashes(1)
        for (const rightSiblings of changedLists(tree.rightSiblings(chunk.at(-1)?.key ?? stranger), stranger)) {
          const verifier = new StateSnapshotVerifier(tree.root())
          push(verifier, chunk)
          expect(outcomeOf(() => verifier.endChunk({ rightSiblings }))).toMatch(/^(RootMismatch|ProofShape)$/)
        }
      }),
      { seed, numRuns: 40 }
    )
  })

  it("F-10: a snapshot without its last items is refused as incomplete", () => {
    FastCheck.assert(
      FastCheck.property(
        anyItems(2),
        FastCheck.array(FastCheck.nat(), { minLength: 1, maxLength: 6 }),
        (items, starts) => {
          const tree = new NaiveStateTree(items)
          const chunks = chunksOf(items, [1, ...starts])
          verify(tree, chunks)
          for (let kept = 1; kept < chunks.length; kept++) {
            expectRefused(
              () => verify(tree, chunks.slice(0, kept)),
              "IncompleteState",
              /items are missing after the last one/
            )
          }
        }
      ),
      { seed, numRuns: 40 }
    )
  })

  it("F-10: a snapshot without chunks, or with an unproven chunk, is refused as incomplete", () => {
    const items = sorted([rawItem(0), rawItem(1)])
    const tree = new NaiveStateTree(items)
    expectRefused(() => verify(tree, []), "IncompleteState", /no chunk/)

    const unproven = new StateSnapshotVerifier(tree.root())
    push(unproven, items)
    expectRefused(() => unproven.finish(), "IncompleteState", /not proven/)

    const goesOn = new StateSnapshotVerifier(tree.root())
    push(goesOn, items)
    goesOn.endChunk({ rightSiblings: tree.rightSiblings(items.at(-1)?.key ?? emptySubtree) })
    goesOn.finish()
    push(goesOn, sorted(Array.from({ length: 50 }, (_, index) => rawItem(index))).slice(-1))
    expectRefused(() => goesOn.finish(), "IncompleteState", /not proven/)
  })

  it("F-10: a snapshot whose last item has only empty right siblings is complete", () => {
    // All keys begin with a 0, so the last one has an empty sibling to its right.
    const items = sorted(Array.from({ length: 60 }, (_, index) => rawItem(index))).filter(({ key }) =>
      (key[0] ?? 0) < 128
    )
    const tree = new NaiveStateTree(items)
    expect(tree.rightSiblings(items.at(-1)?.key ?? emptySubtree).at(-1)).toEqual(emptySubtree)
    verify(tree, chunksOf(items, [7]))
  })

  it("F-9: a chunk without records is refused", () => {
    const verifier = new StateSnapshotVerifier(emptySubtree)
    expectRefused(() => verifier.endChunk({ rightSiblings: [] }), "ProofShape", /without records/)
  })
})
