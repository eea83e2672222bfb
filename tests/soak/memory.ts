/**
 * Backing up, verifying and serving keep within a bound of memory that does not grow with the ledger: the peak resident
 * memory of processes that do nothing else, with the default settings, on the ledgers of the bench.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { measurements } from "../bench/measurements.ts"
import { runAll } from "../bench/run.ts"
import { table } from "../bench/table.ts"

/** Today's tool takes 418 MB to back up the state of this ledger and 781 MB to verify it. */
const limitBytes = 400e6

export class TooMuchMemory extends Data.TaggedError("TooMuchMemory")<{ readonly names: ReadonlyArray<string> }> {
  override get message(): string {
    return `over ${limitBytes / 1e6} MB: ${this.names.join(", ")}`
  }
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`

/** Prints the peaks; fails where one is over the limit. */
export const memory = Effect.gen(function*() {
  const chosen = measurements.filter(({ name }) => /^(verify|back up|serve) /.test(name))
  const results = yield* runAll(chosen, { scale: 1, repeat: 1 })
  const rows = results.map(({ measurement, peakBytes }) => [
    measurement.name,
    megabytes(peakBytes),
    measurement.todayMemory ?? "–"
  ])
  const lines = table(
    [["peak resident memory", `limit ${megabytes(limitBytes)}`, "today's tool"], ...rows],
    new Set([1])
  )
  process.stdout.write(`${lines.join("\n")}\n`)
  const over = results.filter(({ peakBytes }) => peakBytes > limitBytes)
  if (over.length > 0) return yield* new TooMuchMemory({ names: over.map(({ measurement }) => measurement.name) })
})
