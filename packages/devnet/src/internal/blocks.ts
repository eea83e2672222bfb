/**
 * The transactions of a block, from its number alone: one that opens it, now and then one of the validators, those that
 * create founding items, those of the users, one that closes it and with it perhaps its epoch.
 */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as BlockMetadata from "@holdfast/ledger/BlockMetadata"
import * as ContractEvent from "@holdfast/ledger/ContractEvent"
import * as Genesis from "@holdfast/ledger/Genesis"
import type * as HashValue from "@holdfast/ledger/HashValue"
import type * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as ValidatorTransaction from "@holdfast/ledger/ValidatorTransaction"
import { arbitrary } from "./arbitrary.ts"
import { type Draft, free } from "./draft.ts"
import * as Framework from "./framework.ts"
import { newEpochEvent } from "./genesis.ts"
import type { Write } from "./items.ts"
import type { Network } from "./network.ts"
import type { Place } from "./place.ts"
import type { Random } from "./random.ts"
import { userTransaction } from "./userTransaction.ts"

/** Most items that one transaction creates. */
const itemsPerTransaction = 1_000

/** A transaction whose index in its block is not yet known. */
type Part = Omit<Draft, "auxiliaryInfo">

/** The id of a block, by which its ledger info and its closing transaction know it. */
export const blockId = (network: Network, block: number): HashValue.HashValue =>
  network.randomness.of("block id", block).bytes(32)

/** The transactions of a block and their outcomes, in order. */
export const drafts = (network: Network, place: Place): ReadonlyArray<Draft> => {
  const random = network.randomness.of("block", place.block)
  const parts = [
    openingPart(network, place, random),
    ...(random.once(4) ? [validatorPart(random)] : []),
    ...foundingParts(network, place),
    ...Array.from({ length: network.options.transactionsPerBlock }, (_, index) => userPart(network, place, index)),
    closingPart(network, place, random)
  ]
  return parts.map((part, index) => ({ ...part, auxiliaryInfo: auxiliaryInfo(random, index) }))
}

const auxiliaryInfo = (random: Random, transactionIndex: number): TransactionInfo.PersistedAuxiliaryInfo => {
  const kind = random.below(64)
  if (kind < 4) return { _tag: "None" }
  return { _tag: kind === 4 ? "TimestampNotYetAssignedV1" : "V1", value: { transactionIndex } }
}

const modify = (key: Write[0], value: Uint8Array): Write => [key, { _tag: "Modification", value }]

/** The transaction that opens the block: the time, and who proposed it. */
const openingPart = (network: Network, place: Place, random: Random): Part => {
  const { options, validators } = network
  const { block, timestampUsecs } = place
  const epoch = BigInt(place.epoch)
  const round = BigInt(place.round)
  const metadata: BlockMetadata.BlockMetadata = {
    id: blockId(network, block),
    epoch,
    round,
    proposer: validators.proposer(place.epoch, random),
    previousBlockVotesBitvec: random.bytes(Math.ceil(options.validators / 8)),
    failedProposerIndices: random.once(4) ? [random.below(options.validators)] : [],
    timestampUsecs: BigInt(timestampUsecs)
  }
  const event: ContractEvent.ContractEvent = {
    _tag: "V1",
    value: {
      key: { creationNumber: 3n, accountAddress: Framework.frameworkAddress },
      sequenceNumber: BigInt(block),
      typeTag: Framework.typeTag("block", "NewBlockEvent"),
      eventData: Bcs.encode(BlockMetadata.BlockMetadata, metadata)
    }
  }
  return {
    transaction: opening(metadata, random),
    ...free,
    events: [event],
    writes: [
      modify(
        Framework.keys.block,
        Bcs.encode(Framework.BlockResource, { height: block + 1, epochInterval: options.blocksPerEpoch })
      ),
      modify(Framework.keys.timestamp, Bcs.encode(Bcs.u53, timestampUsecs))
    ]
  }
}

const opening = (metadata: BlockMetadata.BlockMetadata, random: Random): Transaction.Transaction => {
  const { epoch, round } = metadata
  const kind = random.below(8)
  if (kind < 4) return { _tag: "BlockMetadata", value: metadata }
  const randomness = random.once(4) ? undefined : { metadata: { epoch, round }, randomness: random.bytes(32) }
  if (kind < 6) return { _tag: "BlockMetadataExt", value: { _tag: "V1", value: { ...metadata, randomness } } }
  if (kind === 6) return { _tag: "BlockMetadataExt", value: { _tag: "V0", value: metadata } }
  const decryptionKey = random.once(4) ? undefined : { metadata: { epoch, round }, decryptionKey: random.bytes(96) }
  return { _tag: "BlockMetadataExt", value: { _tag: "V2", value: { ...metadata, randomness, decryptionKey } } }
}

const validatorPart = (random: Random): Part => ({
  transaction: {
    _tag: "ValidatorTransaction",
    value: arbitrary(random, ValidatorTransaction.ValidatorTransaction)
  },
  ...free,
  events: random.once(2) ? [arbitrary(random, ContractEvent.ContractEvent)] : [],
  writes: []
})

