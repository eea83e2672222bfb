/**
 * The time of the network: block numbers and what follows from them. Epoch 0 is the genesis alone; epoch e > 0 has
 * `blocksPerEpoch` blocks, rounds 1 and up.
 */
/** When block 0, the first after the genesis, was made; microseconds since 1970. */
const firstBlockUsecs = 1_700_000_000_000_000
const blockUsecs = 250_000

/** A block's place. Block numbers count from 0, without the genesis. */
export interface Place {
  readonly block: number
  readonly epoch: number
  readonly round: number
  readonly timestampUsecs: number
  /** Is it the last of its epoch? */
  readonly endsEpoch: boolean
}

/** The place of a block. */
export const placeOf = (block: number, blocksPerEpoch: number): Place => ({
  block,
  epoch: 1 + Math.floor(block / blocksPerEpoch),
  round: 1 + (block % blocksPerEpoch),
  timestampUsecs: firstBlockUsecs + block * blockUsecs,
  endsEpoch: (block + 1) % blocksPerEpoch === 0
})

/** The number of the block that follows the one of this epoch and round. */
export const blockAfter = (epoch: number, round: number, blocksPerEpoch: number): number =>
  epoch === 0 ? 0 : (epoch - 1) * blocksPerEpoch + round
