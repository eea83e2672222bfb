/**
 * The program ended by KILL at random moments of running backups: its commands end, by
 * themselves or by the next start, and what is stored verifies.
 */
import * as Effect from "effect/Effect"
import { killedBackups, type NeverHappened } from "../pipelines/support/killedBackups.ts"
import { type Failure, layerNode } from "../pipelines/support/node.ts"
import { built } from "../support/holdfast.ts"
import { Objections, options, say, type UsageError } from "./options.ts"

export const kill = (
  args: ReadonlyArray<string>
): Effect.Effect<void, UsageError | Objections | Failure | NeverHappened> =>
  Effect.gen(function*() {
    const chosen = yield* options(args, { seed: 1, count: 50 })
    yield* say(`${chosen.count} backups that are killed, seed ${chosen.seed}`)
    const { finished, killed, outlived, reclaimed, wrong } = yield* Effect.provide(
      killedBackups({ ...chosen, program: built }),
      layerNode
    )
    yield* say(`${killed} killed in the middle, ${finished} were quicker`)
    yield* say(`${outlived} processes outlived them for a moment, ${reclaimed} hung until the next start; none is left`)
    if (wrong.length > 0) return yield* new Objections({ found: wrong })
  })
