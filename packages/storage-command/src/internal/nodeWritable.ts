/**
 * Pushes bytes into one end of a socket pair, one piece at a time: a piece counts as accepted when the system took all of
 * it.
 *
 * What the system took need not have been read. When the other end is closed for the last time, the system says on ours
 * whether bytes were left in it: the connection is reset then, else it ends. So this end is read as well, although
 * nothing is expected to come from there.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type { Duplex } from "node:stream"
import { onLiveClock } from "./liveClock.ts"
import type { Push } from "./processSystem.ts"
import { raceFirst } from "./raceFirst.ts"

/**
 * How long to wait for the word of the system: it has it as soon as the last process is gone. In several steps, since a
 * program that stood still looks at its clock before it looks at its sockets.
 */
const steps = 20
const stepTime = "25 millis"

export const make = (stream: Duplex): Push => {
  let broken: NodeJS.ErrnoException | undefined
  const unread = Deferred.unsafeMake<boolean>(FiberId.none)
  // Otherwise Node would announce the end of our data as soon as the other side says that it has none for us.
  stream.allowHalfOpen = true
  // Without a listener a broken pipe would be an uncaught exception of the whole program.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    broken ??= error
    if (error.code === "ECONNRESET") Deferred.unsafeDone(unread, Effect.succeed(true))
  })
  stream.on("end", () => {
    Deferred.unsafeDone(unread, Effect.succeed(false))
  })
  stream.resume()
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
    }),
    leftUnread: onLiveClock(
      raceFirst(Deferred.await(unread), Effect.as(Effect.repeatN(Effect.sleep(stepTime), steps - 1), false))
    )
  }
}
