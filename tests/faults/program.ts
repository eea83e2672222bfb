/**
 * A program of its own for tests that need one: it starts storage commands, and ends as no scope sees coming, or runs where
 * resources are few. Speaks JSON on stdout.
 */
import { NodeContext } from "@effect/platform-node"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as CommandRegistry from "@holdfast/storage-command/CommandRegistry"
import * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as v8 from "node:v8"

const say = (what: unknown) =>
  Effect.sync(() => {
    fs.writeSync(1, `${JSON.stringify(what)}\n`)
  })

const spawn = (script: string, input = true) =>
  StorageCommand.spawn({
    operation: "write",
    subject: "0-.chunk",
    script,
    environment: [],
    parameters: {},
    input,
    settings: { killGrace: "2 seconds" }
  })

const writer = "echo handle; exec 1>&-; "

const scripts = [
  `${writer} gzip -c | cat > /dev/null`,
  `${writer} trap '' TERM; while :; do sleep 1 || :; done`,
  `${writer} (sleep 1000 < /dev/null > /dev/null 2>&1 &) ; (setsid sleep 1000 < /dev/null > /dev/null 2>&1 &) ; sleep 1000`
]

/** Starts commands, says so, and goes the given way. */
const leave = (how: string, folder: string) =>
  Effect.gen(function*() {
    const commands = yield* Effect.forEach(scripts, (script) => spawn(script))
    yield* Effect.forEach(commands, ({ handle }) => handle)
    yield* Effect.sleep("200 millis")
    yield* say({ groups: commands.map(({ pid }) => pid) })
    if (how === "exit") return yield* Effect.sync(() => process.exit(7))
    if (how === "throw") {
      setTimeout(() => {
        throw new Error("nobody catches this")
      }, 0)
    }
    return yield* Effect.never
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(
      CommandPool.layer,
      CommandRegistry.layer({ directory: folder }).pipe(Layer.provide(NodeContext.layer))
    ))
  )

const failedWrite = (index: number) =>
  Effect.scoped(Effect.gen(function*() {
    const command = yield* spawn("echo handle; exec 1>&-; gzip -c | cat > /dev/null")
    yield* command.handle
    yield* command.feed(
      index % 2 === 0 ? Stream.make(new Uint8Array(1_000)) : Stream.fail("the source failed" as const)
    )
    yield* command.confirm
  }))

/** Many writes, of which every second one fails; then says how many processes are left but process 1, zombies among them. */
const many = Effect.gen(function*() {
  yield* Effect.forEach(Array.from({ length: 40 }), (_, index) => Effect.exit(failedWrite(index)), { concurrency: 8 })
  const left = fs.readdirSync("/proc").filter((entry) =>
    /^\d+$/.test(entry) && ![1, process.pid].includes(Number(entry))
  )
  yield* say({ pid: process.pid, left: left.length })
}).pipe(Effect.provide(CommandPool.layer))

/** A command that says hundreds of megabytes on stderr; says how much memory that took. */
const noisy = Effect.gen(function*() {
  const before = process.memoryUsage()
  let most = 0
  yield* Effect.scoped(Effect.gen(function*() {
    const command = yield* spawn("head -c 200000000 /dev/zero >&2; echo 'the end' >&2", false)
    yield* Effect.raceFirst(
      Stream.runDrain(command.output),
      Effect.forever(Effect.zipRight(
        Effect.sync(() => {
          most = Math.max(most, process.memoryUsage().rss - before.rss)
        }),
        Effect.sleep("20 millis")
      ))
    )
    yield* say({ growth: most, heap: v8.getHeapStatistics().used_heap_size, said: (yield* command.said).length })
  }))
}).pipe(Effect.provide(CommandPool.layer))

/** Takes all descriptors but a few. */
const takeDescriptors = Effect.sync(() => {
  const taken: Array<number> = []
  try {
    while (true) taken.push(fs.openSync("/dev/null", "r"))
  } catch {
    for (const descriptor of taken.slice(-24)) fs.closeSync(descriptor)
  }
})

/** Starts commands until one cannot be started; says why. Each is one process. */
const greedy = Effect.gen(function*() {
  const error = yield* Effect.flip(Effect.scoped(Effect.forever(spawn("exec sleep 1000", false))))
  const left = fs.readdirSync("/proc").filter((entry) => {
    try {
      return /^\d+$/.test(entry) && fs.readFileSync(`/proc/${entry}/stat`, "latin1").split(" ")[3] === `${process.pid}`
    } catch {
      return false
    }
  })
  yield* say({ reason: error.reason, detail: error.detail, left: left.length })
}).pipe(Effect.provide(CommandPool.layerOf({ maxCommands: 1_000 })))

const [mode = "", how = "", folder = ""] = process.argv.slice(2)

const main = mode === "leave"
  ? leave(how, folder)
  : mode === "many"
  ? many
  : mode === "noisy"
  ? noisy
  : mode === "few descriptors"
  ? Effect.zipRight(takeDescriptors, greedy)
  : greedy

await Effect.runPromise(main)
