/**
 * The changes that a transaction makes to the state.
 *
 * ```
 * WriteSet  enum { V0{write_set map<StateKey, WriteOp>} }
 * WriteOp   enum { Creation(bytes) · Modification(bytes) · Deletion · CreationWithMetadata{data bytes, metadata}
 *                · ModificationWithMetadata{data bytes, metadata} · DeletionWithMetadata{metadata} }
 * ```
 *
 * Source: docs/spec/formats.md, section 4, and section 3 (the schema of `WriteSet`).
 */
import * as Bcs from "./Bcs.ts"
import { StateKey } from "./StateKey.ts"
import { type StateValue, StateValueMetadata } from "./StateValue.ts"

const dataWithMetadata = Bcs.fields({ data: Bcs.bytes, metadata: StateValueMetadata })

export const WriteOp = Bcs.enumeration("WriteOp", {
  Creation: Bcs.bytes,
  Modification: Bcs.bytes,
  Deletion: null,
  CreationWithMetadata: dataWithMetadata,
  ModificationWithMetadata: dataWithMetadata,
  DeletionWithMetadata: Bcs.fields({ metadata: StateValueMetadata })
})

export type WriteOp = Bcs.Type<typeof WriteOp>

export const WriteSet = Bcs.enumeration("WriteSet", {
  V0: Bcs.newtype("WriteSetV0", Bcs.struct("WriteSetMut", { writeSet: Bcs.map(StateKey, WriteOp) }))
})

export type WriteSet = Bcs.Type<typeof WriteSet>

/** The keys and their operations, in the order of the bytes. */
export const entries = (writeSet: WriteSet): ReadonlyArray<readonly [StateKey, WriteOp]> => writeSet.value.writeSet

/** The value in the state after an operation; `undefined` where the operation removes the key. */
export const storedValue = (op: WriteOp): StateValue | undefined => {
  switch (op._tag) {
    case "Creation":
    case "Modification":
      return { _tag: "V0", value: op.value }
    case "CreationWithMetadata":
    case "ModificationWithMetadata":
      return { _tag: "WithMetadata", value: op.value }
    case "Deletion":
    case "DeletionWithMetadata":
      return undefined
  }
}
