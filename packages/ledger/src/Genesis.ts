/**
 * The genesis of a network: the first ledger info follows from the genesis transaction alone.
 *
 * The write set of the payload is the state. The transaction info has no gas, status `Success` and no auxiliary info,
 * and is the only leaf of the accumulator. The resource `0x1::stake::ValidatorSet` names the validators of epoch 1.
 *
 * ```
 * ValidatorSet     consensus_scheme u8 · active_validators · pending_inactive · pending_active (each seq<Validator>) ·
 *                  total_voting_power u128 · total_joining_power u128
 * Validator        address · voting power u64 · ValidatorConfig
 * ValidatorConfig  consensus public key bytes · validator network addresses bytes · fullnode network addresses bytes ·
 *                  validator index u64
 * ```
 *
 * Source: docs/spec/formats.md, section 7.
 */
import { AccountAddress, special } from "./AccountAddress.ts"
import * as Accumulator from "./Accumulator.ts"
import * as Bcs from "./Bcs.ts"
import { compareBytes, concatBytes, equalBytes } from "./Bytes.ts"
import { ContractEvent } from "./ContractEvent.ts"
import { type HashValue, seeds, zero } from "./HashValue.ts"
import type { EpochState, LedgerInfoWithSignatures } from "./LedgerInfo.ts"
import { refuse } from "./ProofError.ts"
import * as Sha3 from "./Sha3.ts"
import { StateFrontier } from "./StateFrontier.ts"
import * as StateKey from "./StateKey.ts"
import { leafHash } from "./StateNodes.ts"
import * as StateValue from "./StateValue.ts"
import { Transaction } from "./Transaction.ts"
import * as TransactionInfo from "./TransactionInfo.ts"
import { StructTag } from "./TypeTag.ts"
import { entries, storedValue, WriteSet } from "./WriteSet.ts"

const Validator = Bcs.struct("ValidatorInfo", {
  address: AccountAddress,
  votingPower: Bcs.u64,
  config: Bcs.struct("ValidatorConfig", {
    consensusPublicKey: Bcs.sizedBytes(48),
    networkAddresses: Bcs.bytes,
    fullnodeAddresses: Bcs.bytes,
    validatorIndex: Bcs.u64
  })
})

/** The resource with the validators of an epoch. */
export const ValidatorSet = Bcs.struct("ValidatorSet", {
  consensusScheme: Bcs.u8,
  activeValidators: Bcs.sequence(Validator),
  pendingInactive: Bcs.sequence(Validator),
  pendingActive: Bcs.sequence(Validator),
  totalVotingPower: Bcs.u128,
  totalJoiningPower: Bcs.u128
})

export type ValidatorSet = Bcs.Type<typeof ValidatorSet>

/** The key of a resource of an account: an access path whose path is `0x01` and the BCS of the tag of the struct. */
export const resourceKey = (address: AccountAddress, tag: StructTag): StateKey.StateKey => ({
  _tag: "AccessPath",
  value: { address, path: concatBytes([Uint8Array.of(1), Bcs.encode(StructTag, tag)]) }
})

/** The key of the validator set in the state. */
export const validatorSetKey: StateKey.StateKey = resourceKey(special(1), {
  address: special(1),
  module: "stake",
  name: "ValidatorSet",
  typeArgs: []
})

/** The validators that sign in an epoch, by validator index: the active ones and the ones that leave after it. */
export const epochState = (epoch: number, set: ValidatorSet): EpochState => ({
  epoch,
  verifier: {
    validatorInfos: [...set.activeValidators, ...set.pendingInactive]
      .sort((a, b) => a.config.validatorIndex < b.config.validatorIndex ? -1 : 1)
      .map(({ address, config, votingPower }) => ({ address, publicKey: config.consensusPublicKey, votingPower }))
  }
})

/**
 * The ledger that a genesis transaction begins: the parts of the transaction that a ledger keeps, each as its BCS, and
 * the ledger info that ends epoch 0.
 */
export interface GenesisLedger {
  readonly transactionInfo: Uint8Array
  /** BCS of `seq<ContractEvent>`. */
  readonly events: Uint8Array
  readonly writeSet: Uint8Array
  readonly ledgerInfo: LedgerInfoWithSignatures
}

