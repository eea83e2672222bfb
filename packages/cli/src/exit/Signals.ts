/**
 * The signals that ask this process to stop.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { Signal } from "./ExitCode.ts"

const names: ReadonlyArray<Signal> = ["SIGINT", "SIGTERM", "SIGHUP"]

/** Signals in the queue; a stop needs two. */
const capacity = 4

/** The signals that arrive while the scope is open, in place of their default action. */
export const listen: Effect.Effect<Queue.Dequeue<Signal>, never, Scope.Scope> = Effect.gen(function*() {
  const queue = yield* Queue.sliding<Signal>(capacity)
  const receive = (signal: NodeJS.Signals) => {
    const name = names.find((each) => each === signal)
    if (name !== undefined) queue.unsafeOffer(name)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => names.forEach((name) => process.on(name, receive))),
    () => Effect.sync(() => names.forEach((name) => process.off(name, receive)))
  )
  return queue
})
