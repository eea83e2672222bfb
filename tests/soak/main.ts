/**
 * `pnpm soak [NAME…]` runs what takes too long for `npm test`: all endurance tests, or those named. Today there is one,
 * `memory`.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { runProgram } from "../bench/program.ts"
import { memory } from "./memory.ts"

const tests = new Map([["memory", memory]])

class UnknownTest extends Data.TaggedError("UnknownTest")<{ readonly name: string }> {
  override get message(): string {
    return `there is no endurance test '${this.name}'; there are: ${[...tests.keys()].join(", ")}`
  }
}

const program = Effect.gen(function*() {
  const names = process.argv.slice(2)
  const chosen = yield* Effect.forEach(names.length > 0 ? names : [...tests.keys()], (name) => {
    const test = tests.get(name)
    return test === undefined ? new UnknownTest({ name }) : Effect.succeed(test)
  })
  yield* Effect.all(chosen, { discard: true })
})

runProgram(program)
