/**
 * The verifier against seeded changes to every reference storage: each is found, or covered by no rule of a valid backup.
 */
import type * as EngineError from "@holdfast/engine/EngineError"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as fs from "node:fs"
import * as path from "node:path"
import { outcome, verifyWith } from "../golden/support/checkMutations.ts"
import { goldenStorages } from "../golden/support/facts.ts"
import { mutationsOf } from "../golden/support/mutations.ts"
import { Objections, options, say, type UsageError } from "./options.ts"

export const mutations = (
  args: ReadonlyArray<string>
): Effect.Effect<void, UsageError | Objections | EngineError.ImpossibleRequest | StorageError.StorageError> =>
  Effect.gen(function*() {
    const { count, seed } = yield* options(args, { seed: 1, count: 100 })
    if (!Golden.isPresent) return yield* say("the reference data (../shared/golden) are absent: nothing to change")
    yield* say(`${count} changes of each reference storage, seed ${seed}`)
    const missed: Array<string> = []
    for (const { layout, ledger } of goldenStorages) {
      const outcomes = new Map<string, number>()
      const add = (result: string) => outcomes.set(result, (outcomes.get(result) ?? 0) + 1)
      yield* Effect.scoped(Effect.gen(function*() {
        const folder = yield* TempDirectory.make
        fs.cpSync(path.join(Golden.ledgerFolder(ledger), layout), folder, { recursive: true })
        for (const mutation of mutationsOf(folder, seed, count)) {
          const report = yield* verifyWith(layout, folder, mutation)
          const result = outcome(folder, mutation, report)
          if (result === "found" || result.startsWith("not covered: ")) add(result)
          else {
            add("MISSED")
            missed.push(`${ledger}/${layout}/${mutation.file}: ${mutation.what}: ${result}`)
          }
        }
      })).pipe(Logger.withMinimumLogLevel(LogLevel.None))
      yield* say(`${ledger}/${layout}`)
      for (const [result, times] of [...outcomes].sort(([a], [b]) => a < b ? -1 : 1)) {
        yield* say(`  ${String(times).padStart(6)}  ${result}`)
      }
    }
    if (missed.length > 0) return yield* new Objections({ found: missed })
  })
