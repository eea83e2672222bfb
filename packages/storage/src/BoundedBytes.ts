/**
 * Collecting a stream of bytes that ought to be small: a listing, a manifest, an answer. Never more than a limit, and the
 * element that crosses it, is held.
 *
 * This module lies beside the contract and not with the framed records, because adapters collect too and know no ledger.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** All bytes of a stream. Fails with `tooLarge` where there are more than `maxBytes`. */
export const collect = <E, R, E2>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  maxBytes: number,
  tooLarge: () => E2
): Effect.Effect<Uint8Array, E | E2, R> =>
  Effect.filterOrFail(collectUntil(bytes, maxBytes), ({ length }) => length <= maxBytes, tooLarge)

/**
 * All bytes of a stream, or its beginning: reading stops behind the element with which more than `maxBytes` have come.
 */
export const collectUntil = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  maxBytes: number
): Effect.Effect<Uint8Array, E, R> =>
  Effect.suspend(() => {
    const parts: Array<Uint8Array> = []
    let length = 0
    const take = (part: Uint8Array) =>
      Effect.sync(() => {
        parts.push(part)
        length += part.length
        return length <= maxBytes
      })
    return Effect.map(Stream.runForEachWhile(bytes, take), () => concatenation(parts, length))
  })

const concatenation = (parts: ReadonlyArray<Uint8Array>, length: number): Uint8Array => {
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
