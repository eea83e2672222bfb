/**
 * Framed records over a stream of bytes.
 */
import * as Frames from "@holdfast/ledger/Frames"
import * as Stream from "effect/Stream"
import * as LedgerRefusal from "./LedgerRefusal.ts"

/** How to cut a stream. */
export interface RecordsOptions<E> {
  /** Largest payload of a record, in bytes. */
  readonly maxRecordBytes: number
  /** The error for a record over the limit (`RecordTooLarge`), and for a stream that ends within a record (`Truncated`). */
  readonly refused: (refusal: LedgerRefusal.Refusal) => E
}

/**
 * Cuts a stream of bytes, whose elements end anywhere, into batches of whole records. Batches are views on the elements,
 * which must not change afterwards; see `Frames.FrameSplitter`.
 */
export const batches = <E, R, E2>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  { maxRecordBytes, refused }: RecordsOptions<E2>
): Stream.Stream<Frames.RecordBatch, E | E2, R> =>
  Stream.suspend(() => {
    const splitter = new Frames.FrameSplitter({ maxRecordBytes })
    return bytes.pipe(
      Stream.mapEffect((part) => LedgerRefusal.attempt(() => splitter.push(part), refused)),
      Stream.concat(Stream.execute(LedgerRefusal.attempt(() => splitter.finish(), refused))),
      Stream.flattenIterables
    )
  })
