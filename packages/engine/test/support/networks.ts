/**
 * Development networks, grown once for the tests of a file.
 */
import * as Devnet from "@holdfast/devnet/Devnet"
import type * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import type * as Summary from "@holdfast/devnet/Summary"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Network {
  /** Nothing more is committed to it. */
  readonly store: LedgerStore.Service
  readonly summary: Summary.Summary
}

export class TestNetwork extends Context.Tag("@holdfast/engine/test/TestNetwork")<TestNetwork, Network>() {}

type Options = DevnetOptions.Input

export const grown = (options: Options): Effect.Effect<Network> =>
  Effect.gen(function*() {
    const store = yield* MemoryLedgerStore.make
    const summary = yield* Devnet.grow(options).pipe(
      Effect.provideService(LedgerStore.LedgerStore, store)
    )
    return { store, summary }
  }).pipe(Effect.orDie)

/** Five closed epochs and an open one. */
export const smallOptions = {
  seed: 11,
  epochs: 5,
  openBlocks: 2,
  blocksPerEpoch: 3,
  transactionsPerBlock: 4,
  items: 100,
  valueBytes: 60,
  validators: 4
} as const

export const layerSmall: Layer.Layer<TestNetwork> = Layer.effect(TestNetwork, grown(smallOptions))
