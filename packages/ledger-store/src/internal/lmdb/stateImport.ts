/**
 * Imports the items of a state into an empty store. Synchronous; throws `LedgerStoreError`.
 *
 * The import writes values and tree records as they arrive: nobody reads them while no head names their version. Records
 * behind the last settled item are removed when an import begins and when it ends.
 */
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import { GrowableBytes } from "@holdfast/ledger/TypedArrays"
import type { StatePart } from "../../RestoreTarget.ts"
import { RecordBuffer } from "../records/buffer.ts"
import { StateBuilder } from "../state/builder.ts"
import { nodeKey, valueKey, valueKeyBytes, writeValueKey } from "../state/keys.ts"
import { pathTo } from "../state/nodes.ts"
import { refuse } from "../storeFailures.ts"
import { decodePart, encodePart, noPart, type PartRecord, type StateRecord } from "./restoreRecords.ts"
import { metaKeys, type Tables } from "./tables.ts"
import { append, type LmdbWriter, put, removeFrom } from "./writer.ts"

const { size } = HashValue
const nibbles = 2 * size

/** Bytes of staged items that make a transaction, about. */
const writeBytes = 4 * 1024 * 1024

/** Bytes of the largest batch, about. */
const batchBytes = 256 * 1024

/** Bytes of hashes to allocate at once. */
const hashBytes = 32 * 1024

/** Hashed items that wait for their transaction. */
class StagedItems {
  readonly records = new RecordBuffer(writeBytes + batchBytes)
  readonly keyHashes = new GrowableBytes(hashBytes)
  readonly leafHashes = new GrowableBytes(hashBytes)

  add({ batch, count, first, keyHashes, leafHashes }: StateSnapshotVerifier.HashedItems): void {
    this.records.addAll(batch.bytes, batch.starts, batch.ends, first, first + count)
    this.keyHashes.append(keyHashes, 0, count * size)
    this.leafHashes.append(leafHashes, 0, count * size)
  }
}

export const partOf = ({ meta }: Tables, key: Uint8Array): PartRecord => {
  const bytes = meta.get(key)
  return bytes === undefined ? noPart : decodePart(bytes)
}

export class StateImportWriter {
  readonly #tables: Tables
  readonly #writer: LmdbWriter
  readonly #state: StateRecord
  readonly #part: StatePart
  readonly #settled: PartRecord
  readonly #builder: StateBuilder
  #staged = new StagedItems()
  #lastKey: HashValue.HashValue
  #items: number
  #frontier: Uint8Array
  /** A write failed: the builder no longer matches the tables. */
  #broken = false

  constructor(tables: Tables, writer: LmdbWriter, state: StateRecord, part: StatePart) {
    this.#tables = tables
    this.#writer = writer
    this.#state = state
    this.#part = part
    this.#settled = partOf(tables, part === "values" ? metaKeys.values : metaKeys.tree)
    this.#builder = StateBuilder.restore(
      state.version,
      (key, node) => put(tables.nodes, key, node),
      this.#settled.unfinished
    )
    this.#lastKey = this.#settled.lastKey
    this.#items = this.#settled.items
    this.#frontier = this.#settled.frontier
  }

  get settled(): PartRecord {
    return this.#settled
  }

  stage(items: StateSnapshotVerifier.HashedItems): void {
    this.#staged.add(items)
  }

  /** Writes the staged items once they are enough for a transaction. */
  flush(): void {
    if (this.#staged.records.length >= writeBytes) this.#write(() => undefined)
  }

  /** All items staged so far are proven. */
  settle(frontier: Uint8Array): void {
    this.#frontier = frontier
    this.#write(() => this.#save(false))
  }

  #write(andThen: () => void): void {
    if (this.#broken) refuse("state import", "Io", "an earlier write failed: begin the import again")
    this.#broken = true
    const { keyHashes, leafHashes, records: { count } } = this.#staged
    this.#writer.transaction(() => {
      if (this.#part !== "tree") this.#putValues()
      if (this.#part !== "values") this.#builder.push(keyHashes.bytes, leafHashes.bytes, count)
      if (count > 0) this.#lastKey = keyHashes.bytes.slice((count - 1) * size, count * size)
      this.#items += count
      andThen()
    })
    // The builder keeps the arrays of hashes: it places an item only once it knows the next one.
    this.#staged = new StagedItems()
    this.#broken = false
  }

  #putValues(): void {
    const { keyHashes, records } = this.#staged
    const key = new Uint8Array(valueKeyBytes)
    for (let index = 0; index < records.count; index++) {
      writeValueKey(key, keyHashes.bytes, index * size, this.#state.version)
      append(this.#tables.values, key, records.record(index))
    }
  }

  #save(complete: boolean): void {
    const { meta } = this.#tables
    const part = { complete, items: this.#items, lastKey: this.#lastKey, frontier: this.#frontier }
    if (this.#part !== "tree") put(meta, metaKeys.values, encodePart({ ...part, unfinished: noPart.unfinished }))
    if (this.#part !== "values") put(meta, metaKeys.tree, encodePart({ ...part, unfinished: this.#builder.save() }))
  }

  /** All items were settled. `publish` runs in the same transaction once both parts are complete. */
  finish(publish: (items: number) => void): void {
    this.#writer.transaction(() => {
      this.#save(true)
      if (this.#part !== "values") this.#checkRoot(this.#builder.finish().hash)
      const values = partOf(this.#tables, metaKeys.values)
      const tree = partOf(this.#tables, metaKeys.tree)
      if (values.complete && tree.complete) publish(this.#items)
    })
  }

  #checkRoot(built: HashValue.HashValue): void {
    const { root, version } = this.#state
    if (Bytes.equalBytes(built, root)) return
    refuse(
      "state import",
      "Corrupt",
      `the items of version ${version} lead to state root ${HashValue.format(built)}, not to ${HashValue.format(root)}`
    )
  }
}

/** Removes all records behind the last settled item. The tables must hold nothing but this state. */
export const discardStaged = (tables: Tables, writer: LmdbWriter, version: number): void => {
  const values = partOf(tables, metaKeys.values)
  removeFrom(writer, tables.values, values.items === 0 ? undefined : valueKey(values.lastKey, 0, version + 1))
  const { complete, items, lastKey } = partOf(tables, metaKeys.tree)
  if (complete) return
  const path = pathTo(lastKey, 0, items === 0 ? 0 : nibbles)
  writer.transaction(() => {
    // Records on the path to the last item are incomplete until the next items are known.
    for (let length = 0; length < path.length; length++) {
      tables.nodes.removeSync(nodeKey(version, path.subarray(0, length)))
    }
  })
  removeFrom(writer, tables.nodes, nodeKey(version, path))
}
