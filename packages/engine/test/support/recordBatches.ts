import * as Frames from "@holdfast/ledger/Frames"

/** A record of that many bytes, told from others by its number. */
export const recordOf = (index: number, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, at) => (index * 31 + at) % 251)

/** The batches that the records are received in, when what is received is cut into buffers of these lengths in turn. */
export const batchesOf = (
  records: ReadonlyArray<Uint8Array>,
  bufferLengths: ReadonlyArray<number>
): ReadonlyArray<Frames.RecordBatch> => {
  const bytes = Frames.frame(records)
  const splitter = new Frames.FrameSplitter({ maxRecordBytes: 1_000_000 })
  const batches: Array<Frames.RecordBatch> = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = bufferLengths[turn % bufferLengths.length] ?? bytes.length
    batches.push(...splitter.push(bytes.subarray(at, at + length)))
    at += length
  }
  splitter.finish()
  return batches
}
