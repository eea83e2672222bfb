/**
 * `backup-maintenance compact`: joins many small metadata files into few.
 */
import * as Compaction from "@holdfast/engine/Compaction"
import * as NumberText from "@holdfast/engine/NumberText"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { toFailure } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"

const { factors, retentionSeconds, retries } = Compaction.defaultOptions

const factor = (kind: string, entries: string, value: number) =>
  Flag.withDefault(`${kind}-file-compact-factor`, Values.count, `${entries} in one file, at most`, value)

export const maintenanceCompact = leaf(
  "compact",
  "Join small metadata files, and move the replaced files aside after a while",
  {
    epochEndings: factor("epoch-ending", "Epoch ending entries", factors.epochEndings),
    stateSnapshots: factor("state-snapshot", "State snapshot entries", factors.stateSnapshots),
    transactions: factor("transaction", "Transaction entries", factors.transactions),
    removeCompactedFileAfter: Flag.withDefault(
      "remove-compacted-file-after",
      Values.integer("SECONDS"),
      "How long a replaced file stays in place for its readers, in seconds",
      retentionSeconds
    ),
    concurrentDownloads: Flags.concurrentDownloads,
    ...Flags.storage
  },
  ({ concurrentDownloads, epochEndings, removeCompactedFileAfter, stateSnapshots, transactions, ...flags }) =>
    Effect.gen(function*() {
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
      yield* Output.result({
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
            `${style.bold("compacted")} ${NumberText.counted(files, "metadata file")} into ${
              NumberText.count(compacted)
            }, ${NumberText.count(saved.length)} of them new`,
            `  ${NumberText.counted(moved.length, "replaced file")} moved aside, ${
              NumberText.count(waiting)
            } not old enough yet`
          ].join("\n")
      })
    }).pipe(Effect.provide(Storage.layer(flags, concurrentDownloads)))
)
