import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { BcsError } from "../src/BcsError.ts"
import { concatBytes, toHex } from "../src/Bytes.ts"
import { ContractEvent } from "../src/ContractEvent.ts"
import * as Genesis from "../src/Genesis.ts"
import { type StateKey, storageEncoding } from "../src/StateKey.ts"
import { StateValue } from "../src/StateValue.ts"
import { Transaction } from "../src/Transaction.ts"
import { TransactionInfo } from "../src/TransactionInfo.ts"
import { storedValue, type WriteOp, WriteSet } from "../src/WriteSet.ts"
import { hashOf, NaiveAccumulator, NaiveStateTree } from "./naiveTrees.ts"
import { expectRefused } from "./refusals.ts"
import { secretKey, zeroHash } from "./signing.ts"

const seed = 20_250_307

const validator = (index: number, validatorIndex: bigint, votingPower: bigint) => ({
  address: new Uint8Array(32).fill(index),
  votingPower,
  config: {
    consensusPublicKey: secretKey(index).toPublicKey().toBytes(),
    networkAddresses: Uint8Array.of(1),
    fullnodeAddresses: new Uint8Array(0),
    validatorIndex
  }
})

const validatorSet: Genesis.ValidatorSet = {
  consensusScheme: 0,
  activeValidators: [validator(0, 10n, 5n), validator(1, 2n, 6n), validator(2, 2n ** 64n - 1n, 7n)],
  pendingInactive: [validator(3, 9n, 8n)],
  pendingActive: [validator(4, 0n, 9n)],
  totalVotingPower: 2n ** 100n,
  totalJoiningPower: 9n
}

/** Where the set lies: the resource `0x1::stake::ValidatorSet` of the account 0x1, byte by byte. */
const setKey: StateKey = {
  _tag: "AccessPath",
  value: {
    address: zeroHash.with(31, 1),
    path: concatBytes([
      Uint8Array.of(1),
      zeroHash.with(31, 1),
      ...["stake", "ValidatorSet"].flatMap((word) => [Uint8Array.of(word.length), new TextEncoder().encode(word)]),
      Uint8Array.of(0)
    ])
  }
}

type Entry = readonly [StateKey, WriteOp]

const transactionOf = (writes: ReadonlyArray<Entry>, events: ReadonlyArray<ContractEvent> = []): Uint8Array =>
  Bcs.encode(Transaction, {
    _tag: "GenesisTransaction",
    value: { _tag: "Direct", value: { writeSet: { _tag: "V0", value: { writeSet: writes } }, events } }
  })

const setWrite = (op: WriteOp): Entry => [setKey, op]
const written = (set = validatorSet): Entry =>
  setWrite({ _tag: "Creation", value: Bcs.encode(Genesis.ValidatorSet, set) })

/** The transaction accumulator's root after the genesis, from the definitions. */
const naiveRoot = (transaction: Uint8Array, writes: WriteSet, events: ReadonlyArray<ContractEvent>): Uint8Array => {
  const items = writes.value.writeSet.flatMap(([key, op]) => {
    const value = storedValue(op)
    return value === undefined ? [] : [{
      key: hashOf("StateKey", storageEncoding(key)),
      valueHash: hashOf("StateValue", Bcs.encode(StateValue, value))
    }]
  })
  const info: TransactionInfo = {
    _tag: "V0",
    value: {
      gasUsed: 0n,
      status: { _tag: "Success" },
      transactionHash: hashOf("Transaction", transaction),
      eventRootHash: new NaiveAccumulator(
        events.map((event) => hashOf("ContractEvent", Bcs.encode(ContractEvent, event))),
        "EventAccumulator"
      ).root(),
      stateChangeHash: hashOf("WriteSet", Bcs.encode(WriteSet, writes)),
      stateCheckpointHash: new NaiveStateTree(items).root(),
      auxiliaryInfoHash: undefined
    }
  }
  return hashOf("TransactionInfo", Bcs.encode(TransactionInfo, info))
}

