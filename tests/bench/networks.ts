/**
 * The development networks that the bench backs up, as large as the ledger that the reference figures were taken on.
 */
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as Schema from "effect/Schema"

export type NetworkName = "state" | "large state" | "transactions" | "epochs"

const stateOptions = (items: number): DevnetOptions.DevnetOptions =>
  DevnetOptions.DevnetOptions.make({
    epochs: 2,
    openBlocks: 0,
    blocksPerEpoch: 10,
    transactionsPerBlock: 1,
    items,
    valueBytes: 184
  })

/** `scale` 1 is the full size, 20 a twentieth of it. */
export const networkOptions = (name: NetworkName, scale: number): DevnetOptions.DevnetOptions => {
  switch (name) {
    // 500 000 items, 140 MB.
    case "state":
      return stateOptions(500_000 / scale)
    case "large state":
      return stateOptions(1_000_000 / scale)
    // 100 000 user transactions of about 3 KB.
    case "transactions":
      return DevnetOptions.DevnetOptions.make({
        epochs: 21,
        openBlocks: 0,
        blocksPerEpoch: 5,
        transactionsPerBlock: 1000 / scale,
        transactionBytes: 2150,
        items: 100
      })
    // 1 000 epochs of 100 validators.
    case "epochs":
      return DevnetOptions.DevnetOptions.make({
        epochs: 1000 / scale,
        openBlocks: 0,
        blocksPerEpoch: 1,
        transactionsPerBlock: 0,
        items: 0,
        validators: 100
      })
  }
}

/** A network that is being served: its address, its last closed epoch and the version that it ends with. */
export const Served = Schema.Struct({
  address: Schema.String,
  lastEpoch: Schema.Int,
  lastVersion: Schema.Int
})

export type Served = typeof Served.Type
