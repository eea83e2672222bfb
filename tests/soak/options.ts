/**
 * What follows the name of an endurance test: `--seed S` and `--count N`.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"

export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

export interface Options {
  readonly seed: number
  readonly count: number
}

const integer = (name: string, text: string): Effect.Effect<number, UsageError> =>
  /^\d{1,9}$/.test(text) ? Effect.succeed(Number(text)) : new UsageError({ message: `--${name} ${text} is no number` })

/** The options, or those that the test has without any. */
export const options = (args: ReadonlyArray<string>, standard: Options): Effect.Effect<Options, UsageError> =>
  Effect.gen(function*() {
    const { count, seed } = yield* Effect.try({
      try: () =>
        parseArgs({
          args: [...args],
          options: {
            seed: { type: "string", default: String(standard.seed) },
            count: { type: "string", default: String(standard.count) }
          }
        }).values,
      catch: (error) => new UsageError({ message: error instanceof Error ? error.message : String(error) })
    })
    return { seed: yield* integer("seed", seed), count: yield* integer("count", count) }
  })

/** What speaks against the result of an endurance test. */
export class Objections extends Data.TaggedError("Objections")<{ readonly found: ReadonlyArray<string> }> {
  override get message(): string {
    return this.found.join("\n")
  }
}

export const say = (line: string): Effect.Effect<void> => Effect.sync(() => void process.stdout.write(`${line}\n`))
