/**
 * The tables of a store on LMDB. Numbers in keys are u64, big-endian.
 *
 * | table | key | value |
 * |---|---|---|
 * | `meta` | `head` | the newest state: see {@link encodeHead} |
 * | | `ledgerInfo` | BCS of the latest ledger info |
 * | | `network` | the genesis waypoint, as text |
 * | | `writer` | the claim of the writer: see writerClaim.ts |
 * | | `base` | BCS of the root proof of the state that the history begins on, if it does not begin with version 0 |
 * | | `state`, `values`, `tree` | the progress of the import of a state: see restoreRecords.ts |
 * | `transactions` | version | a `V1` record: transaction, auxiliary info, info, events, write set |
 * | `accumulator` | position in the order of freezing | the hash of a frozen accumulator node |
 * | `endings` | epoch | BCS of the ledger info that ends the epoch |
 * | `endingVersions` | version that ends an epoch | the epoch (u64) |
 * | `states` | version that ends an epoch whose state is kept | epoch · {@link StateRoot} |
 * | `nodes` | version · path, a nibble a byte | a 16-way node of the state tree: see state/nodes.ts |
 * | `values` | key hash · version | BCS of a state key and its value |
 * | `stale` | first version whose state does not need the keys | keys of nodes and values: see staleKeys.ts |
 *
 * Every table but `values` grows at its end alone, so that its pages are full.
 */
import * as HashValue from "@holdfast/ledger/HashValue"
import type { Database, open, RootDatabase } from "lmdb"
import type { StateRoot } from "../state/session.ts"
import { readU64, writeU64 } from "../u64.ts"
import { hasData } from "./folder.ts"

export type Table = Database<Uint8Array, Uint8Array>

/** A read transaction: all reads that use it see the same data, whatever is written meanwhile. */
export type Snapshot = ReturnType<Table["useReadTransaction"]>

export type Environment = RootDatabase<Uint8Array, Uint8Array>

/** The used part of the module `lmdb`. The first store loads the module: most programs open none. */
export interface Lmdb {
  readonly open: typeof open
}

export interface Tables {
  readonly environment: Environment
  readonly meta: Table
  readonly transactions: Table
  readonly accumulator: Table
  readonly endings: Table
  readonly endingVersions: Table
  readonly states: Table
  readonly nodes: Table
  readonly values: Table
  readonly stale: Table
}

const binary = { encoding: "binary", keyEncoding: "binary" } as const

/** Opens LMDB in the folder of a store; `undefined` where nothing was written yet and nothing may be written. */
export const openEnvironment = (lmdb: Lmdb, directory: string, readOnly: boolean): Environment | undefined =>
  readOnly && !hasData(directory) ? undefined : lmdb.open<Uint8Array, Uint8Array>({
    ...binary,
    path: directory,
    noSubdir: false,
    maxDbs: 16,
    // A commit returns once it is on the disk.
    overlappingSync: false,
    readOnly
  })

/** The tables of a store. Creates missing tables; `undefined` where tables are missing and nothing may be written. */
export const tablesOf = (environment: Environment): Tables | undefined => {
  // In a store that is open to read only, LMDB returns nothing for a missing table.
  const table = (name: string): Table | undefined => environment.openDB<Uint8Array, Uint8Array>({ ...binary, name })
  const meta = table("meta")
  const transactions = table("transactions")
  const accumulator = table("accumulator")
  const endings = table("endings")
  const endingVersions = table("endingVersions")
  const states = table("states")
  const nodes = table("nodes")
  const values = table("values")
  const stale = table("stale")
  if (
    meta === undefined || transactions === undefined || accumulator === undefined || endings === undefined ||
    endingVersions === undefined || states === undefined || nodes === undefined || values === undefined ||
    stale === undefined
  ) {
    return undefined
  }
  return {
    environment,
    meta,
    transactions,
    accumulator,
    endings,
    endingVersions,
    states,
    nodes,
    values,
    stale
  }
}

const textKey = (name: string): Uint8Array => new TextEncoder().encode(name)

/** A record of `meta` that is text. */
export const metaText = ({ meta }: Tables, key: Uint8Array): string | undefined => {
  const bytes = meta.get(key)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

export const metaKeys = {
  head: textKey("head"),
  ledgerInfo: textKey("ledgerInfo"),
  network: textKey("network"),
  writer: textKey("writer"),
  base: textKey("base"),
  state: textKey("state"),
  values: textKey("values"),
  tree: textKey("tree")
} as const

/** The newest state: the next block builds on it. */
export interface StoredHead {
  readonly nextVersion: number
  /** Epochs that have ended. */
  readonly epoch: number
  /** The version after the one that ended the last epoch; 0 in epoch 0. */
  readonly epochStart: number
  readonly state: StateRoot
}

const rootBytes = 8 + 8 + HashValue.size
const headBytes = 3 * 8 + rootBytes

const writeRoot = (target: Uint8Array, at: number, { count, hash, version }: StateRoot): void => {
  writeU64(target, at, version)
  writeU64(target, at + 8, count)
  target.set(hash, at + 16)
}

const readRoot = (source: Uint8Array, at: number): StateRoot => ({
  version: readU64(source, at),
  count: readU64(source, at + 8),
  hash: source.slice(at + 16, at + rootBytes)
})

/** next version · epoch · epoch start · state root (version of its record · items · hash). */
export const encodeHead = ({ epoch, epochStart, nextVersion, state }: StoredHead): Uint8Array => {
  const bytes = new Uint8Array(headBytes)
  writeU64(bytes, 0, nextVersion)
  writeU64(bytes, 8, epoch)
  writeU64(bytes, 16, epochStart)
  writeRoot(bytes, 24, state)
  return bytes
}

/** `undefined` where the bytes are no head. */
export const decodeHead = (bytes: Uint8Array): StoredHead | undefined =>
  bytes.length !== headBytes ? undefined : {
    nextVersion: readU64(bytes, 0),
    epoch: readU64(bytes, 8),
    epochStart: readU64(bytes, 16),
    state: readRoot(bytes, 24)
  }

/** The state at the end of an epoch. */
export interface EpochState {
  readonly epoch: number
  readonly state: StateRoot
}

export const encodeEpochState = ({ epoch, state }: EpochState): Uint8Array => {
  const bytes = new Uint8Array(8 + rootBytes)
  writeU64(bytes, 0, epoch)
  writeRoot(bytes, 8, state)
  return bytes
}

/** `undefined` where the bytes are no state of an epoch. */
export const decodeEpochState = (bytes: Uint8Array): EpochState | undefined =>
  bytes.length !== 8 + rootBytes ? undefined : { epoch: readU64(bytes, 0), state: readRoot(bytes, 8) }
