/** Gathers framed records into the batches of a stream. */
import { batchBytes } from "./log.ts"

const headerBytes = 4

/** Batches of at most {@link batchBytes}; a larger record has a batch of its own. */
export class RecordBatches {
  #bytes = new Uint8Array(batchBytes)
  #length = 0

  /** Copies a record. Returns the batch before the record where that batch is complete. */
  push(record: Uint8Array): Uint8Array | undefined {
    const needed = headerBytes + record.length
    const complete = this.#length > 0 && this.#length + needed > batchBytes ? this.last() : undefined
    if (needed > this.#bytes.length) this.#bytes = new Uint8Array(needed)
    new DataView(this.#bytes.buffer).setUint32(this.#length, record.length)
    this.#bytes.set(record, this.#length + headerBytes)
    this.#length += needed
    return complete
  }

  /** The records since the last complete batch; `undefined` if there are none. */
  last(): Uint8Array | undefined {
    if (this.#length === 0) return undefined
    const batch = this.#bytes.subarray(0, this.#length)
    this.#bytes = new Uint8Array(batchBytes)
    this.#length = 0
    return batch
  }
}

/** Batches of records, each of which is valid until the next one is asked for. */
export function* batchesOf(records: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  const batches = new RecordBatches()
  for (const record of records) {
    const complete = batches.push(record)
    if (complete !== undefined) yield complete
  }
  const last = batches.last()
  if (last !== undefined) yield last
}
