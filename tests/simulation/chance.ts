import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

export const chance = (percent: number): Effect.Effect<boolean> =>
  Effect.map(Random.nextIntBetween(0, 1_000), (drawn) => drawn < 10 * percent)
