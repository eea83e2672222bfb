/**
 * `pnpm bench [--only PATTERN] [--quick] [--repeat N]` measures what Holdfast is measured by, and prints it beside the
 * figures of today's tool: a table on stdout, progress on stderr.
 *
 * - `--only`: the measurements whose names match the regular expression
 * - `--quick`: a twentieth of the size, where starting up weighs as much as the work
 * - `--repeat`: runs of each, 3 unless given; the best one counts
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"
import { measurements, remarks } from "./measurements.ts"
import { runProgram } from "./program.ts"
import { type Measured, runAll } from "./run.ts"
import { figure, table } from "./table.ts"

const quickScale = 20

class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

const usage = (message: string): UsageError => new UsageError({ message })

const options = Effect.try({
  try: () =>
    parseArgs({
      args: process.argv.slice(2),
      options: {
        only: { type: "string", default: "" },
        quick: { type: "boolean", default: false },
        repeat: { type: "string", default: "3" }
      }
    }).values,
  catch: (error) => usage(error instanceof Error ? error.message : String(error))
})

const row = (
  { cpuSeconds, measurement: { goal, name, today, todayMemory, unit }, peakBytes, rate, seconds }: Measured
) => [
  name,
  figure(rate),
  unit,
  goal === undefined ? "" : `${figure(goal)} ${rate >= goal ? "reached" : "MISSED"}`,
  today ?? "–",
  `${seconds.toFixed(1)} s`,
  `${cpuSeconds.toFixed(1)} s`,
  `${Math.ceil(peakBytes / 1e6)} MB`,
  todayMemory ?? "–"
]

const heading = ["measurement", "Holdfast", "", "goal", "today's tool", "elapsed", "CPU", "memory", "today's tool"]
const rightAligned = new Set([1, 5, 6, 7])

const program = Effect.gen(function*() {
  const { only, quick, repeat } = yield* options
  const pattern = yield* Effect.try({
    try: () => new RegExp(only),
    catch: () => usage(`--only ${only} is no regular expression`)
  })
  const chosen = measurements.filter(({ name }) => pattern.test(name))
  if (chosen.length === 0) return yield* usage(`no measurement has a name that matches ${only}`)
  if (!/^[1-9]\d?$/.test(repeat)) return yield* usage(`--repeat ${repeat} is no number of runs from 1 to 99`)
  const results = yield* runAll(chosen, { scale: quick ? quickScale : 1, repeat: Number(repeat) })
  const lines = table([heading, ...results.map(row)], rightAligned)
  process.stdout.write(`${[...lines, "", ...remarks].join("\n")}\n`)
})

runProgram(program)
