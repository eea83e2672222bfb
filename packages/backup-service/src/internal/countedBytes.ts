import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"

/** The counter rises by about so many bytes at a time, so that a piece of the stream costs one addition. */
const step = 1024 * 1024

/** The same stream, whose bytes the counter counts, up to whatever end the stream takes. */
export const countedBytes = <E, R>(
  stream: Stream.Stream<Uint8Array, E, R>,
  counter: Metric.Metric.Counter<number>
): Stream.Stream<Uint8Array, E, R> =>
  Stream.suspend(() => {
    let bytes = 0
    const count = Effect.suspend(() => {
      const counted = bytes
      bytes = 0
      return Metric.incrementBy(counter, counted)
    })
    return stream.pipe(
      Stream.mapChunksEffect((pieces) => {
        for (const piece of pieces) bytes += piece.length
        return bytes < step ? Effect.succeed(pieces) : Effect.as(count, pieces)
      }),
      Stream.ensuring(count)
    )
  })
