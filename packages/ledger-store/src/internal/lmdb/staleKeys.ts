/**
 * Stale nodes and values: states from some version on no longer need them. The store removes them together with the last
 * state that does.
 *
 * A row of the table `stale` is a run of keys, each as its table (0 nodes, 1 values), its length (u8) and its bytes.
 */
import { byteAt, GrowableBytes } from "@holdfast/ledger/TypedArrays"
import { numberKey, readU64 } from "../u64.ts"
import { decodeEpochState, type Table, type Tables } from "./tables.ts"

export const staleNode = 0
export const staleValue = 1

export type StaleKind = typeof staleNode | typeof staleValue

/** Collects the keys of one row. */
export class StaleKeys {
  readonly #row = new GrowableBytes()

  add(kind: StaleKind, key: Uint8Array): void {
    const at = this.#row.extend(2 + key.length)
    const { bytes } = this.#row
    bytes[at] = kind
    bytes[at + 1] = key.length
    bytes.set(key, at + 2)
  }

  /** The row; `undefined` if nothing is stale. A view. */
  row(): Uint8Array | undefined {
    return this.#row.length === 0 ? undefined : this.#row.written()
  }
}

/** Rows that one transaction removes at most, and keys, give or take a row. */
const sweepRows = 1_024
const sweepKeys = 50_000

/** Removes the states of all epochs before `epoch`. Runs within a transaction. */
export const forgetStates = ({ states }: Tables, epoch: number): void => {
  const before: Array<Uint8Array> = []
  for (const { key, value } of states.getRange({})) {
    const found = decodeEpochState(value)
    if (found !== undefined && found.epoch >= epoch) break
    before.push(key)
  }
  for (const key of before) states.removeSync(key)
}

/**
 * Removes stale keys, as many as one transaction should. Runs within a transaction. Returns whether more may be left.
 *
 * A key that is stale from version s on, and was kept, belongs to the last epoch-ending state before s. So the key goes
 * once the oldest state of the store has version s or a later one.
 */
export const sweep = ({ nodes, stale, states, values }: Tables): boolean => {
  const oldest = [...states.getKeys({ limit: 1 })][0]
  if (oldest === undefined) return false
  const due = [...stale.getKeys({ end: numberKey(readU64(oldest, 0) + 1), limit: sweepRows })]
  let removed = 0
  for (const version of due) {
    if (removed >= sweepKeys) return true
    const row = stale.get(version) ?? new Uint8Array(0)
    for (let at = 0; at + 2 <= row.length; removed++) {
      const table: Table = row[at] === staleNode ? nodes : values
      const end = at + 2 + byteAt(row, at + 1)
      table.removeSync(row.subarray(at + 2, end))
      at = end
    }
    stale.removeSync(version)
  }
  return removed > 0
}
