/**
 * The transactions of a block, which its number determines: a transaction that opens the block, now and then a
 * validator transaction, the transactions that create founding items, the user transactions, and a transaction that
 * closes the block and, at times, the epoch.
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
import type { BlockPosition } from "./blockPosition.ts"
import { costsNothing, type Draft } from "./draftTransaction.ts"
import * as Framework from "./framework.ts"
import { newEpochEvent } from "./genesis.ts"
import type { Write } from "./items.ts"
import type { Network } from "./network.ts"
import type { Random } from "./random.ts"
import { userTransaction } from "./userTransaction.ts"

/** The most items that one transaction creates. */
const itemsPerTransaction = 1_000

/** A draft without the index of the transaction in its block. */
type Part = Omit<Draft, "auxiliaryInfo">

/** The id of a block, in its ledger info and its closing transaction. */
export const blockId = (network: Network, block: number): HashValue.HashValue =>
  network.randomness.of("block id", block).bytes(32)

/** The transactions of a block and their outcomes, in order. */
export const drafts = (network: Network, position: BlockPosition): ReadonlyArray<Draft> => {
  const random = network.randomness.of("block", position.block)
  const parts = [
    openingPart(network, position, random),
    ...(random.oneIn(4) ? [validatorPart(random)] : []),
    ...foundingParts(network, position),
    ...Array.from({ length: network.options.transactionsPerBlock }, (_, index) => userPart(network, position, index)),
    closingPart(network, position, random)
  ]
  return parts.map((part, index) => ({ ...part, auxiliaryInfo: auxiliaryInfo(random, index) }))
}

const auxiliaryInfo = (random: Random, transactionIndex: number): TransactionInfo.PersistedAuxiliaryInfo => {
  const kind = random.below(64)
  if (kind < 4) return { _tag: "None" }
  return { _tag: kind === 4 ? "TimestampNotYetAssignedV1" : "V1", value: { transactionIndex } }
}

const modify = (key: Write[0], value: Uint8Array): Write => [key, { _tag: "Modification", value }]

/** The transaction that opens the block, with its time and proposer. */
const openingPart = (network: Network, position: BlockPosition, random: Random): Part => {
  const { options, validators } = network
  const { block, timestampUsecs } = position
  const epoch = BigInt(position.epoch)
  const round = BigInt(position.round)
  const metadata: BlockMetadata.BlockMetadata = {
    id: blockId(network, block),
    epoch,
    round,
    proposer: validators.proposer(position.epoch, random),
    previousBlockVotesBitvec: random.bytes(Math.ceil(options.validators / 8)),
    failedProposerIndices: random.oneIn(4) ? [random.below(options.validators)] : [],
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
    ...costsNothing,
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
  const randomness = random.oneIn(4) ? undefined : { metadata: { epoch, round }, randomness: random.bytes(32) }
  if (kind < 6) return { _tag: "BlockMetadataExt", value: { _tag: "V1", value: { ...metadata, randomness } } }
  if (kind === 6) return { _tag: "BlockMetadataExt", value: { _tag: "V0", value: metadata } }
  const decryptionKey = random.oneIn(4) ? undefined : { metadata: { epoch, round }, decryptionKey: random.bytes(96) }
  return { _tag: "BlockMetadataExt", value: { _tag: "V2", value: { ...metadata, randomness, decryptionKey } } }
}

const validatorPart = (random: Random): Part => ({
  transaction: {
    _tag: "ValidatorTransaction",
    value: arbitrary(random, ValidatorTransaction.ValidatorTransaction)
  },
  ...costsNothing,
  events: random.oneIn(2) ? [arbitrary(random, ContractEvent.ContractEvent)] : [],
  writes: []
})

/** The transactions that create the block's share of the founding items. */
const foundingParts = (network: Network, { block, timestampUsecs }: BlockPosition): ReadonlyArray<Part> => {
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
      writes: items.createFounding(start, Math.min(start + itemsPerTransaction, last))
    })
  }
  return parts
}

/** A transaction of a user. The sender pays for a failed transaction, too. */
const userPart = (network: Network, { block, timestampUsecs }: BlockPosition, index: number): Part => {
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
    gasUsed: random.oneIn(8) ? random.u64() : BigInt(random.below(10_000)),
    status: succeeds ? { _tag: "Success" } : failure(random),
    events: succeeds || random.oneIn(2) ? events(random) : [],
    writes: succeeds ? [paid, ...items.changePassing(ordinal), ...items.modifyFounding(block, random)] : [paid]
  }
}

const failure = (random: Random): TransactionInfo.ExecutionStatus => {
  const status = arbitrary(random, TransactionInfo.ExecutionStatus)
  return status._tag === "Success" ? { _tag: "OutOfGas" } : status
}

const events = (random: Random): ReadonlyArray<ContractEvent.ContractEvent> =>
  Array.from({ length: random.below(4) }, () =>
    random.oneIn(3) ? arbitrary(random, ContractEvent.ContractEvent) : {
      _tag: "V2",
      value: {
        typeTag: Framework.typeTag("transaction_fee", "FeeStatement"),
        eventData: random.bytes(40)
      }
    })

/** The transaction that closes the block. At the end of an epoch, it names the validators of the next epoch. */
const closingPart = (network: Network, position: BlockPosition, random: Random): Part => {
  const reconfigures = position.endsEpoch
  return {
    transaction: closing(network, position, random),
    ...costsNothing,
    events: reconfigures ? [newEpochEvent(position.epoch + 1)] : [],
    writes: reconfigures
      ? [
        modify(
          Framework.keys.validatorSet,
          Bcs.encode(Genesis.ValidatorSet, network.validators.setOf(position.epoch + 1))
        ),
        modify(
          Framework.keys.configuration,
          Bcs.encode(Framework.Configuration, {
            epoch: position.epoch + 1,
            lastReconfigurationUsecs: position.timestampUsecs
          })
        )
      ]
      : []
  }
}

const closing = (
  network: Network,
  { block, endsEpoch, epoch }: BlockPosition,
  random: Random
): Transaction.Transaction => {
  if (endsEpoch && random.oneIn(2)) {
    const author = network.validators.proposer(epoch, random)
    const metadata = { epoch: BigInt(epoch), author }
    const transcript = { metadata, transcriptBytes: random.bytes(200) }
    return { _tag: "ValidatorTransaction", value: { _tag: "DKGResult", value: transcript } }
  }
  if (!endsEpoch && random.oneIn(2)) return { _tag: "StateCheckpoint", value: random.bytes(32) }
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
