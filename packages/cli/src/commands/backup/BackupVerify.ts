/**
 * `backup verify`: checks the backups in a storage, without node or database.
 */
import * as NumberText from "@holdfast/engine/NumberText"
import * as Retries from "@holdfast/engine/Retries"
import type * as VerifyReport from "@holdfast/engine/VerifyReport"
import * as MetricsServer from "@holdfast/observe/MetricsServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Hints from "../../exit/Hints.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as MetricsEndpoint from "../../machine/MetricsEndpoint.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"
import type { Style } from "../../terminal/Style.ts"
import * as VerifyMode from "./VerifyMode.ts"

const bound = (name: string, description: string) =>
  Flag.withDefault(name, Values.versionBound, description, undefined, "no bound")

export const backupVerify = leaf(
  "verify",
  "Check the backups in the storage against their proofs and the chain of trust",
  {
    ...Flags.trust,
    startVersion: Flag.withDefault("start-version", Values.version, "First transaction to check", 0),
    endVersion: bound("end-version", "Last transaction to check"),
    stateSnapshotBeforeVersion: bound(
      "state-snapshot-before-version",
      "Check the newest state snapshot at or before this version"
    ),
    allSnapshots: Flag.toggle("all-snapshots", "Check every state snapshot, not only the newest"),
    skipEpochEndings: Flag.toggle("skip-epoch-endings", "Do not check the chain of trust"),
    strict: Flag.toggle("strict", "Fail if anything could not be checked"),
    concurrentDownloads: Flags.concurrentDownloads,
    maxRecordSize: Flags.maxRecordSize,
    retries: Flags.readRetries,
    ...VerifyMode.flags,
    ...Flags.storage,
    metricsAddress: Flags.metricsAddress
  },
  ({ maxRecordSize, retries, ...flags }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
      const tell = (each: VerifyReport.VerifyReport) => output.say((style) => report(each, style))
      const found = yield* VerifyMode.verify({ ...flags, maxRecordBytes: maxRecordSize }, flags, tell)
      yield* output.result({
        json: { ...found, errors: found.errors.map((each) => ({ ...each, message: Hints.messageOf(each) })) },
        text: (style) => report(found, style)
      })
    }).pipe(
      Effect.provideService(Retries.Reading, { ...Retries.standard, retries }),
      Effect.provide(
        Storage.layer(flags, flags.concurrentDownloads).pipe(
          Layer.provide(MetricsEndpoint.layer(flags.metricsAddress, MetricsServer.alwaysReady))
        )
      )
    )
)

/** The report for people. */
export const report = (found: VerifyReport.VerifyReport, style: Style): string => {
  const { errors, notes, unverified } = found
  const verdict = found.ok
    ? unverified.length === 0
      ? style.good("valid")
      : `${style.good("valid")}, ${style.warn("but not all was verified")}`
    : style.bad(errors.length === 1 ? "INVALID: 1 error" : `INVALID: ${errors.length} errors`)
  return [
    `${style.bold(verdict)}  ${style.dim(`(${NumberText.seconds(found.seconds)})`)}`,
    ...findings(found).map(([name, what]) => `  ${style.dim(name.padEnd(15))} ${what}`),
    ...errors.map((fault) => `${style.bad("error")}  ${Hints.messageOf(fault)}`),
    ...unverified.filter(({ what }) => !errors.some(({ file }) => file === what)).map(({ what, why }) =>
      `${style.warn("not verified")}  ${what}: ${why}`
    ),
    ...notes.map((note) => `${style.accent("note")}  ${note}`)
  ].join("\n")
}

/** What was verified, by name. */
export const findings = (found: VerifyReport.VerifyReport): ReadonlyArray<readonly [name: string, what: string]> => {
  const { epochEndings, stateSnapshots, transactions, trust } = found
  return [
    ["root of trust", trust],
    [
      "epoch endings",
      epochEndings === null
        ? "none verified"
        : `${epochEndings.firstEpoch} to ${epochEndings.lastEpoch}, up to version ${epochEndings.lastVersion}`
    ],
    ...(stateSnapshots.length === 0 ?
      [["state snapshot", "none verified"] as const] :
      stateSnapshots.map((snapshot) =>
        [
          "state snapshot",
          `epoch ${snapshot.epoch}, version ${snapshot.version}, ${NumberText.counted(snapshot.items, "item")}`
        ] as const
      )),
    [
      "transactions",
      transactions === null
        ? "none verified"
        : `${transactions.firstVersion} to ${transactions.lastVersion}, ${NumberText.count(transactions.count)} in all`
    ]
  ]
}
