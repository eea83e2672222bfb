/** How the states of any store follow from write sets, whatever a state is made of. */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as StateTree from "@holdfast/ledger/StateTree"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import type { Block } from "../../LedgerStore.ts"
import { refuse } from "../attempt.ts"
import { stateChanges } from "./changes.ts"

/** How a store's states change. A state stays what it was when another is made of it. */
export interface States<S> {
  readonly update: (state: S, changes: ReadonlyArray<StateTree.StateChange>) => S
  readonly root: (state: S) => HashValue.HashValue
}

/** The states after each of some write sets that were applied, one after the other, to `base`. */
export interface Preview<S> {
  readonly base: S
  readonly writeSets: ReadonlyArray<Uint8Array>
  readonly states: ReadonlyArray<S>
}

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
 * The state after the transactions, whose state checkpoint hashes must be the roots that their write sets lead to.
 * `known`, a preview from the same base, saves work as far as its write sets are those of the block.
 */
export const stateAfter = <S>(
  { root, update }: States<S>,
  base: S,
  { firstVersion, transactions }: Block,
  known: Preview<S> | undefined
): S => {
  let state = base
  /** Changes since `state`: they are applied together, at the next checkpoint. */
  let changes: Array<StateTree.StateChange> = []
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
