/**
 * `pnpm bench [--only PATTERN] [--quick] [--repeat N]` measures what Holdfast is measured by, and prints it beside the
 * figures of today's tool. Progress goes to stderr, the table to stdout.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"
import { measurements, remarks } from "./measurements.ts"
import * as Progress from "./progress.ts"
import { type Measured, runAll } from "./run.ts"
import { figure, table } from "./table.ts"

const quickScale = 20

class NothingMatches extends Data.TaggedError("NothingMatches")<{ readonly message: string }> {}

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    only: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    repeat: { type: "string", default: "3" }
  }
})

const row = ({ cores, measurement: { goal, name, today, todayMemory, unit }, peakBytes, rate }: Measured) => [
  name,
  figure(rate),
  unit,
  goal === undefined ? "" : `${figure(goal)} ${rate >= goal ? "reached" : "MISSED"}`,
  today ?? "–",
  cores.toFixed(1),
  `${Math.ceil(peakBytes / 1e6)} MB`,
  todayMemory ?? "–"
]

const heading = ["measurement", "Holdfast", "", "goal", "today's tool", "cores", "memory", "today's tool"]
const rightAligned = new Set([1, 5, 6])

const program = Effect.gen(function*() {
  const chosen = measurements.filter(({ name }) => new RegExp(values.only).test(name))
  if (chosen.length === 0) {
    return yield* new NothingMatches({ message: `no measurement has a name that matches ${values.only}` })
  }
  const options = { scale: values.quick ? quickScale : 1, repeat: Math.max(1, Number.parseInt(values.repeat, 10)) }
  const results = yield* runAll(chosen, options)
  const lines = table([heading, ...results.map(row)], rightAligned)
  process.stdout.write(`${[...lines, "", ...remarks].join("\n")}\n`)
})

NodeRuntime.runMain(Effect.provide(program, [NodeContext.layer, Progress.layer]), { disablePrettyLogger: true })
