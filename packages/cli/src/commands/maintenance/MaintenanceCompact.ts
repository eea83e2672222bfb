/**
 * `backup-maintenance compact`: many small metadata files become few.
 */
import * as Compaction from "@holdfast/engine/Compaction"
import * as Figures from "@holdfast/engine/Figures"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { toFailure } from "../../exit/CliError.ts"
import { flags as flagsOf, leaf } from "../../flags/CommandTree.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"

const { factors, retentionSeconds, retries } = Compaction.defaultOptions

const factor = (kind: string, of: string, standard: number) =>
  Flag.standard({
    name: `${kind}-file-compact-factor`,
    placeholder: "N",
    description: `How many ${of} go into one file`,
    parse: Values.integer(1)
  }, standard)

export const maintenanceCompact = leaf(
  "compact",
  "Join small metadata files, and move aside what they replace after a while",
  flagsOf({
    epochEndings: factor("epoch-ending", "epoch-ending entries", factors.epochEndings),
    stateSnapshots: factor("state-snapshot", "state snapshot entries", factors.stateSnapshots),
    transactions: factor("transaction", "transaction entries", factors.transactions),
    removeCompactedFileAfter: Flag.standard({
      name: "remove-compacted-file-after",
      placeholder: "SECONDS",
      description: "How long a file that was replaced stays where it is, for those who are reading it",
      parse: Values.integer(0)
    }, retentionSeconds),
    concurrentDownloads: Flags.concurrentDownloads,
    ...Flags.storage,
    output: Flags.output
  }),
  ({ concurrentDownloads, epochEndings, removeCompactedFileAfter, stateSnapshots, transactions, ...flags }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
      const started = yield* Clock.currentTimeMillis
      const result = yield* Compaction.compact({
        factors: { epochEndings, stateSnapshots, transactions },
        retentionSeconds: removeCompactedFileAfter,
        concurrency: concurrentDownloads,
        retries
      })
      for (const { message } of result.problems) yield* Effect.logError(message)
      for (const warning of result.warnings) yield* Effect.logWarning(warning)
      const ok = result.problems.length === 0
      const { compacted, files, moved, saved, waiting, warnings } = result
      yield* output.result({
        json: {
          ok,
          files,
          compacted,
          saved,
          moved,
          waiting,
          warnings,
          ...(ok ? {} : { errors: result.problems.map(toFailure) }),
          seconds: ((yield* Clock.currentTimeMillis) - started) / 1000
        },
        text: (style) =>
          [
            `${style.bold("compacted")} ${Figures.counted(files, "metadata file")} into ${Figures.count(compacted)}, ${
              Figures.count(saved.length)
            } of them new`,
            `  ${Figures.counted(moved.length, "replaced file")} moved aside, ${Figures.count(waiting)} waiting for it`
          ].join("\n")
      })
    }).pipe(Effect.provide(Storage.layer(flags, concurrentDownloads)))
)
