/**
 * The signals that ask this process to stop.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { Signal } from "./ExitCode.ts"

const names: ReadonlyArray<Signal> = ["SIGINT", "SIGTERM", "SIGHUP"]

/** Nobody sends more that matter. */
const remembered = 4

/** The signals that arrive while the scope is open, instead of what they do by default. */
export const listen: Effect.Effect<Queue.Dequeue<Signal>, never, Scope.Scope> = Effect.gen(function*() {
  const queue = yield* Queue.sliding<Signal>(remembered)
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
