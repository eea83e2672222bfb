/**
 * Does one task in a process of its own, so that its memory and its compiled code are its own, and prints the outcome.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { backUp, restore, verify } from "./backups.ts"
import { hash, scan } from "./ledger.ts"
import { syncMetadata } from "./metadata.ts"
import { runProgram } from "./program.ts"
import { grow, serve, size } from "./serving.ts"
import { start } from "./starting.ts"
import { Outcome, Task } from "./task.ts"

/** How much a task did, and what it found out by itself of what is measured here otherwise. */
interface Done {
  readonly amount: number
  readonly per?: number
  readonly peakBytes?: number
  readonly seconds?: number
  readonly cpuSeconds?: number
}

const amount = (found: number): Done => ({ amount: found })

const run = (task: Task) => {
  switch (task._tag) {
    case "Hash":
      return Effect.sync(() => amount(hash(task)))
    case "Scan":
      return Effect.sync(() => amount(scan(task)))
    case "Verify":
      return Effect.map(verify(task), amount)
    case "Restore":
      return Effect.map(restore(task), amount)
    case "BackUp":
      return Effect.map(backUp(task), amount)
    case "SyncMetadata":
      return syncMetadata(task)
    case "Grow":
      return Effect.map(grow(task), amount)
    case "Serve":
      return Effect.map(serve(task), ({ seconds, ...served }): Done => ({ ...served, per: seconds }))
    case "Start":
      return Effect.map(start(task), (seconds): Done => ({ amount: 1, per: seconds }))
    case "Size":
      return Effect.map(size(task), ({ bytes, items }): Done => ({ amount: bytes, per: items }))
  }
}

const program = Effect.gen(function*() {
  const task = yield* Schema.decodeUnknown(Schema.parseJson(Task))(process.argv[2])
  const started = yield* Clock.currentTimeNanos
  const cpuBefore = process.cpuUsage()
  const done: Done = yield* run(task)
  const seconds = Number((yield* Clock.currentTimeNanos) - started) / 1e9
  const { system, user } = process.cpuUsage(cpuBefore)
  const outcome = {
    per: seconds,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    seconds,
    cpuSeconds: (system + user) / 1e6,
    ...done
  }
  process.stdout.write(`${JSON.stringify(yield* Schema.encode(Outcome)(outcome))}\n`)
})

runProgram(Effect.provide(program, NodeHttpClient.layerUndici))
