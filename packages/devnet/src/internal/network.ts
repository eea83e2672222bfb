/**
 * The parts of a network, which follow from its options.
 */
import * as Bcs from "@holdfast/ledger/Bcs"
import type { DevnetOptions } from "../DevnetOptions.ts"
import { Items } from "./items.ts"
import { Randomness } from "./random.ts"
import { Validators } from "./validators.ts"

const accountCount = 32

export interface Network {
  readonly options: DevnetOptions
  readonly randomness: Randomness
  readonly validators: Validators
  readonly items: Items
  /** The addresses of the senders of user transactions, in turn. */
  readonly accounts: ReadonlyArray<Uint8Array>
  /** Whether user transaction number n, counted over all blocks, succeeds. */
  readonly succeeds: (ordinal: number) => boolean
}

export const make = (options: DevnetOptions): Network => {
  const randomness = new Randomness(options.seed)
  const succeeds = (ordinal: number): boolean => !randomness.of("outcome", ordinal).oneIn(5)
  return {
    options,
    randomness,
    validators: new Validators(randomness, options.validators),
    items: new Items(randomness, options, succeeds),
    accounts: Array.from({ length: accountCount }, (_, index) => randomness.of("account", index).bytes(32)),
    succeeds
  }
}

/** The options that shape the ledger, as in the genesis. */
export const ShapingOptions = Bcs.struct("Options", {
  seed: Bcs.u53,
  blocksPerEpoch: Bcs.u53,
  transactionsPerBlock: Bcs.u53,
  items: Bcs.u53,
  valueBytes: Bcs.u53,
  transactionBytes: Bcs.u53,
  validators: Bcs.u53
})
