/**
 * `backup continuously` ended by KILL every few seconds for two minutes: all of it is there in the end, and verifies.
 */
import * as Effect from "effect/Effect"
import { built } from "../support/holdfast.ts"
import { killedCoordinators, type NeverHappened } from "../support/killedCoordinators.ts"
import { Objections, options, say, type UsageError } from "./options.ts"

export const killContinuously = (
  args: ReadonlyArray<string>
): Effect.Effect<void, UsageError | Objections | NeverHappened> =>
  Effect.gen(function*() {
    const chosen = yield* options(args, { seed: 1, count: 30 })
    yield* say(`${chosen.count} coordinators that are killed, seed ${chosen.seed}`)
    const { backups, killed, leftovers, wrong } = yield* killedCoordinators({ ...chosen, program: built })
    yield* say(`${killed} killed; ${backups} metadata files in the end; ${leftovers} files of killed ones cleaned up`)
    if (wrong.length > 0) return yield* new Objections({ found: wrong })
  })
