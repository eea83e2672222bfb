/**
 * The writes of `pnpm soak commands`, in a process of their own that may open few files.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { runProgram } from "../bench/program.ts"
import { faultedWrites, objections } from "../pipelines/support/faultedWrites.ts"
import { Objections, options, say } from "./options.ts"

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

runProgram(Effect.gen(function*() {
  const chosen = yield* options(process.argv.slice(2), { seed: 1, count: 10_000 })
  const started = yield* Clock.currentTimeMillis
  const report = yield* faultedWrites(chosen)
  const { descriptors, faults, heap, left, writes, zombies, zombiesOfProcess1 } = report
  const seconds = ((yield* Clock.currentTimeMillis) - started) / 1_000
  yield* say(`writes       ${writes}`)
  for (const [fault, count] of [...faults].sort(([a], [b]) => a < b ? -1 : 1)) {
    yield* say(`  ${fault.padEnd(20)} ${count}`)
  }
  yield* say(`left         ${left} processes, ${zombies} zombies`)
  yield* say(`             ${zombiesOfProcess1} zombies that killed shells left to process 1`)
  yield* say(`descriptors  ${descriptors.before} before, ${descriptors.after} after, ${descriptors.peak} at most`)
  yield* say(`heap         ${megabytes(heap.before)} before, ${megabytes(heap.after)} after`)
  yield* say(`seconds      ${seconds.toFixed(1)}`)
  const found = objections(report)
  if (found.length > 0) return yield* new Objections({ found })
}))
