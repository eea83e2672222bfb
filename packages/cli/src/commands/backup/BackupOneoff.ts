/**
 * `backup oneoff …`: takes one backup.
 */
import * as Client from "@holdfast/backup-service/Client"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import type * as Metadata from "@holdfast/engine/Metadata"
import * as NumberText from "@holdfast/engine/NumberText"
import type * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as MetricsServer from "@holdfast/observe/MetricsServer"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { UsageError } from "../../exit/CliError.ts"
import { group, leaf, type ValuesOf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as MetadataFolder from "../../machine/MetadataFolder.ts"
import * as MetricsEndpoint from "../../machine/MetricsEndpoint.ts"
import * as Storage from "../../machine/Storage.ts"
import * as InterruptionReport from "../../terminal/InterruptionReport.ts"
import * as Output from "../../terminal/Output.ts"
import * as BackupFlags from "./BackupFlags.ts"

const common = {
  ...Flags.storage,
  ...Flags.node,
  ...Flags.backup,
  metricsAddress: Flags.metricsAddress
}

/** Takes a backup with the node, the storage and the settings of the flags, and reports the result. */
const takeWith = (flags: ValuesOf<typeof common>, take: (settings: Settings.BackupSettings) => BackupResult.Backup) =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    yield* BackupFlags.expectAdoptable(flags)
    const result = yield* take(BackupFlags.settings(flags)).pipe(
      InterruptionReport.whenInterrupted(InterruptionReport.ofBackup)
    )
    yield* Output.result(report(result, ((yield* Clock.currentTimeMillis) - started) / 1000))
  }).pipe(
    Effect.provide(
      Layer.mergeAll(
        Storage.layer(flags, BackupFlags.filesPerChunk * flags.concurrentWrites),
        Client.layer({ address: flags.backupServiceAddress }),
        MetadataFolder.journal(flags, true)
      ).pipe(Layer.provide(MetricsEndpoint.layer(flags.metricsAddress, MetricsServer.alwaysReady)))
    )
  )

/** The range of an entry, in words and by the field names of the JSON document. */
const rangeOf = (entry: Metadata.Entry): { readonly unit: string; readonly what: string; readonly range: object } => {
  switch (entry._tag) {
    case "EpochEndingBackup": {
      const { firstEpoch, lastEpoch } = entry.value
      return { unit: "epochs", what: `epoch endings ${firstEpoch} to ${lastEpoch}`, range: { firstEpoch, lastEpoch } }
    }
    case "StateSnapshotBackup": {
      const { epoch, version } = entry.value
      return { unit: "items", what: `state snapshot of epoch ${epoch}, version ${version}`, range: { epoch, version } }
    }
    case "TransactionBackup": {
      const { firstVersion, lastVersion } = entry.value
      const what = `transactions ${firstVersion} to ${lastVersion}`
      return { unit: "transactions", what, range: { firstVersion, lastVersion } }
    }
    case "CompactionTimestamps":
    case "Identity":
      return { unit: "records", what: "metadata", range: {} }
  }
}

/** A line about reused chunks, where there are any. */
const earlier = ({ adopted, resumed }: BackupResult.ReusedChunks): ReadonlyArray<string> => {
  if (resumed + adopted === 0) return []
  const parts = `${NumberText.count(resumed)} resumed, ${NumberText.count(adopted)} adopted`
  return [`  reused    ${NumberText.counted(resumed + adopted, "chunk")} of earlier attempts: ${parts}`]
}

/** The result of `backup oneoff`. */
export const report = (result: BackupResult.BackupResult, seconds: number): Output.Result => {
  const { bytes, chunks, entry, listed, manifest, metadata, records, reused } = result
  const { range, unit, what } = rangeOf(entry)
  return {
    json: {
      ok: true,
      manifest,
      metadata,
      ...(listed === manifest ? {} : { listedManifest: listed }),
      ...range,
      chunks,
      ...(reused.resumed > 0 ? { resumedChunks: reused.resumed } : {}),
      ...(reused.adopted > 0 ? { adoptedChunks: reused.adopted } : {}),
      [unit]: records,
      bytes,
      seconds
    },
    text: (style) =>
      [
        `${style.good("backed up")} ${style.bold(what)}`,
        `  ${NumberText.count(records)} ${unit}, ${NumberText.bytes(bytes)} in ${
          NumberText.counted(chunks, "chunk")
        }, ${NumberText.seconds(seconds)}`,
        ...earlier(reused),
        `  manifest  ${manifest}`,
        `  metadata  ${metadata}`,
        ...(listed === manifest ? [] : [style.warn(`  lists     ${listed}, an earlier backup that the storage keeps`)])
      ].join("\n")
  }
}

const epochEnding = leaf(
  "epoch-ending",
  "Back up epoch endings, the chain of trust",
  {
    startEpoch: Flag.required("start-epoch", Values.epoch, "First epoch to back up"),
    endEpoch: Flag.required("end-epoch", Values.epoch, "Epoch after the last one to back up"),
    ...common
  },
  ({ endEpoch, startEpoch, ...flags }) =>
    endEpoch <= startEpoch
      ? new UsageError({
        detail: `--end-epoch ${endEpoch}: it is the epoch after the last one, so at least ${startEpoch + 1}`
      })
      : takeWith(flags, (settings) =>
        EpochEndingBackup.take({ firstEpoch: startEpoch, lastEpoch: endEpoch - 1, settings }))
)

const stateSnapshot = leaf(
  "state-snapshot",
  "Back up the state at the end of an epoch",
  {
    stateSnapshotEpoch: Flag.required(
      "state-snapshot-epoch",
      Values.epoch,
      "Closed epoch at whose end to take the state"
    ),
    adopt: Flags.adopt,
    ...common
  },
  ({ stateSnapshotEpoch: epoch, ...flags }) =>
    takeWith(flags, (settings) => StateSnapshotBackup.take({ epoch, settings }))
)

const transaction = leaf(
  "transaction",
  "Back up transactions with their outcomes",
  {
    startVersion: Flag.required("start-version", Values.version, "Version of the first transaction to back up"),
    count: Flag.required("num_transactions", Values.count, "Number of transactions to back up"),
    adopt: Flags.adopt,
    ...common
  },
  ({ count, startVersion: firstVersion, ...flags }) =>
    count - 1 > Number.MAX_SAFE_INTEGER - firstVersion
      ? new UsageError({
        detail: `--num_transactions ${count}: there are no versions beyond ${Number.MAX_SAFE_INTEGER}`
      })
      : takeWith(
        flags,
        (settings) => TransactionBackup.take({ firstVersion, lastVersion: firstVersion + (count - 1), settings })
      )
)

/** Today's tool takes the early flags before the kind of backup. */
export const backupOneoff = group("oneoff", "Take one backup", [epochEnding, stateSnapshot, transaction], [
  ...Object.values(Flags.limits),
  Flags.node.backupServiceAddress
])
