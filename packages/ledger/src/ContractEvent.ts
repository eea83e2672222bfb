/**
 * The events that a transaction emits.
 *
 * ```
 * ContractEvent    enum { V1{key EventKey, sequence_number u64, type_tag, event_data bytes} · V2{type_tag, event_data bytes} }
 * EventKey         creation_number u64 · account_address
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `ContractEvent`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { TypeTag } from "./TypeTag.ts"

/** The stream of an event of the first kind. */
export const EventKey = Bcs.struct("EventKey", { creationNumber: Bcs.u64, accountAddress: AccountAddress })

export type EventKey = Bcs.Type<typeof EventKey>

/** An event with a number in a stream. */
export const ContractEventV1 = Bcs.struct("ContractEventV1", {
  key: EventKey,
  sequenceNumber: Bcs.u64,
  typeTag: TypeTag,
  eventData: Bcs.bytes
})

/** An event without a stream. */
export const ContractEventV2 = Bcs.struct("ContractEventV2", { typeTag: TypeTag, eventData: Bcs.bytes })

export const ContractEvent = Bcs.enumeration("ContractEvent", { V1: ContractEventV1, V2: ContractEventV2 })

export type ContractEvent = Bcs.Type<typeof ContractEvent>
