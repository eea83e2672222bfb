import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Accumulator from "../src/Accumulator.ts"
import { concatBytes, toHex } from "../src/Bytes.ts"
import { seeds } from "../src/HashValue.ts"
import { NaiveAccumulator, someHashes } from "./naiveTrees.ts"
import { changedLists, expectRefused, flipped, outcomeOf } from "./refusals.ts"

const seed = 20_250_301

const [stranger = new Uint8Array(32)] = someHashes(1, 1_000_000)
const trees = new Map<number, NaiveAccumulator>()

/** The tree of `count` leaves, made once. */
const treeOf = (count: number): NaiveAccumulator => {
  const tree = trees.get(count) ?? new NaiveAccumulator(someHashes(count))
  trees.set(count, tree)
  return tree
}

/** Sizes where a tree is full or just over it, and any other. */
const size = (min: number) =>
  FastCheck.oneof(
    { weight: 3, arbitrary: FastCheck.integer({ min, max: 70 }) },
    { weight: 1, arbitrary: FastCheck.integer({ min, max: 700 }) },
    {
      weight: 1,
      arbitrary: FastCheck.constantFrom(1, 2, 4, 8, 16, 32, 64, 128, 256).map((full) => Math.max(min, full))
    }
  )

const roots = (hashes: ReadonlyArray<Uint8Array>) => hashes.map(toHex)

/** Leaves with room for one hash at either end. */
const withRoom = (leaves: ReadonlyArray<Uint8Array>): Uint8Array =>
  concatBytes([new Uint8Array(32), ...leaves, new Uint8Array(32)])

const verifyRange = (
  leaves: ReadonlyArray<Uint8Array>,
  first: number,
  leftSiblings: ReadonlyArray<Uint8Array>,
  rightSiblings: ReadonlyArray<Uint8Array>,
  root: Uint8Array
) => Accumulator.verifyRange(withRoom(leaves), leaves.length, first, { leftSiblings, rightSiblings }, root)

