import { frame, FrameSplitter, type RecordBatch } from "../src/Frames.ts"

/** The records of a stream that has arrived in one piece: one batch, or none for an empty stream. */
export const batchOf = (stream: Uint8Array): RecordBatch => {
  const splitter = new FrameSplitter({ maxRecordBytes: stream.length })
  const [batch] = splitter.push(stream)
  splitter.finish()
  return batch ?? { bytes: stream, count: 0, starts: new Uint32Array(0), ends: new Uint32Array(0) }
}

export const batchOfRecords = (records: ReadonlyArray<Uint8Array>): RecordBatch => batchOf(frame(records))

/** The payloads of a batch, copied. */
export const payloads = (batch: RecordBatch): ReadonlyArray<Uint8Array> =>
  Array.from({ length: batch.count }, (_, index) => batch.bytes.slice(batch.starts[index], batch.ends[index]))
