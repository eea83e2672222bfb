import * as Frames from "@holdfast/ledger/Frames"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/**
 * Cuts a stream of bytes into batches of whole records. `wrong` says what it means that the bytes are no run of records.
 */
export const records = <E, R, E2>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  maxRecordBytes: number,
  wrong: (error: Frames.FrameError) => E2
): Stream.Stream<Frames.RecordBatch, E | E2, R> =>
  Stream.suspend(() => {
    const splitter = new Frames.FrameSplitter({ maxRecordBytes })
    const attempt = <A>(split: () => A): Effect.Effect<A, E2> =>
      Effect.suspend(() => {
        try {
          return Effect.succeed(split())
        } catch (error) {
          return error instanceof Frames.FrameError ? Effect.fail(wrong(error)) : Effect.die(error)
        }
      })
    return bytes.pipe(
      Stream.mapEffect((part) => attempt(() => splitter.push(part))),
      Stream.concat(Stream.execute(attempt(() => splitter.finish()))),
      Stream.flattenIterables
    )
  })
