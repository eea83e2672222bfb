/**
 * Deadlines that let go at once.
 *
 * `Effect.timeout` and its kin do not, in the version of Effect that this project pins: where a sibling in
 * `Effect.all` or `Effect.forEach` fails, an effect under such a timeout is interrupted, but waited for until its whole
 * duration is over.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { raceFirst } from "./raceFirst.ts"

/** Fails where the effect takes longer. */
export const within = <E2>(duration: Duration.DurationInput, onTimeout: () => E2) =>
<A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | E2, R> =>
  raceFirst(effect, Effect.flatMap(Effect.sleep(duration), () => Effect.fail(onTimeout())))
