/**
 * `restore bootstrap-db`: restores a ledger from a storage into a ledger store.
 */
import * as NumberText from "@holdfast/engine/NumberText"
import * as Restore from "@holdfast/engine/Restore"
import type * as RestorePlan from "@holdfast/engine/RestorePlan"
import * as RestorePreview from "@holdfast/engine/RestorePreview"
import * as Retries from "@holdfast/engine/Retries"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UsageError } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as InterruptionReport from "../../terminal/InterruptionReport.ts"
import * as Output from "../../terminal/Output.ts"
import type { Style } from "../../terminal/Style.ts"
import * as RestoreFlags from "./RestoreFlags.ts"

/** The progress of a store that does not exist yet. */
const emptyStore: RestoreTarget.RestoreProgress = {
  nextEpoch: 0,
  state: Option.none(),
  firstVersion: 0,
  nextVersion: 0
}

export const restoreBootstrapDb = leaf(
  "bootstrap-db",
  "Restore a ledger into a store, from the newest state on or with its history",
  {
    targetDbDir: Flag.optional(...RestoreFlags.targetDbDir),
    dryRun: Flag.toggle("dry-run", "Only show what would be read, how many bytes, and how long a restore would take"),
    targetVersion: RestoreFlags.targetVersion("as far as the backups reach"),
    ledgerHistoryStartVersion: Flag.optional(
      "ledger-history-start-version",
      Values.version,
      "First version of the history to restore, with every transaction and state that follows (default no history)",
      { exclusiveGroup: "history" }
    ),
    replayAll: Flag.toggle("replay-all", "Restore the whole history, as --ledger-history-start-version 0 does", {
      exclusiveGroup: "history"
    }),
    skipEpochEndings: Flag.toggle(
      "skip-epoch-endings",
      "Read no epoch endings; the store must hold all that are needed"
    ),
    ...RestoreFlags.common
  },
  ({ dryRun, ledgerHistoryStartVersion, replayAll, skipEpochEndings, targetDbDir, targetVersion, ...common }) => {
    const goal: RestorePlan.RestoreGoal = {
      targetVersion,
      historyStartVersion: replayAll ? 0 : Option.getOrUndefined(ledgerHistoryStartVersion),
      skipEpochEndings
    }
    const directory = Option.getOrUndefined(targetDbDir)
    if (dryRun) {
      const progress = directory === undefined ? Effect.succeed(emptyStore) : progressOf(directory)
      return Effect.gen(function*() {
        yield* RestoreFlags.warnOfNoEffect
        const found = yield* RestorePreview.make(goal, yield* progress, common.concurrentDownloads)
        yield* Output.result({ json: { ok: true, ...found }, text: (style) => preview(found, style) })
      }).pipe(
        Effect.provideService(Retries.Reading, RestoreFlags.reading(common)),
        Effect.provide(Storage.layer(common, common.concurrentDownloads))
      )
    }
    if (directory === undefined) {
      return new UsageError({
        detail: "name the ledger store with --target-db-dir DIR, or look first with --dry-run"
      })
    }
    return Effect.gen(function*() {
      const found = yield* Restore.restore(goal, RestoreFlags.settings(common)).pipe(
        InterruptionReport.whenInterrupted(InterruptionReport.ofRestore(directory))
      )
      yield* Output.result({ json: { ok: true, ...found }, text: (style) => report(found, directory, style) })
    }).pipe(Effect.provide(RestoreFlags.layer(common, directory)))
  }
)

/** The progress of a store, which is only read. */
const progressOf = (directory: string) =>
  Effect.flatMap(RestoreTarget.RestoreTarget, (target) => target.progress).pipe(
    Effect.provide(LmdbLedgerStore.layer({ directory, readOnly: true })),
    Effect.catchIf(
      (error) => error._tag === "LedgerStoreOpenError" && error.reason === "Missing",
      () => Effect.succeed(emptyStore)
    )
  )

const line = (name: string, what: string, style: Style): string => `  ${style.dim(name.padEnd(15))} ${what}`

/** The result of a restore, for people. */
export const report = (found: Restore.RestoreReport, directory: string, style: Style): string =>
  [
    `${style.good("restored")} ${style.bold(`up to version ${found.version}`)}  ${
      style.dim(`(${NumberText.seconds(found.seconds)})`)
    }`,
    line("root of trust", found.trust, style),
    line("epoch", String(found.epoch), style),
    line("state", `${NumberText.counted(found.items, "item")}, root ${found.stateRoot}`, style),
    line("transactions", `${NumberText.count(found.transactions)}, accumulator root ${found.accumulatorRoot}`, style),
    line("ledger store", directory, style),
    ...found.notes.map((note) => `${style.accent("note")}  ${note}`)
  ].join("\n")

/** A size, where it is known. */
const about = (bytes: number | null): string =>
  bytes === null ? "unknown: the storage cannot list its files" : `about ${NumberText.bytes(bytes)}`

/** The preview of a restore, for people. */
export const preview = (found: RestorePreview.RestorePreview, style: Style): string => {
  const { base, transactions } = found
  return [
    `${style.bold(`would restore up to version ${found.targetVersion}`)}, about ${NumberText.seconds(found.seconds)}`,
    line("epoch endings", NumberText.counted(found.epochs, "epoch"), style),
    line(
      "begins with",
      base === null
        ? found.firstVersion === 0 ? "version 0" : `what the store holds, up to version ${found.firstVersion - 1}`
        : `the state of version ${base.version}, epoch ${base.epoch}, ${NumberText.counted(found.items, "item")}`,
      style
    ),
    line(
      "transactions",
      transactions === 0
        ? "none"
        : `${found.firstVersion} to ${found.targetVersion}, ${NumberText.count(transactions)} in all`,
      style
    ),
    line("to read", `${NumberText.counted(found.files.length, "file")} in ${found.requests} requests`, style),
    line("bytes", about(found.bytes), style),
    line("disk space", about(found.diskBytes), style),
    line("could reach", `version ${found.highestVersion}: ${found.limit}`, style)
  ].join("\n")
}
