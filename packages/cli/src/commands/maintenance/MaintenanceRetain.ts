/**
 * `backup-maintenance retain`: plans by a policy which backups to delete, and deletes them on demand.
 */
import * as CompactionPlan from "@holdfast/engine/CompactionPlan"
import * as Metadata from "@holdfast/engine/Metadata"
import * as NumberText from "@holdfast/engine/NumberText"
import * as Ranges from "@holdfast/engine/Ranges"
import * as Retention from "@holdfast/engine/Retention"
import type * as RetentionPlan from "@holdfast/engine/RetentionPlan"
import * as Retries from "@holdfast/engine/Retries"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"
import type { Style } from "../../terminal/Style.ts"
import { wrap } from "../../terminal/Wrap.ts"

export const maintenanceRetain = leaf(
  "retain",
  "Plan which backups to delete so that the rest can be restored; delete them with --delete",
  {
    keepSnapshots: Flag.required("keep-snapshots", Values.count, "Newest restorable state snapshots to keep"),
    keepEvery: Flag.optional(
      "keep-every",
      Values.integer("EPOCHS", 1),
      "Also keep the first state snapshot of every so many epochs"
    ),
    keepHistorySince: Flag.optional(
      "keep-history-since",
      Values.version,
      "First version whose transactions to keep (default all)"
    ),
    delete: Flag.toggle("delete", "Carry out the plan; without --delete nothing is changed"),
    concurrentDownloads: Flags.concurrentDownloads,
    ...Flags.storage
  },
  ({ concurrentDownloads, delete: isToDelete, keepEvery, keepHistorySince, keepSnapshots, ...flags }) =>
    Effect.gen(function*() {
      const started = yield* Clock.currentTimeMillis
      const result = yield* Retention.retain({
        policy: {
          keepSnapshots,
          keepEvery: Option.getOrUndefined(keepEvery),
          keepHistorySince: Option.getOrUndefined(keepHistorySince)
        },
        delete: isToDelete,
        concurrency: concurrentDownloads,
        retries: Retries.standard
      })
      const { bytes, deleted, files, plan, unfinished } = result
      const told = ({ entry, why }: RetentionPlan.Verdict) => ({ ...Metadata.toJson(entry), why })
      yield* Output.result({
        json: {
          ok: true,
          keep: plan.verdicts.filter(({ kept }) => kept).map(told),
          remove: plan.verdicts.filter(({ kept }) => !kept).map(told),
          unfinished,
          files,
          bytes: bytes ?? null,
          deleted,
          notes: plan.notes,
          seconds: ((yield* Clock.currentTimeMillis) - started) / 1000
        },
        text: (style) => report(result, style)
      })
    }).pipe(Effect.provide(Storage.layer(flags, concurrentDownloads)))
)

const report = ({ bytes, deleted, files, plan, unfinished }: Retention.RetentionResult, style: Style): string => {
  const size = bytes === undefined ? "" : `, ${NumberText.bytes(bytes)}`
  const what = `${NumberText.counted(files, "file")}${size}`
  return [
    files === 0
      ? style.good("nothing to delete")
      : deleted > 0
      ? `${style.good("deleted")} ${style.bold(what)}`
      : `${style.bold(`${what} to delete`)} ${style.dim("(nothing was deleted: add --delete)")}`,
    ...groups(plan.verdicts.filter(({ kept }) => !kept), style.warn("delete"), style),
    ...groups(plan.verdicts.filter(({ kept }) => kept), style.good("keep  "), style),
    ...(unfinished > 0
      ? [
        `  ${style.warn("delete")}  ${NumberText.counted(unfinished, "backup")} that an earlier run left half deleted`
      ]
      : []),
    ...plan.notes.map((note) => `${style.accent("note")}  ${note}`)
  ].join("\n")
}

const units = {
  EpochEndingBackup: "epoch ending",
  StateSnapshotBackup: "state snapshot",
  TransactionBackup: "transaction"
} as const

/** Verdicts of one kind and one reason, as one line with joined ranges. */
const groups = (verdicts: ReadonlyArray<RetentionPlan.Verdict>, fate: string, style: Style): ReadonlyArray<string> => {
  const grouped: Array<
    { readonly kind: Metadata.BackupEntry["_tag"]; readonly why: string; parts: Array<Ranges.Range> }
  > = []
  for (const { entry, why } of verdicts) {
    const [first, last] = CompactionPlan.rangeOf(entry)
    const same = grouped.find((group) => group.kind === entry._tag && group.why === why)
    if (same === undefined) grouped.push({ kind: entry._tag, why, parts: [{ first, last }] })
    else same.parts.push({ first, last })
  }
  return grouped.flatMap(({ kind, parts, why }) => {
    const ranges = kind === "StateSnapshotBackup"
      ? `of epoch${parts.length > 1 ? "s" : ""} ${parts.map(({ first }) => first).join(", ")}`
      : Ranges.join(parts).map(({ first, last }) => `${first} to ${last}`).join(", ")
    const unit = kind === "StateSnapshotBackup" && parts.length === 1 ? units[kind] : `${units[kind]}s`
    const [head = "", ...rest] = wrap(`${unit} ${ranges}: ${why}`, 8)
    return [`  ${fate}  ${head.trimStart()}`, ...rest.map((line) => style.dim(line))]
  })
}
