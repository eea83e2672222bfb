/**
 * The position of a block: its number, epoch, round and time. Epoch 0 is the genesis alone; epoch e > 0 has
 * `blocksPerEpoch` blocks, with rounds from 1 on.
 */

/** The time of block 0, the first after the genesis, in microseconds since 1970. */
const firstBlockUsecs = 1_700_000_000_000_000
const blockUsecs = 250_000

/** The position of a block. Block numbers count from 0, without the genesis. */
export interface BlockPosition {
  readonly block: number
  readonly epoch: number
  readonly round: number
  readonly timestampUsecs: number
  /** Whether the block is the last of its epoch. */
  readonly endsEpoch: boolean
}

/** The position of the block with a number. */
export const positionOf = (block: number, blocksPerEpoch: number): BlockPosition => ({
  block,
  epoch: 1 + Math.floor(block / blocksPerEpoch),
  round: 1 + (block % blocksPerEpoch),
  timestampUsecs: firstBlockUsecs + block * blockUsecs,
  endsEpoch: (block + 1) % blocksPerEpoch === 0
})

/** The number of the block after the block of an epoch and round. */
export const blockAfter = (epoch: number, round: number, blocksPerEpoch: number): number =>
  epoch === 0 ? 0 : (epoch - 1) * blocksPerEpoch + round
