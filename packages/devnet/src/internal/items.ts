/**
 * The state items of a network and their changes, which follow from the seed alone. A network knows without a look at
 * the state which items exist, and so continues at the end of any ledger.
 *
 * Epoch 1 creates the *founding* items in bulk, and later blocks modify them. Each user transaction has one *passing*
 * item: transaction k creates item k, and later transactions modify, delete and recreate the item.
 */
import * as Genesis from "@holdfast/ledger/Genesis"
import type * as StateKey from "@holdfast/ledger/StateKey"
import type * as StateValue from "@holdfast/ledger/StateValue"
import type * as WriteSet from "@holdfast/ledger/WriteSet"
import { identifier } from "./arbitrary.ts"
import { moduleKey, structTag, typeTag } from "./framework.ts"
import type { Random, Randomness } from "./random.ts"

/** One change of the state. */
export type Write = readonly [StateKey.StateKey, WriteSet.WriteOp]

/** The steps of a passing item, each `after` so many user transactions. */
const steps = [
  { after: 0, does: "create" },
  { after: 5, does: "modify" },
  { after: 17, does: "delete" },
  { after: 41, does: "create" },
  { after: 53, does: "modify" },
  { after: 71, does: "delete" }
] as const

/** The tables of table items. */
const tables = 64

/** The numbers of steps that items can have at most. */
const stepCounts = [1, 2, 3, 4, 5, 6] as const

export interface ItemsOptions {
  readonly items: number
  /** Mean size of a value, in bytes. */
  readonly valueBytes: number
  readonly blocksPerEpoch: number
}

export class Items {
  readonly #randomness: Randomness
  readonly #options: ItemsOptions
  /** Whether user transaction number n succeeds. */
  readonly #succeeds: (ordinal: number) => boolean

  constructor(randomness: Randomness, options: ItemsOptions, succeeds: (ordinal: number) => boolean) {
    this.#randomness = randomness
    this.#options = options
    this.#succeeds = succeeds
  }

  /** The number of founding items before a block. The blocks of epoch 1 create them evenly. */
  foundedBefore(block: number): number {
    const { blocksPerEpoch, items } = this.#options
    return Math.floor((items * Math.min(block, blocksPerEpoch)) / blocksPerEpoch)
  }

  /** Creates the founding items `start` … `end - 1`. */
  createFounding(start: number, end: number): ReadonlyArray<Write> {
    const writes: Array<Write> = []
    for (let index = start; index < end; index++) {
      writes.push(this.#write("founding item", index, "create", this.#randomness.of("founding value", index)))
    }
    return writes
  }

  /** The key of a founding item. */
  foundingKey(index: number): StateKey.StateKey {
    return this.#key(this.#randomness.of("founding item", index))
  }

  /** Modifies one of the founding items that exist before the block, if there are any. */
  modifyFounding(block: number, random: Random): ReadonlyArray<Write> {
    const founded = this.foundedBefore(block)
    return founded === 0 ? [] : [this.#write("founding item", random.below(founded), "modify", random)]
  }

  /** The changes of passing items by a successful user transaction. */
  changePassing(ordinal: number): ReadonlyArray<Write> {
    const writes: Array<Write> = []
    for (const [step, { after, does }] of steps.entries()) {
      const item = ordinal - after
      if (item >= 0 && this.#happens(item, step)) {
        writes.push(this.#write("passing item", item, does, this.#randomness.of("passing value", item, step)))
      }
    }
    return writes
  }

  /** A step needs all earlier steps, and a transaction that succeeds. */
  #happens(item: number, step: number): boolean {
    if (step >= this.#randomness.of("passing fate", item).pick(stepCounts)) return false
    return steps.slice(0, step + 1).every(({ after }) => this.#succeeds(item + after))
  }

  #write(kind: string, index: number, does: (typeof steps)[number]["does"], values: Random): Write {
    const random = this.#randomness.of(kind, index)
    const key = this.#key(random)
    const metadata = stateMetadata(random)
    if (does === "delete") {
      return [
        key,
        metadata === undefined ? { _tag: "Deletion" } : { _tag: "DeletionWithMetadata", value: { metadata } }
      ]
    }
    const data = values.bytes(this.#size(values))
    if (metadata === undefined) return [key, { _tag: does === "create" ? "Creation" : "Modification", value: data }]
    const tag = does === "create" ? "CreationWithMetadata" : "ModificationWithMetadata"
    return [key, { _tag: tag, value: { data, metadata } }]
  }

  /** A key: mostly of a resource or table item, at times of code or raw. Random bytes keep keys apart. */
  #key(random: Random): StateKey.StateKey {
    const kind = random.below(16)
    if (kind < 8) {
      const typeArgs = kind === 0 ? [typeTag("coin", "Coin")] : []
      return Genesis.resourceKey(random.bytes(32), structTag(identifier(random), "Store", typeArgs))
    }
    if (kind < 14) {
      const handle = this.#randomness.of("table", random.below(tables)).bytes(32)
      return { _tag: "TableItem", value: { handle, key: random.bytes(16 + random.below(25)) } }
    }
    return kind === 14
      ? moduleKey(random.bytes(32), identifier(random))
      : { _tag: "Raw", value: random.bytes(16 + random.below(33)) }
  }

  /** Sizes around the mean; one value in 256 is empty. */
  #size(random: Random): number {
    const mean = this.#options.valueBytes
    return random.oneIn(256) ? 0 : Math.ceil(mean / 2) + random.below(mean + 1)
  }
}

const stateMetadata = (random: Random): StateValue.StateValueMetadata | undefined => {
  const deposit = BigInt(random.below(1_000_000))
  const creationTimeUsecs = 1_600_000_000_000_000n + BigInt(random.u32())
  switch (random.below(4)) {
    case 0:
      return undefined
    case 1:
      return { _tag: "V1", value: { slotDeposit: deposit, bytesDeposit: deposit * 2n, creationTimeUsecs } }
    default:
      return { _tag: "V0", value: { deposit, creationTimeUsecs } }
  }
}
