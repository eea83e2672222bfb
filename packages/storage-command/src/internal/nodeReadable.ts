/**
 * Pulls bytes out of a Node stream in paused mode: nothing is read ahead of the consumer but the stream's own buffer, so
 * a slow consumer slows the producer down.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Readable } from "node:stream"
import type { Pull } from "./processSystem.ts"

export const make = (stream: Readable): Pull => {
  let ended = false
  let broken: Error | undefined
  let waiter: (() => void) | undefined

  const wake = () => {
    const wakeUp = waiter
    waiter = undefined
    wakeUp?.()
  }
  // These listeners stay for the life of the stream. The one for `readable` also keeps Node from setting the stream
  // flowing when the process exits, which would throw away what nobody has read yet.
  stream.on("readable", wake)
  stream.on("end", () => {
    ended = true
    wake()
  })
  stream.on("error", (error) => {
    broken ??= error
    wake()
  })
  stream.on("close", () => {
    if (!ended) broken ??= new Error("the stream was closed before its end")
    wake()
  })

  const ready = (): Uint8Array | undefined => {
    const bytes: unknown = stream.read()
    return bytes instanceof Uint8Array && bytes.length > 0 ? bytes : undefined
  }

  const next = Effect.async<Uint8Array, Option.Option<Error>>((resume) => {
    const attempt = () => {
      const bytes = ready()
      if (bytes !== undefined) resume(Effect.succeed(bytes))
      else if (ended) resume(Effect.fail(Option.none()))
      else if (broken !== undefined) resume(Effect.fail(Option.some(broken)))
      else waiter = attempt
    }
    attempt()
    return Effect.sync(() => {
      waiter = undefined
    })
  })

  return { next, ready }
}
