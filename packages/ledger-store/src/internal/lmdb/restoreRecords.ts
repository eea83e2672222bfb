/**
 * The progress of the import of a state, as records of the table `meta`. Numbers are u64, big-endian.
 *
 * ```
 * state    version · root hash   the state
 * values   a part                the progress of the values
 * tree     a part                the progress of the tree
 *
 * part     complete (u8) · items · key hash of the last item · length of the frontier · frontier · unfinished records
 * ```
 */
import * as HashValue from "@holdfast/ledger/HashValue"
import { refuse } from "../storeFailures.ts"
import { readU64, writeU64 } from "../u64.ts"

const { size } = HashValue

export interface StateRecord {
  readonly version: number
  readonly root: HashValue.HashValue
}

const unreadable = (): never => refuse("state import", "Corrupt", "the record of the progress cannot be read")

export const encodeState = ({ root, version }: StateRecord): Uint8Array => {
  const bytes = new Uint8Array(8 + size)
  writeU64(bytes, 0, version)
  bytes.set(root, 8)
  return bytes
}

export const decodeState = (bytes: Uint8Array): StateRecord =>
  bytes.length === 8 + size ? { version: readU64(bytes, 0), root: bytes.slice(8) } : unreadable()

export interface PartRecord {
  readonly complete: boolean
  /** Items that the store holds, proven. */
  readonly items: number
  /** The key hash of the last item. */
  readonly lastKey: HashValue.HashValue
  /** The caller's frontier: see {@link StateImport.settle}. */
  readonly frontier: Uint8Array
  /** The output of `StateBuilder.save`; empty in values. */
  readonly unfinished: Uint8Array
}

export const noPart: PartRecord = {
  complete: false,
  items: 0,
  lastKey: HashValue.zero,
  frontier: new Uint8Array(0),
  unfinished: new Uint8Array(0)
}

const partHeader = 1 + 8 + size + 8

export const encodePart = ({ complete, frontier, items, lastKey, unfinished }: PartRecord): Uint8Array => {
  const bytes = new Uint8Array(partHeader + frontier.length + unfinished.length)
  bytes[0] = complete ? 1 : 0
  writeU64(bytes, 1, items)
  bytes.set(lastKey, 9)
  writeU64(bytes, 9 + size, frontier.length)
  bytes.set(frontier, partHeader)
  bytes.set(unfinished, partHeader + frontier.length)
  return bytes
}

export const decodePart = (bytes: Uint8Array): PartRecord => {
  if (bytes.length < partHeader) return unreadable()
  const frontierEnd = partHeader + readU64(bytes, 9 + size)
  return {
    complete: bytes[0] === 1,
    items: readU64(bytes, 1),
    lastKey: bytes.slice(9, 9 + size),
    frontier: bytes.slice(partHeader, frontierEnd),
    unfinished: bytes.slice(frontierEnd)
  }
}