describe(`accumulators (seed ${seed})`, () => {
  it.each(["TransactionAccumulator", "EventAccumulator"])(
    "F-1: %s: the root over leaves equals the root by definition",
    (name) => {
      const ownSeed = name === "EventAccumulator" ? seeds.eventAccumulator : seeds.transactionAccumulator
      for (let count = 0; count <= 130; count++) {
        const leaves = someHashes(count)
        const root = Accumulator.rootOfLeaves(ownSeed, concatBytes([...leaves, stranger]), count)
        expect(toHex(root), `${count} leaves`).toBe(toHex(new NaiveAccumulator(leaves, name).root()))
      }
    }
  )

  it("F-2: an accumulator grows in any steps and continues from its frozen subtree roots", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.nat(40), { maxLength: 12 }), FastCheck.nat(12), (steps, restart) => {
        let builder = new Accumulator.AccumulatorBuilder(seeds.transactionAccumulator)
        for (const [step, count] of steps.entries()) {
          if (step === restart) {
            builder = new Accumulator.AccumulatorBuilder(
              seeds.transactionAccumulator,
              builder.count,
              builder.frozenSubtreeRoots()
            )
          }
          const before = builder.count
          builder.append(concatBytes(someHashes(count, before)))
          const expected = treeOf(before + count)
          expect(builder.count).toBe(before + count)
          expect(toHex(builder.root())).toBe(toHex(expected.root()))
          expect(roots(builder.frozenSubtreeRoots())).toEqual(roots(expected.frozenSubtreeRoots()))
        }
      }),
      { seed, numRuns: 60 }
    )
  })

  it("F-2: an accumulator takes exactly as many frozen subtree roots as its count has set bits", () => {
    const start = (count: number, given: number) => () =>
      new Accumulator.AccumulatorBuilder(seeds.transactionAccumulator, count, someHashes(given))
    for (let count = 0; count <= 40; count++) {
      const bits = count.toString(2).replaceAll("0", "").length
      for (let given = 0; given <= bits + 2; given++) {
        expect(outcomeOf(start(count, given)), `${given} for ${count}`).toBe(given === bits ? "accepted" : "ProofShape")
      }
    }
  })

  it("F-3: an inclusion proof holds for its leaf, index and root, and for nothing else", () => {
    FastCheck.assert(
      FastCheck.property(size(1), FastCheck.nat(), FastCheck.nat(), (count, pickedLeaf, pickedOther) => {
        const tree = treeOf(count)
        const index = pickedLeaf % count
        const other = (index + 1 + pickedOther % (count + 3)) % (count + 4)
        const leaf = tree.leaves[index] ?? stranger
        const siblings = tree.siblings(index)
        const root = tree.root()
        Accumulator.verifyInclusion(leaf, index, siblings, root)

        expect(outcomeOf(() => Accumulator.verifyInclusion(flipped(leaf), index, siblings, root))).toBe("RootMismatch")
        expect(outcomeOf(() => Accumulator.verifyInclusion(leaf, index, siblings, flipped(root)))).toBe("RootMismatch")
        expect(outcomeOf(() => Accumulator.verifyInclusion(leaf, other, siblings, root)))
          .toBe(other < 2 ** tree.height ? "RootMismatch" : "ProofShape")
        for (const changed of changedLists(siblings, stranger)) {
          expect(outcomeOf(() => Accumulator.verifyInclusion(leaf, index, changed, root))).toMatch(
            /^(RootMismatch|ProofShape)$/
          )
        }
      }),
      { seed, numRuns: 150 }
    )
  })

  it("F-4: a range proof holds for its leaves, first index and root, and for nothing else", () => {
    FastCheck.assert(
      FastCheck.property(size(1), FastCheck.nat(), FastCheck.nat(), FastCheck.nat(), (count, a, b, picked) => {
        const tree = treeOf(count)
        const first = Math.min(a % count, b % count)
        const last = Math.max(a % count, b % count)
        const leaves = tree.leaves.slice(first, last + 1)
        const { leftSiblings, rightSiblings } = tree.rangeProof(first, last)
        const root = tree.root()
        verifyRange(leaves, first, leftSiblings, rightSiblings, root)
        expect(roots(leftSiblings.toReversed())).toEqual(roots(tree.frozenSubtreeRoots(first)))

        const refused = (check: () => void) => expect(outcomeOf(check)).toMatch(/^(RootMismatch|ProofShape)$/)
        const at = picked % leaves.length
        const changedLeaves = [
          leaves.with(at, stranger),
          leaves.toSpliced(at, 1),
          leaves.toSpliced(at, 0, stranger),
          ...(leaves.length > 1 ? [leaves.toReversed()] : [])
        ]
        for (const changed of changedLeaves) {
          refused(() => verifyRange(changed, first, leftSiblings, rightSiblings, root))
        }
        for (const shifted of [first - 1, first + 1, first + 2, first + 2 ** tree.height]) {
          if (shifted >= 0) refused(() => verifyRange(leaves, shifted, leftSiblings, rightSiblings, root))
        }
        for (const changed of changedLists(leftSiblings, stranger)) {
          refused(() => verifyRange(leaves, first, changed, rightSiblings, root))
        }
        for (const changed of changedLists(rightSiblings, stranger)) {
          refused(() => verifyRange(leaves, first, leftSiblings, changed, root))
        }
        if (leftSiblings.length + rightSiblings.length > 0) {
          refused(() => verifyRange(leaves, first, rightSiblings, leftSiblings, root))
        }
        refused(() => verifyRange(leaves, first, leftSiblings, rightSiblings, flipped(root)))
      }),
      { seed, numRuns: 150 }
    )
  })

  it("F-5: a leaf that equals the root is the leaf at index 0 and at no other index", () => {
    Accumulator.verifyInclusion(stranger, 0, [], stranger)
    verifyRange([stranger], 0, [], [], stranger)
    for (const index of [1, 2, 3, 63, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expectRefused(() => Accumulator.verifyInclusion(stranger, index, [], stranger), "ProofShape", /do not reach leaf/)
      expectRefused(() => verifyRange([stranger], index, [], [], stranger), "ProofShape", /does not reach the root/)
    }
  })

  it("F-5: a proof has at most 63 siblings on a side", () => {
    const most = someHashes(Accumulator.maxProofDepth)
    const more = [...most, stranger]
    expect(outcomeOf(() => Accumulator.verifyInclusion(stranger, 0, most, stranger))).toBe("RootMismatch")
    expectRefused(() => Accumulator.verifyInclusion(stranger, 0, more, stranger), "ProofShape", /64 siblings/)
    expect(outcomeOf(() => verifyRange([stranger], 0, [], most, stranger))).toBe("RootMismatch")
    expectRefused(() => verifyRange([stranger], 0, [], more, stranger), "ProofShape", /0 \+ 64 siblings/)
    expectRefused(() => verifyRange([stranger], 0, more, [], stranger), "ProofShape", /64 \+ 0 siblings/)
  })

  it("F-5: a range proof of no leaves proves nothing", () => {
    expectRefused(() => verifyRange([], 0, [], [], stranger), "ProofShape", /no leaves/)
    expectRefused(() => verifyRange([], 1, [stranger], [], stranger), "ProofShape", /no leaves/)
  })
})
