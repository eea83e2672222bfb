/**
 * The value of a key in the state.
 *
 * ```
 * StateValue          enum { V0(bytes) · WithMetadata{data bytes, metadata} }
 * StateValueMetadata  enum { V0{deposit u64, creation_time_usecs u64}
 *                          · V1{slot_deposit u64, bytes_deposit u64, creation_time_usecs u64} }
 * ```
 *
 * Source: docs/spec/formats.md, section 3.
 */
import * as Bcs from "./Bcs.ts"
import { type HashValue, seeds } from "./HashValue.ts"
import * as Sha3 from "./Sha3.ts"

/** The deposit for the storage of a value, and the time of its creation. */
export const StateValueMetadata = Bcs.enumeration("StateValueMetadata", {
  V0: Bcs.fields({ deposit: Bcs.u64, creationTimeUsecs: Bcs.u64 }),
  V1: Bcs.fields({ slotDeposit: Bcs.u64, bytesDeposit: Bcs.u64, creationTimeUsecs: Bcs.u64 })
})

export type StateValueMetadata = Bcs.Type<typeof StateValueMetadata>

export const StateValue = Bcs.enumeration("StateValue", {
  V0: Bcs.bytes,
  WithMetadata: Bcs.fields({ data: Bcs.bytes, metadata: StateValueMetadata })
})

export type StateValue = Bcs.Type<typeof StateValue>

/** The hash of a value, which the leaf of its item covers. */
export const hash = (value: StateValue): HashValue => Sha3.hashSeeded(seeds.stateValue, Bcs.encode(StateValue, value))
