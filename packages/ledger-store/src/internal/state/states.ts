/** How states follow from write sets, in any store. */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as StateNodes from "@holdfast/ledger/StateNodes"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import type { Block } from "../../LedgerStore.ts"
import { refuse } from "../storeFailures.ts"
import { stateChanges } from "./changes.ts"

/** Operations of a store on states. A state is persistent: an update makes another one. */
export interface States<S> {
  readonly update: (state: S, changes: ReadonlyArray<StateNodes.StateChange>) => S
  readonly root: (state: S) => HashValue.HashValue
}

/** The states after each of some write sets, which apply to `base` one after the other. */
export interface Preview<S> {
  readonly base: S
  readonly writeSets: ReadonlyArray<Uint8Array>
  readonly states: ReadonlyArray<S>
}

/** The states after each write set. */
export const preview = <S>(
  { update }: States<S>,
  base: S,
  writeSets: ReadonlyArray<Uint8Array>
): Preview<S> => {
  const states: Array<S> = []
  let state = base
  for (const writeSet of writeSets) {
    state = update(state, stateChanges(writeSet))
    states.push(state)
  }
  return { base, writeSets, states }
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && (a === b || Bytes.equalBytes(a, b))

/**
 * The state after a block. Each state checkpoint hash must be the root that the write sets lead to. `known` is a preview
 * from the same base: the block reuses its states as far as the write sets are the same.
 */
export const stateAfter = <S>(
  { root, update }: States<S>,
  base: S,
  { firstVersion, transactions }: Block,
  known: Preview<S> | undefined
): S => {
  let state = base
  /** Changes since `state`, which apply together at the next checkpoint. */
  let changes: Array<StateNodes.StateChange> = []
  let ahead = known
  transactions.forEach(({ transactionInfo, writeSet }, index) => {
    if (ahead !== undefined && !sameBytes(ahead.writeSets[index], writeSet)) ahead = undefined
    const next = ahead?.states[index]
    if (next !== undefined) {
      state = next
      changes = []
    } else {
      for (const change of stateChanges(writeSet)) changes.push(change)
    }
    const { stateCheckpointHash } = Bcs.decodeUnsafe(TransactionInfo.TransactionInfo, transactionInfo).value
    if (stateCheckpointHash === undefined) return
    state = update(state, changes)
    changes = []
    const found = root(state)
    if (!Bytes.equalBytes(found, stateCheckpointHash)) {
      const claimed = HashValue.format(stateCheckpointHash)
      refuse(
        "commit",
        "Inconsistent",
        `version ${firstVersion + index} claims state root ${claimed}, its write sets lead to ${
          HashValue.format(found)
        }`
      )
    }
  })
  return update(state, changes)
}
