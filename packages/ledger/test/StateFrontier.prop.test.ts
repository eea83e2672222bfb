import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { compareBytes, concatBytes, toHex } from "../src/Bytes.ts"
import { StateFrontier } from "../src/StateFrontier.ts"
import * as StateTree from "../src/StateTree.ts"
import { emptySubtree, leafHash, type NaiveItem, NaiveStateTree, someHashes } from "./naiveTrees.ts"
import { changedLists, expectRefused, flipped, outcomeOf } from "./refusals.ts"

const seed = 20_250_302

const [stranger = new Uint8Array(32)] = someHashes(1, 1_000_000)

const anyKey = FastCheck.uint8Array({ minLength: 32, maxLength: 32 })

/** Two bits at the front and the last three: paths part at once and at the very end. */
const bothEnds = FastCheck.tuple(FastCheck.nat(3), FastCheck.nat(7)).map(([front, end]) =>
  new Uint8Array(32).with(0, front * 64).with(31, end)
)

/** Keys that are one key up to some bit, and then part from it. */
const nearOneKey = FastCheck.tuple(anyKey, FastCheck.array(FastCheck.nat(255), { minLength: 1, maxLength: 14 })).map(
  ([base, bits]) => [
    base,
    ...bits.map((bit) => base.with(Math.floor(bit / 8), (base[Math.floor(bit / 8)] ?? 0) ^ (128 >> (bit % 8))))
  ]
)

/** The first and the last key there can be, and their neighbours. */
const extremes = FastCheck.subarray(
  [0, 1, 2, 255].flatMap((end) => [new Uint8Array(32).with(31, end), new Uint8Array(32).fill(255).with(31, 255 - end)]),
  { minLength: 1 }
)

const anyItems: FastCheck.Arbitrary<ReadonlyArray<NaiveItem>> = FastCheck.oneof(
  FastCheck.array(anyKey, { minLength: 1, maxLength: 24 }),
  FastCheck.array(bothEnds, { minLength: 1, maxLength: 24 }),
  nearOneKey,
  extremes
).map((keys) =>
  [...new Map(keys.map((key) => [toHex(key), key])).values()]
    .sort(compareBytes)
    .map((key, index) => ({ key, valueHash: someHashes(1, index)[0] ?? stranger }))
)

const push = (frontier: StateFrontier, items: ReadonlyArray<NaiveItem>): StateFrontier => {
  frontier.push(concatBytes(items.map(({ key }) => key)), concatBytes(items.map(leafHash)), items.length)
  return frontier
}

const frontierOf = (items: ReadonlyArray<NaiveItem>): StateFrontier => push(new StateFrontier(), items)

const stateTreeOf = (items: ReadonlyArray<NaiveItem>): StateTree.StateTree =>
  StateTree.update(
    StateTree.empty,
    items.map(({ key, valueHash }) => ({ keyHash: key, value: { valueHash, record: new Uint8Array(0) } }))
  )

