/**
 * Does one task in a process of its own, so that its memory and its compiled code are its own, and prints the outcome.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { backUp, restore, verify } from "./backups.ts"
import { hash, scan } from "./ledger.ts"
import { runProgram } from "./program.ts"
import { Outcome, Task } from "./task.ts"

const amountOf = (task: Task) => {
  switch (task._tag) {
    case "Hash":
      return Effect.sync(() => hash(task))
    case "Scan":
      return Effect.sync(() => scan(task))
    case "Verify":
      return verify(task)
    case "Restore":
      return restore(task)
    case "BackUp":
      return backUp(task)
  }
}

const program = Effect.gen(function*() {
  const task = yield* Schema.decodeUnknown(Schema.parseJson(Task))(process.argv[2])
  const started = yield* Clock.currentTimeNanos
  const cpuBefore = process.cpuUsage()
  const amount = yield* amountOf(task)
  const seconds = Number((yield* Clock.currentTimeNanos) - started) / 1e9
  const { system, user } = process.cpuUsage(cpuBefore)
  const peakBytes = process.resourceUsage().maxRSS * 1024
  const outcome = { amount, seconds, cpuSeconds: (system + user) / 1e6, peakBytes }
  process.stdout.write(`${JSON.stringify(yield* Schema.encode(Outcome)(outcome))}\n`)
})

runProgram(Effect.provide(program, NodeHttpClient.layerUndici))
