/**
 * The genesis transaction of a network, whose write set is the first state.
 */
import * as Bcs from "@holdfast/ledger/Bcs"
import type * as ContractEvent from "@holdfast/ledger/ContractEvent"
import * as Genesis from "@holdfast/ledger/Genesis"
import type * as WriteSet from "@holdfast/ledger/WriteSet"
import { costsNothing, type Draft } from "./draftTransaction.ts"
import * as Framework from "./framework.ts"
import type { Write } from "./items.ts"
import { type Network, ShapingOptions } from "./network.ts"

const modules = ["account", "block", "coin", "reconfiguration", "stake", "timestamp"] as const

/** The event of a new epoch. */
export const newEpochEvent = (epoch: number): ContractEvent.ContractEvent => ({
  _tag: "V2",
  value: { typeTag: Framework.typeTag("reconfiguration", "NewEpochEvent"), eventData: Bcs.encode(Bcs.u53, epoch) }
})

const create = (key: Write[0], value: Uint8Array): Write => [key, { _tag: "Creation", value }]

/** The genesis transaction and its outcome. */
export const genesis = (network: Network): Draft => {
  const { accounts, options, randomness, validators } = network
  const { Account, BlockResource, Configuration, keys } = Framework
  const writes: ReadonlyArray<Write> = [
    create(keys.validatorSet, Bcs.encode(Genesis.ValidatorSet, validators.setOf(1))),
    create(keys.configuration, Bcs.encode(Configuration, { epoch: 1, lastReconfigurationUsecs: 0 })),
    create(keys.block, Bcs.encode(BlockResource, { height: 0, epochInterval: options.blocksPerEpoch })),
    create(keys.timestamp, Bcs.encode(Bcs.u53, 0)),
    create(keys.chainId, Uint8Array.of(Framework.chainId)),
    create(keys.options, Bcs.encode(ShapingOptions, options)),
    ...modules.map((name, index) =>
      create(
        Framework.moduleKey(Framework.frameworkAddress, name),
        randomness.of("module", index).bytes(500 + 100 * index)
      )
    ),
    ...accounts.map((address) =>
      create(
        Genesis.resourceKey(address, Framework.accountTag),
        Bcs.encode(Account, { authenticationKey: address, sequenceNumber: 0n, balance: 0n })
      )
    )
  ]
  const events = [newEpochEvent(1)]
  const writeSet: WriteSet.WriteSet = { _tag: "V0", value: { writeSet: writes } }
  return {
    transaction: { _tag: "GenesisTransaction", value: { _tag: "Direct", value: { writeSet, events } } },
    auxiliaryInfo: { _tag: "None" },
    ...costsNothing,
    events,
    writes
  }
}
