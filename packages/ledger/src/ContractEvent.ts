/**
 * What a transaction reports to the outside.
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

/** Names the stream that an event of the first kind belongs to. */
export const EventKey = Bcs.struct("EventKey", { creationNumber: Bcs.u64, accountAddress: AccountAddress })

export type EventKey = Bcs.Type<typeof EventKey>

/** An event with a place in a numbered stream. */
export const ContractEventV1 = Bcs.struct("ContractEventV1", {
  key: EventKey,
  sequenceNumber: Bcs.u64,
  typeTag: TypeTag,
  eventData: Bcs.bytes
})

/** An event known by its type alone. */
export const ContractEventV2 = Bcs.struct("ContractEventV2", { typeTag: TypeTag, eventData: Bcs.bytes })

export const ContractEvent = Bcs.enumeration("ContractEvent", { V1: ContractEventV1, V2: ContractEventV2 })

export type ContractEvent = Bcs.Type<typeof ContractEvent>
