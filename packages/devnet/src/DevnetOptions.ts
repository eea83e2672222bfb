/**
 * What a development network is made from. Same options, same bytes, for ever.
 */
import * as Schema from "effect/Schema"

const integer = (low: number, high: number, standard: number) =>
  Schema.optionalWith(Schema.Int.pipe(Schema.between(low, high)), { default: () => standard })

/**
 * Options of a network; all have defaults. Those that shape the ledger stand in its genesis: a store that holds a network
 * of other options is refused.
 */
export class DevnetOptions extends Schema.Class<DevnetOptions>("@holdfast/devnet/DevnetOptions")({
  /** Where all randomness comes from. */
  seed: integer(0, Number.MAX_SAFE_INTEGER, 1),
  /** Epochs that are closed when the network has grown, epoch 0 (the genesis alone) among them. Shapes nothing. */
  epochs: integer(1, 1_000_000, 5),
  /** Blocks of the epoch after those; at most `blocksPerEpoch - 1` are made. Shapes nothing. */
  openBlocks: integer(0, 1_000_000, 1),
  /** Blocks of every epoch but epoch 0. */
  blocksPerEpoch: integer(1, 1_000_000, 5),
  /** User transactions of every block, apart from those that create the items. */
  transactionsPerBlock: integer(0, 100_000, 8),
  /** State items created during epoch 1; user transactions add and remove some. */
  items: integer(0, 100_000_000, 1_000),
  /** Mean size of a state value, in bytes. */
  valueBytes: integer(0, 1_000_000, 120),
  /** About how large a user transaction is, in bytes; the least is about 250. */
  transactionBytes: integer(0, 1_000_000, 300),
  /** Validators of every epoch. */
  validators: integer(1, 4_096, 7)
}) {}
