/**
 * What no state needs any more from some version on: keys of nodes and values, to be removed when the last epoch whose
 * state had them is given up.
 *
 * A row of the table `stale` holds, one after the other, for each key: its table (0 nodes, 1 values), its length (u8),
 * its bytes.
 */
import { numberKey, readU64 } from "../u64.ts"
import { decodeEpochState, type Table, type Tables } from "./tables.ts"

export const staleNode = 0
export const staleValue = 1

export type StaleKind = typeof staleNode | typeof staleValue

/** Collects the keys of one row. */
export class StaleKeys {
  #bytes = new Uint8Array(1024)
  #length = 0

  add(kind: StaleKind, key: Uint8Array): void {
    const end = this.#length + 2 + key.length
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(2 * end)
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes[this.#length] = kind
    this.#bytes[this.#length + 1] = key.length
    this.#bytes.set(key, this.#length + 2)
    this.#length = end
  }

  /** The row; `undefined` if nothing is stale. A view. */
  row(): Uint8Array | undefined {
    return this.#length === 0 ? undefined : this.#bytes.subarray(0, this.#length)
  }
}

/** Rows, and keys give or take a row, that one transaction removes at most. */
const sweepRows = 1_024
const sweepKeys = 50_000

/** Gives up the states of all epochs before `epoch`. Within a transaction. */
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
 * Removes what no state needs, as far as one transaction should go; within a transaction. Says whether there is more.
 *
 * What is stale from version s on, and was kept at all, was part of the last epoch-ending state before s. So it goes when
 * the oldest state that is kept is that of s or a later version.
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
      const end = at + 2 + (row[at + 1] ?? 0)
      table.removeSync(row.subarray(at + 2, end))
      at = end
    }
    stale.removeSync(version)
  }
  return removed > 0
}
