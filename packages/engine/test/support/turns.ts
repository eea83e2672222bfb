import * as Effect from "effect/Effect"

/** Gives all other fibers so many turns that those that can go on have gone on as far as they can. */
export const everybodyElse: Effect.Effect<void> = Effect.repeatN(Effect.yieldNow(), 500)

/** Takes a while, without a clock. */
export const aWhile = (turns: number): Effect.Effect<void> => Effect.repeatN(Effect.yieldNow(), turns)
