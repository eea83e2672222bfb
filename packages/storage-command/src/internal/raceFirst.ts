/**
 * A race whose loser is gone when it is over, however it is over.
 *
 * `Effect.raceFirst` does not see to that, in the version of Effect that this project pins: where a sibling in
 * `Effect.all` or `Effect.forEach` fails, both who race live on as children of whoever waits for the siblings, and a
 * stream that one of them reads is closed only when that one ends.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Ends as the first of the two does, in success or failure, after the other one was interrupted and has ended. */
export const raceFirst = <A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R>,
  that: Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.scopedWith((scope) =>
    Effect.gen(function*() {
      const first = yield* Deferred.make<A | A2, E | E2>()
      yield* Effect.forkIn(Effect.intoDeferred(self, first), scope)
      yield* Effect.forkIn(Effect.intoDeferred(that, first), scope)
      return yield* Deferred.await(first)
    })
  )
