/**
 * The options of a development network. The same options give the same bytes, in all versions of Holdfast.
 */
import * as Schema from "effect/Schema"

const integer = (low: number, high: number, standard: number) =>
  Schema.optionalWith(Schema.Int.pipe(Schema.between(low, high)), { default: () => standard })

/**
 * Options of a network, with a default for each. The genesis records the options that shape the ledger, and a network
 * refuses a store with other ones.
 */
export class DevnetOptions extends Schema.Class<DevnetOptions>("@holdfast/devnet/DevnetOptions")({
  /** The seed of all randomness. */
  seed: integer(0, Number.MAX_SAFE_INTEGER, 1),
  /** Epochs that end while the network grows, with epoch 0, the genesis. Does not shape the ledger. */
  epochs: integer(1, 1_000_000, 5),
  /** Blocks of the epoch after these, at most `blocksPerEpoch - 1`. Does not shape the ledger. */
  openBlocks: integer(0, 1_000_000, 1),
  /** Blocks of every epoch but epoch 0. */
  blocksPerEpoch: integer(1, 1_000_000, 5),
  /** User transactions of every block, beside the transactions that create the items. */
  transactionsPerBlock: integer(0, 100_000, 8),
  /** State items that epoch 1 creates. User transactions add and remove others. */
  items: integer(0, 100_000_000, 1_000),
  /** Mean size of a state value, in bytes. */
  valueBytes: integer(0, 1_000_000, 120),
  /** The approximate size of a user transaction, in bytes; at least about 250. */
  transactionBytes: integer(0, 1_000_000, 300),
  /** Validators of every epoch. */
  validators: integer(1, 4_096, 7)
}) {}

/** The options to give: all are optional. */
export type Input = Partial<DevnetOptions>
