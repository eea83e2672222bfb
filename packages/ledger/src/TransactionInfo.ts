/**
 * The outcome of a transaction: the leaf of its version in the transaction accumulator.
 *
 * ```
 * TransactionInfo    enum { 0: V0(TransactionInfoV0) }
 * TransactionInfoV0  gas_used u64 · status · transaction_hash · event_root_hash · state_change_hash ·
 *                    state_checkpoint_hash option · auxiliary_info_hash option
 * ```
 *
 * Source: docs/spec/formats.md, section 3.
 */
import * as Bcs from "./Bcs.ts"
import { HashValue, seeds, size } from "./HashValue.ts"
import * as Sha3 from "./Sha3.ts"
import { ModuleId } from "./TypeTag.ts"

const AbortLocation = Bcs.enumeration("AbortLocation", { Module: ModuleId, Script: null })

export const ExecutionStatus = Bcs.enumeration("ExecutionStatus", {
  Success: null,
  OutOfGas: null,
  MoveAbort: Bcs.fields({
    location: AbortLocation,
    code: Bcs.u64,
    info: Bcs.option(Bcs.struct("AbortInfo", { reasonName: Bcs.string, description: Bcs.string }))
  }),
  ExecutionFailure: Bcs.fields({ location: AbortLocation, function: Bcs.u16, codeOffset: Bcs.u16 }),
  MiscellaneousError: Bcs.option(Bcs.u64)
})

export type ExecutionStatus = Bcs.Type<typeof ExecutionStatus>

export const TransactionInfoV0 = Bcs.struct("TransactionInfoV0", {
  gasUsed: Bcs.u64,
  status: ExecutionStatus,
  transactionHash: HashValue,
  eventRootHash: HashValue,
  stateChangeHash: HashValue,
  stateCheckpointHash: Bcs.option(HashValue),
  auxiliaryInfoHash: Bcs.option(HashValue)
})

export const TransactionInfo = Bcs.enumeration("TransactionInfo", { V0: TransactionInfoV0 })

export type TransactionInfo = Bcs.Type<typeof TransactionInfo>

/** The hash of a transaction info: its leaf in the transaction accumulator. */
export const hash = (info: TransactionInfo): HashValue =>
  Sha3.hashSeeded(seeds.transactionInfo, Bcs.encode(TransactionInfo, info))

/** The leaves of transaction infos, each as its BCS: hashes of 32 bytes, one after the other. */
export const leafHashes = (infos: ReadonlyArray<Uint8Array>): Uint8Array => {
  const leaves = new Uint8Array(infos.length * size)
  infos.forEach((info, index) => leaves.set(Sha3.hashSeeded(seeds.transactionInfo, info), index * size))
  return leaves
}

/**
 * Information of a node about a transaction, which the ledger itself does not hold.
 *
 * ```
 * PersistedAuxiliaryInfo  enum { 0: None · 1: V1{transaction_index u32} · 2: TimestampNotYetAssignedV1{transaction_index u32} }
 * ```
 *
 * Only `V1` has a hash in the transaction info.
 */
export const PersistedAuxiliaryInfo = Bcs.enumeration("PersistedAuxiliaryInfo", {
  None: null,
  V1: Bcs.fields({ transactionIndex: Bcs.u32 }),
  TimestampNotYetAssignedV1: Bcs.fields({ transactionIndex: Bcs.u32 })
})

export type PersistedAuxiliaryInfo = Bcs.Type<typeof PersistedAuxiliaryInfo>
