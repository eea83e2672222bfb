/**
 * The program ended by KILL at random moments of what it writes to a store: it goes on, and nobody can tell.
 */
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { BadAnswer } from "../support/answers.ts"
import { crashes, type RunFailed, type WritingProgram } from "../support/crashes.ts"
import { built } from "../support/holdfast.ts"
import { Objections, options, say, type UsageError } from "./options.ts"

type Failure =
  | UsageError
  | Objections
  | RunFailed
  | BadAnswer
  | LedgerStoreError.LedgerStoreError
  | LedgerStoreError.LedgerStoreOpenError

/** The endurance test of a program, which is prepared below a folder. */
export const crash =
  <E>(prepare: (folder: string) => Effect.Effect<WritingProgram, E, Scope.Scope>) =>
  (args: ReadonlyArray<string>): Effect.Effect<void, Failure | E> =>
    Effect.scoped(Effect.gen(function*() {
      const chosen = yield* options(args, { seed: 1, count: 100 })
      const written = yield* prepare(yield* TempDirectory.make)
      yield* say(`${chosen.count} runs that are killed, seed ${chosen.seed}`)
      const { answers, killed, stores, wrong } = yield* crashes(written, { ...chosen, program: built })
      yield* say(`${killed} killed; ${stores} stores were finished all the same, each compared in ${answers} answers`)
      if (wrong.length > 0) return yield* new Objections({ found: wrong })
    }))
