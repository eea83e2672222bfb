/**
 * Coordinators, compactors, clean-ups and verifiers that are killed at random on a storage to which everything happens:
 * a run for each seed from the first on.
 */
import * as Effect from "effect/Effect"
import { simulate as run } from "../simulation/simulation.ts"
import { Objections, options, say, type UsageError } from "./options.ts"

const steps = 200

/** Each run that breaks says how to see it again. */
export const simulate = (args: ReadonlyArray<string>): Effect.Effect<void, UsageError | Objections> =>
  Effect.gen(function*() {
    const chosen = yield* options(args, { seed: 1, count: 20 })
    yield* say(`${chosen.count} runs of ${steps} steps, from seed ${chosen.seed} on`)
    const found: Array<string> = []
    for (let seed = chosen.seed; seed < chosen.seed + chosen.count; seed++) {
      yield* run({ seed, steps }).pipe(
        Effect.matchEffect({
          onFailure: ({ message }) => {
            found.push(message)
            return say(message)
          },
          onSuccess: ({ failed, faults, killed, removed, started, versions }) =>
            say(
              `seed ${seed}: ${started} programs, ${killed} killed, ${failed} failed; ${faults} faults of the storage; `
                + `${versions} versions; ${removed} files cleaned up`
            )
        })
      )
    }
    if (found.length > 0) return yield* new Objections({ found })
  })
