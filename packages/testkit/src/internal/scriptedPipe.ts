/**
 * A pipe between scripted processes: it holds a bounded number of bytes, ends when nobody can write to it any more, and
 * breaks when nobody can read from it any more.
 */
import * as Effect from "effect/Effect"

const capacity = 64 * 1024

export interface ScriptedPipe {
  readonly openForWriting: (who: object) => void
  readonly openForReading: (who: object) => void
  readonly close: (who: object) => void
  /** Whether it took the bytes; nobody reads any more if it did not. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<boolean>
  /** The next bytes; nothing at the end. */
  readonly read: Effect.Effect<Uint8Array | undefined>
  readonly ready: () => Uint8Array | undefined
  /** Whether it holds bytes that nobody can read any more. */
  readonly isLost: () => boolean
}

export const make = (): ScriptedPipe => {
  const held: Array<Uint8Array> = []
  let length = 0
  const writers = new Set<object>()
  const readers = new Set<object>()
  const waiting = new Set<() => void>()

  const changed = (): void => {
    const asked = Array.from(waiting)
    for (const look of asked) if (waiting.has(look)) look()
  }

  /** Looks whenever something changed, until there is an answer. */
  const when = <A>(answer: () => Effect.Effect<A> | undefined): Effect.Effect<A> =>
    Effect.async((resume) => {
      const look = () => {
        // An answer may change the pipe, and must not be asked for again because of that.
        waiting.delete(look)
        const found = answer()
        if (found === undefined) waiting.add(look)
        else resume(found)
      }
      look()
      return Effect.sync(() => waiting.delete(look))
    })

  const ready = (): Uint8Array | undefined => {
    const bytes = held.shift()
    if (bytes === undefined) return undefined
    length -= bytes.length
    changed()
    return bytes
  }

  return {
    openForWriting: (who) => {
      writers.add(who)
    },
    openForReading: (who) => {
      readers.add(who)
    },
    close: (who) => {
      const wrote = writers.delete(who)
      const read = readers.delete(who)
      if (wrote || read) changed()
    },
    write: (bytes) =>
      when(() => {
        if (readers.size === 0) return Effect.succeed(false)
        if (length >= capacity) return undefined
        held.push(Uint8Array.from(bytes))
        length += bytes.length
        changed()
        return Effect.succeed(true)
      }),
    read: when(() => {
      const bytes = ready()
      if (bytes !== undefined) return Effect.succeed(bytes)
      return writers.size === 0 ? Effect.succeed(undefined) : undefined
    }),
    ready,
    isLost: () => readers.size === 0 && length > 0
  }
}
