/**
 * The bytes that seeds have always given. A change here breaks every network that goes on in a store, and every fixture:
 * it is a decision, not a repair.
 */
import { expect, it } from "@effect/vitest"
import * as Devnet from "@holdfast/devnet/Devnet"
import type * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The genesis waypoint, then waypoint, state root and items of the last closed epoch, then version and root. */
const facts = (input: DevnetOptions.Input) =>
  Effect.gen(function*() {
    const { accumulatorRoot, epochEndings, latestVersion } = yield* Devnet.grow(input)
    const last = epochEndings.at(-1)!
    return [
      Waypoint.format(epochEndings[0]!.waypoint),
      Waypoint.format(last.waypoint),
      HashValue.format(last.stateRoot),
      last.stateItems,
      latestVersion,
      HashValue.format(accumulatorRoot)
    ]
  }).pipe(Effect.provide(Layer.fresh(MemoryLedgerStore.layer)))

it.effect("the default network", () =>
  Effect.gen(function*() {
    expect(yield* facts({})).toMatchInlineSnapshot(`
      [
        "0:2e7b7ba9b0c313f17403638982de82acac0e89a5e54694960aeed0f154cc194c",
        "207:86ca396e28d36466b6f370b867e46e7a1875df3aa48f9b7abe91b53e86e9cf04",
        "d5af71c5c6d8c6c1abf69d3c45e1e9688c9de3629908a60f8244b88ceaa361ee",
        1143,
        217,
        "f5dc292573bc1f0a22d543f4775ba340d81158e6c6fb7af9a5ed50f2dc28afbd",
      ]
    `)
  }))

it.effect("another seed", () =>
  Effect.gen(function*() {
    expect(yield* facts({ seed: 4_503_599_627_370_497, items: 300 })).toMatchInlineSnapshot(`
      [
        "0:a7cb3319fcbe29fb3b97f79d56aa600bddc1e3a5fd8834c31c2f5bad62a837af",
        "210:0d938881d9384ddd9b0ecfe71cb286c0cde658ce34885d685a3f7ed00905f84e",
        "4b4701ec2150cc7ca3f92deefc3a59afbadf55dd9ef22c5ba1e05b1f895c9ddc",
        455,
        220,
        "8809cefb072cdc24f02d4c90e24035ff8b79c275a714ec7571476f7b262b9bd1",
      ]
    `)
  }))

it.effect("many validators and large transactions", () =>
  Effect.gen(function*() {
    expect(
      yield* facts({ seed: 3, items: 50, validators: 100, transactionBytes: 3_000, epochs: 10, blocksPerEpoch: 2 })
    )
      .toMatchInlineSnapshot(`
        [
          "0:38d09c68e747b1535ea5f44382e25a6c42e62c0bae0d6f4679bd436c1714f881",
          "187:968c3de46d0d48f5f526e8db72db383b9855336c827520ee075b1c822b53943e",
          "3358103ff14767b2f268ff23cab7eae96c9f4db3b12d97bc2532f7c57982a90c",
          186,
          197,
          "68ef5cf09b27326b1d3f98efa9897365bd3a41949f078b84ed2b273d241b64ac",
        ]
      `)
  }))