describe(`the left edge of a state tree (seed ${seed})`, () => {
  it("F-6: the root equals the root by definition, for any keys in any batches", () => {
    FastCheck.assert(
      FastCheck.property(anyItems, FastCheck.nat(), (items, cut) => {
        const root = toHex(new NaiveStateTree(items).root())
        const frontier = push(frontierOf(items.slice(0, cut % items.length)), items.slice(cut % items.length))
        expect(toHex(frontier.root())).toBe(root)
        expect(frontier.count).toBe(items.length)
        expect(toHex(StateTree.root(stateTreeOf(items)))).toBe(root)
      }),
      { seed, numRuns: 150 }
    )
  })

  it("F-6: the root of no leaves is the placeholder, and the root of one leaf is the leaf", () => {
    expect(toHex(new StateFrontier().root())).toBe(toHex(emptySubtree))
    for (const key of [new Uint8Array(32), new Uint8Array(32).fill(255), stranger]) {
      const item = { key, valueHash: stranger }
      expect(toHex(frontierOf([item]).root())).toBe(toHex(leafHash(item)))
      frontierOf([item]).verify([], leafHash(item))
    }
  })

  it("F-6, F-7: keys that part from one key at every bit make a valid tree", () => {
    for (const fill of [0, 255, 0x55, 0xaa]) {
      const base = new Uint8Array(32).fill(fill)
      const keys = Array.from(
        { length: 256 },
        (_, bit) => base.with(Math.floor(bit / 8), (base[Math.floor(bit / 8)] ?? 0) ^ (128 >> (bit % 8)))
      )
      const items = [base, ...keys].sort(compareBytes).map((key) => ({ key, valueHash: stranger }))
      const tree = new NaiveStateTree(items)
      const frontier = new StateFrontier()
      for (const item of items) push(frontier, [item]).verify(tree.rightSiblings(item.key), tree.root())
      expect(toHex(frontier.root())).toBe(toHex(tree.root()))
    }
  })

  it("F-7: the range proof of every leaf holds, and its check changes nothing", () => {
    FastCheck.assert(
      FastCheck.property(anyItems, (items) => {
        const naive = new NaiveStateTree(items)
        const tree = stateTreeOf(items)
        const frontier = new StateFrontier()
        for (const [index, item] of items.entries()) {
          push(frontier, [item])
          const siblings = naive.rightSiblings(item.key)
          frontier.verify(siblings, naive.root())
          frontier.verify(siblings, naive.root())
          expect(StateTree.rangeProof(tree, item.key)?.map(toHex)).toEqual(siblings.map(toHex))
          expect(toHex(frontier.lastKeyHash())).toBe(toHex(item.key))
          expect(toHex(frontier.root())).toBe(toHex(new NaiveStateTree(items.slice(0, index + 1)).root()))
        }
      }),
      { seed, numRuns: 60 }
    )
  })

  it("F-7: a range proof holds for no other leaves, siblings or root", () => {
    FastCheck.assert(
      FastCheck.property(
        anyItems,
        FastCheck.nat(),
        FastCheck.nat(),
        anyKey,
        (items, pickedLast, pickedItem, otherKey) => {
          const naive = new NaiveStateTree(items)
          const root = naive.root()
          const received = items.slice(0, 1 + pickedLast % items.length)
          const last = received.at(-1) ?? { key: stranger, valueHash: stranger }
          const siblings = naive.rightSiblings(last.key)
          const frontier = frontierOf(received)
          frontier.verify(siblings, root)

          const refused = (check: () => void) =>
            expect(outcomeOf(check)).toMatch(/^(RootMismatch|ProofShape|KeyOrder)$/)
          const at = pickedItem % received.length
          const item = received[at] ?? last
          const known = new Set(items.map(({ key }) => toHex(key)))
          const changedItems = [
            received.with(at, { ...item, valueHash: flipped(item.valueHash) }),
            received.with(at, { ...item, key: otherKey }),
            received.with(at, { ...item, key: flipped(item.key) }),
            ...(received.length > 1 ? [received.toSpliced(at, 1), received.toReversed()] : []),
            ...(known.has(toHex(otherKey)) ? [] : [
              [...received, { key: otherKey, valueHash: stranger }].sort((a, b) => compareBytes(a.key, b.key))
            ])
          ]
          for (const changed of changedItems) refused(() => frontierOf(changed).verify(siblings, root))
          for (const changed of [...changedLists(siblings, stranger), ...changedLists(siblings, emptySubtree)]) {
            refused(() => frontier.verify(changed, root))
          }
          refused(() => frontier.verify(siblings, flipped(root)))
          frontier.verify(siblings, root)
        }
      ),
      { seed, numRuns: 80 }
    )
  })

  it("F-7: a range proof needs leaves, and has no more siblings than a key has bits", () => {
    expectRefused(() => new StateFrontier().verify([], emptySubtree), "ProofShape", /no state items/)
    const zeros = frontierOf([{ key: new Uint8Array(32), valueHash: stranger }])
    expect(outcomeOf(() => zeros.verify(someHashes(256), stranger))).toBe("RootMismatch")
    expectRefused(() => zeros.verify(someHashes(257), stranger), "ProofShape", /257 siblings/)
    const ones = frontierOf([{ key: new Uint8Array(32).fill(255), valueHash: stranger }])
    expectRefused(() => ones.verify(someHashes(1), stranger), "ProofShape", /1 siblings too many/)
  })

  it("F-8: keys increase strictly, within a batch and between batches", () => {
    FastCheck.assert(
      FastCheck.property(anyItems, FastCheck.nat(), FastCheck.nat(), FastCheck.nat(), (items, a, b, cut) => {
        const from = a % items.length
        const to = from + 1 + b % (items.length - from)
        const repeated = items[from] ?? { key: stranger, valueHash: stranger }
        const wrong = items.toSpliced(to, 0, repeated)
        expectRefused(
          () => push(frontierOf(wrong.slice(0, cut % wrong.length)), wrong.slice(cut % wrong.length)),
          "KeyOrder",
          new RegExp(`^item ${to}: key hash ${toHex(repeated.key)} does not come after`)
        )
      }),
      { seed, numRuns: 100 }
    )
  })

  it("F-34: a frontier that is saved after any leaf and restored continues as without a stop", () => {
    FastCheck.assert(
      FastCheck.property(anyItems, FastCheck.nat(24), (items, split) => {
        const before = frontierOf(items.slice(0, split))
        const restored = StateFrontier.restore(before.save())
        if (restored === undefined) throw new Error("it cannot be restored")
        const whole = push(restored, items.slice(split))
        expect(whole.count).toBe(items.length)
        expect(toHex(whole.root())).toBe(toHex(frontierOf(items).root()))
        expect(toHex(whole.save())).toBe(toHex(frontierOf(items).save()))
      }),
      { seed, numRuns: 500 }
    )
  })

  it("F-34: bytes that are no saved frontier are not restored", () => {
    const saved = frontierOf([{ key: new Uint8Array(32), valueHash: stranger }]).save()
    expect(StateFrontier.restore(saved.subarray(1))).toBe(undefined)
    expect(StateFrontier.restore(concatBytes([saved, Uint8Array.of(0)]))).toBe(undefined)
  })
})