describe(`a genesis (seed ${seed})`, () => {
  it("F-22: determines its ledger info, from the transaction alone", () => {
    FastCheck.assert(
      FastCheck.property(
        Arbitraries.value(WriteSet, { maxElements: 8 }),
        FastCheck.array(Arbitraries.value(ContractEvent), { maxLength: 5 }),
        (others, events) => {
          const transaction = transactionOf([...others.value.writeSet, written()], events)
          const decoded = Bcs.decodeUnsafe(Transaction, transaction)
          if (decoded._tag !== "GenesisTransaction" || decoded.value._tag !== "Direct") throw new Error("no genesis")
          const { ledgerInfo, signatures } = Genesis.ledgerInfo(transaction).value
          const { executedStateId, nextEpochState, ...rest } = ledgerInfo.commitInfo
          expect(toHex(executedStateId)).toBe(toHex(naiveRoot(transaction, decoded.value.value.writeSet, events)))
          expect(rest).toEqual({ epoch: 0, round: 0n, id: zeroHash, version: 0, timestampUsecs: 0 })
          expect(ledgerInfo.consensusDataHash).toEqual(zeroHash)
          expect(signatures).toEqual({ validatorBitmask: new Uint8Array(0), sig: undefined })
          expect(nextEpochState).toEqual(Genesis.epochState(1, validatorSet))
        }
      ),
      { seed, numRuns: 60 }
    )
  })

  it("F-22: names the signing validators by index, with those that leave and without those that join", () => {
    const { epoch, verifier } = Genesis.epochState(7, validatorSet)
    expect(epoch).toBe(7)
    expect(verifier.validatorInfos.map(({ address, votingPower }) => [address[0], votingPower]))
      .toEqual([[1, 6n], [3, 8n], [0, 5n], [2, 7n]])
    expect(verifier.validatorInfos.map(({ publicKey }) => toHex(publicKey)))
      .toEqual([1, 3, 0, 2].map((index) => toHex(secretKey(index).toPublicKey().toBytes())))
  })

  it("F-22: may write the validator set with any operation", () => {
    const data = Bcs.encode(Genesis.ValidatorSet, validatorSet)
    const metadata = { _tag: "V0", value: { deposit: 1n, creationTimeUsecs: 2n } } as const
    const ops: ReadonlyArray<WriteOp> = [
      { _tag: "Creation", value: data },
      { _tag: "Modification", value: data },
      { _tag: "CreationWithMetadata", value: { data, metadata } },
      { _tag: "ModificationWithMetadata", value: { data, metadata } }
    ]
    for (const op of ops) {
      const { nextEpochState } = Genesis.ledgerInfo(transactionOf([setWrite(op)])).value.ledgerInfo.commitInfo
      expect(nextEpochState).toEqual(Genesis.epochState(1, validatorSet))
    }
  })

  const withoutSet: ReadonlyArray<readonly [what: string, transaction: Uint8Array]> = [
    ["nothing", transactionOf([])],
    ["another resource", transactionOf([[{ _tag: "Raw", value: storageEncoding(setKey) }, written()[1]]])],
    ["its removal", transactionOf([setWrite({ _tag: "Deletion" })])]
  ]

  it.each(withoutSet)("F-23: must write a validator set: %s", (_, transaction) => {
    expectRefused(() => Genesis.ledgerInfo(transaction), "BadGenesis", /no 0x1::stake::ValidatorSet/)
  })

  const otherKinds: ReadonlyArray<readonly [what: string, transaction: Transaction]> = [
    ["a state checkpoint", { _tag: "StateCheckpoint", value: zeroHash }],
    [
      "a script",
      {
        _tag: "GenesisTransaction",
        value: {
          _tag: "Script",
          value: { executeAs: zeroHash, script: { code: new Uint8Array(0), tyArgs: [], args: [] } }
        }
      }
    ]
  ]

  it.each(otherKinds)("F-23: must be a direct write set: %s", (_, transaction) => {
    expectRefused(
      () => Genesis.ledgerInfo(Bcs.encode(Transaction, transaction)),
      "BadGenesis",
      /expected a genesis transaction with a direct write set/
    )
  })

  it("F-23: must be readable, with a readable validator set", () => {
    const good = transactionOf([written()])
    for (const bytes of [new Uint8Array(0), good.slice(0, -1), concatBytes([good, Uint8Array.of(0)])]) {
      expect(() => Genesis.ledgerInfo(bytes)).toThrow(BcsError)
    }
    const set = Bcs.encode(Genesis.ValidatorSet, validatorSet)
    for (const value of [new Uint8Array(0), set.slice(0, -1), concatBytes([set, Uint8Array.of(0)])]) {
      expect(() => Genesis.ledgerInfo(transactionOf([setWrite({ _tag: "Creation", value })]))).toThrow(BcsError)
    }
  })
})
