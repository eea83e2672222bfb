/**
 * Pushes bytes into a Node stream, one piece at a time: a piece counts as accepted when the system took all of it.
 */
import * as Effect from "effect/Effect"
import type { Writable } from "node:stream"
import type { Push } from "./processSystem.ts"

export const make = (stream: Writable): Push => {
  let broken: NodeJS.ErrnoException | undefined
  // Without a listener a broken pipe would be an uncaught exception of the whole program.
  stream.on("error", (error) => {
    broken ??= error
  })
  return {
    write: (bytes) =>
      Effect.async<void, NodeJS.ErrnoException>((resume) => {
        if (broken !== undefined) resume(Effect.fail(broken))
        else {
          stream.write(bytes, (error) => {
            resume(error === undefined || error === null ? Effect.void : Effect.fail(error))
          })
        }
      }),
    end: Effect.sync(() => {
      stream.end()
    })
  }
}