/** The transactions that create the block's share of the founding items. */
const foundingParts = (network: Network, { block, timestampUsecs }: Place): ReadonlyArray<Part> => {
  const { items, options } = network
  const last = items.foundedBefore(block + 1)
  const parts: Array<Part> = []
  for (let start = items.foundedBefore(block); start < last; start += itemsPerTransaction) {
    const random = network.randomness.of("founding transaction", start)
    parts.push({
      transaction: userTransaction(random, {
        sender: Framework.frameworkAddress,
        sequenceNumber: start,
        timestampUsecs,
        size: options.transactionBytes
      }),
      gasUsed: BigInt(random.below(1_000_000)),
      status: { _tag: "Success" },
      events: events(random),
      writes: items.found(start, Math.min(start + itemsPerTransaction, last))
    })
  }
  return parts
}

/** A transaction of a user. Whether or not it succeeds, its sender pays. */
const userPart = (network: Network, { block, timestampUsecs }: Place, index: number): Part => {
  const { accounts, items, options } = network
  const ordinal = block * options.transactionsPerBlock + index
  const random = network.randomness.of("user transaction", ordinal)
  const sender = accounts[ordinal % accounts.length] ?? Framework.frameworkAddress
  const sequenceNumber = Math.floor(ordinal / accounts.length)
  const succeeds = network.succeeds(ordinal)
  const account = {
    authenticationKey: sender,
    sequenceNumber: BigInt(sequenceNumber + 1),
    balance: random.u64()
  }
  const paid = modify(Genesis.resourceKey(sender, Framework.accountTag), Bcs.encode(Framework.Account, account))
  return {
    transaction: userTransaction(random, { sender, sequenceNumber, timestampUsecs, size: options.transactionBytes }),
    gasUsed: random.once(8) ? random.u64() : BigInt(random.below(10_000)),
    status: succeeds ? { _tag: "Success" } : failure(random),
    events: succeeds || random.once(2) ? events(random) : [],
    writes: succeeds ? [paid, ...items.pass(ordinal), ...items.modifyFounding(block, random)] : [paid]
  }
}

const failure = (random: Random): TransactionInfo.ExecutionStatus => {
  const status = arbitrary(random, TransactionInfo.ExecutionStatus)
  return status._tag === "Success" ? { _tag: "OutOfGas" } : status
}

const events = (random: Random): ReadonlyArray<ContractEvent.ContractEvent> =>
  Array.from({ length: random.below(4) }, () =>
    random.once(3) ? arbitrary(random, ContractEvent.ContractEvent) : {
      _tag: "V2",
      value: {
        typeTag: Framework.typeTag("transaction_fee", "FeeStatement"),
        eventData: random.bytes(40)
      }
    })

/** The transaction that closes the block; where the epoch ends it names the next one's validators. */
const closingPart = (network: Network, place: Place, random: Random): Part => {
  const reconfigures = place.endsEpoch
  return {
    transaction: closing(network, place, random),
    ...free,
    events: reconfigures ? [newEpochEvent(place.epoch + 1)] : [],
    writes: reconfigures
      ? [
        modify(
          Framework.keys.validatorSet,
          Bcs.encode(Genesis.ValidatorSet, network.validators.setOf(place.epoch + 1))
        ),
        modify(
          Framework.keys.configuration,
          Bcs.encode(Framework.Configuration, {
            epoch: place.epoch + 1,
            lastReconfigurationUsecs: place.timestampUsecs
          })
        )
      ]
      : []
  }
}

const closing = (network: Network, { block, endsEpoch, epoch }: Place, random: Random): Transaction.Transaction => {
  if (endsEpoch && random.once(2)) {
    const author = network.validators.proposer(epoch, random)
    const metadata = { epoch: BigInt(epoch), author }
    const transcript = { metadata, transcriptBytes: random.bytes(200) }
    return { _tag: "ValidatorTransaction", value: { _tag: "DKGResult", value: transcript } }
  }
  if (!endsEpoch && random.once(2)) return { _tag: "StateCheckpoint", value: random.bytes(32) }
  const id = blockId(network, block)
  const payload = arbitrary(random, BlockMetadata.BlockEpiloguePayload)
  switch (payload._tag) {
    case "V0":
      return { _tag: "BlockEpilogue", value: { _tag: "V0", value: { ...payload.value, blockId: id } } }
    case "V1":
      return { _tag: "BlockEpilogue", value: { _tag: "V1", value: { ...payload.value, blockId: id } } }
    case "V2": {
      const hot = Array.from({ length: Math.min(3, network.items.foundedBefore(block)) }, (_, index) => index)
      const toMakeHot = hot.map((index) => network.items.foundingKey(index))
      return { _tag: "BlockEpilogue", value: { _tag: "V2", value: { ...payload.value, blockId: id, toMakeHot } } }
    }
  }
}