/**
 * The ledger info that ends epoch 0, from a genesis transaction (its BCS). Networks publish its waypoint.
 *
 * Throws `BcsError` and `ProofError` (`BadGenesis`).
 */
export const ledgerInfo = (transaction: Uint8Array): LedgerInfoWithSignatures => make(transaction).ledgerInfo

/**
 * The ledger that a genesis transaction (its BCS) begins.
 *
 * Throws `BcsError` and `ProofError` (`BadGenesis`).
 */
export const make = (transaction: Uint8Array): GenesisLedger => {
  const decoded = Bcs.decodeUnsafe(Transaction, transaction)
  if (decoded._tag !== "GenesisTransaction" || decoded.value._tag !== "Direct") {
    return refuse("BadGenesis", "expected a genesis transaction with a direct write set")
  }
  const { events, writeSet } = decoded.value.value
  const validatorSet = entries(writeSet).find(([key]) =>
    equalBytes(StateKey.storageEncoding(key), StateKey.storageEncoding(validatorSetKey))
  )?.[1]
  const stored = validatorSet === undefined ? undefined : storedValue(validatorSet)
  if (stored === undefined) return refuse("BadGenesis", "the write set holds no 0x1::stake::ValidatorSet")
  const data = stored._tag === "V0" ? stored.value : stored.value.data
  const writeSetBytes = Bcs.encode(WriteSet, writeSet)
  const transactionInfo = Bcs.encode(TransactionInfo.TransactionInfo, {
    _tag: "V0",
    value: {
      gasUsed: 0n,
      status: { _tag: "Success" },
      transactionHash: Sha3.hashSeeded(seeds.transaction, transaction),
      eventRootHash: eventRoot(events),
      stateChangeHash: Sha3.hashSeeded(seeds.writeSet, writeSetBytes),
      stateCheckpointHash: stateRoot(writeSet),
      auxiliaryInfoHash: undefined
    }
  })
  return {
    transactionInfo,
    events: Bcs.encode(Bcs.sequence(ContractEvent), events),
    writeSet: writeSetBytes,
    ledgerInfo: ledgerInfoOf(
      TransactionInfo.leafHashes([transactionInfo]),
      epochState(1, Bcs.decodeUnsafe(ValidatorSet, data))
    )
  }
}

/**
 * The ledger info that ends epoch 0, from the hash of the genesis transaction info and the validators of epoch 1. Nobody
 * signs this ledger info: operators trust its waypoint.
 */
export const ledgerInfoOf = (executedStateId: HashValue, nextEpochState: EpochState): LedgerInfoWithSignatures => ({
  _tag: "V0",
  value: {
    ledgerInfo: {
      commitInfo: { epoch: 0, round: 0n, id: zero, executedStateId, version: 0, timestampUsecs: 0, nextEpochState },
      consensusDataHash: zero
    },
    signatures: { validatorBitmask: new Uint8Array(), sig: undefined }
  }
})

const eventRoot = (events: ReadonlyArray<ContractEvent>): HashValue => {
  const hashes = events.map((event) => Sha3.hashSeeded(seeds.event, Bcs.encode(ContractEvent, event)))
  return Accumulator.rootOfLeaves(seeds.eventAccumulator, concatBytes([...hashes, zero]), hashes.length)
}

const stateRoot = (writeSet: WriteSet): HashValue => {
  const leaves: Array<{ readonly key: HashValue; readonly hash: HashValue }> = []
  for (const [stateKey, op] of entries(writeSet)) {
    const value = storedValue(op)
    if (value === undefined) continue
    const key = StateKey.hash(stateKey)
    leaves.push({ key, hash: leafHash(key, StateValue.hash(value)) })
  }
  leaves.sort((a, b) => compareBytes(a.key, b.key))
  const frontier = new StateFrontier()
  frontier.push(
    concatBytes(leaves.map((leaf) => leaf.key)),
    concatBytes(leaves.map((leaf) => leaf.hash)),
    leaves.length
  )
  return frontier.root()
}
