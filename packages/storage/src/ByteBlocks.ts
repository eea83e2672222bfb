/**
 * Cuts a stream of byte arrays of any size into blocks that are worth a system call each.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Bytes that are written at once, at most. */
export const blockBytes = 256 * 1024

/**
 * Runs `write` for every block, in order, the next one only after the last one is done. Small arrays are gathered,
 * large ones are passed on in slices without a copy. A block is only valid while `write` runs: its memory is used again.
 */
export const runForEachBlock = <E, R, E2, R2>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  write: (block: Uint8Array) => Effect.Effect<void, E2, R2>
): Effect.Effect<void, E | E2, R | R2> =>
  Effect.suspend(() => {
    let gathered: Uint8Array | undefined
    let used = 0

    const flush = Effect.suspend(() => {
      if (gathered === undefined || used === 0) return Effect.void
      const block = gathered.subarray(0, used)
      used = 0
      return write(block)
    })
    const pass = (array: Uint8Array): Effect.Effect<void, E2, R2> =>
      array.length <= blockBytes
        ? write(array)
        : Effect.zipRight(write(array.subarray(0, blockBytes)), Effect.suspend(() => pass(array.subarray(blockBytes))))

    const add = (array: Uint8Array): Effect.Effect<void, E2, R2> => {
      if (array.length >= blockBytes / 4) return Effect.zipRight(flush, pass(array))
      if (used + array.length > blockBytes) return Effect.zipRight(flush, Effect.suspend(() => add(array)))
      gather(array)
      return Effect.void
    }
    const gather = (array: Uint8Array): void => {
      gathered ??= new Uint8Array(blockBytes)
      gathered.set(array, used)
      used += array.length
    }

    // Arrays that only have to be gathered cost no effect each, however many a chunk holds.
    const addAll = (arrays: ReadonlyArray<Uint8Array>, from: number): Effect.Effect<void, E2, R2> =>
      Effect.suspend(() => {
        for (let index = from; index < arrays.length; index++) {
          const array = arrays[index]
          if (array === undefined) continue
          if (array.length < blockBytes / 4 && used + array.length <= blockBytes) gather(array)
          else return Effect.zipRight(add(array), addAll(arrays, index + 1))
        }
        return Effect.void
      })

    return Effect.zipRight(
      Stream.runForEachChunk(bytes, (chunk) => addAll(Chunk.toReadonlyArray(chunk), 0)),
      flush
    )
  })
